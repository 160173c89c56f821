// The figures behind the grain: which bars, how wide, in which tone. Pure; every width is a real share.

export type Tone = "plan" | "made" | "rest" | "mend" | "bad" | "left" | "deep" | "mid" | "pale";

export interface Bar {
  readonly weight: number;
  readonly tone: Tone;
  /** For the bar being written: the share of it that is there, 0 to 1. */
  readonly written?: number;
}

export interface GrainFile {
  readonly path: string;
  readonly weight: number;
  readonly status?: "complete" | "truncated" | "invalid" | undefined;
}

export interface Rect {
  readonly key: string;
  readonly tone: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A settled grain: source deep, view and data in the middle, style, test and text pale. */
export function settledBars(files: readonly GrainFile[]): Bar[] {
  return files.map((file) => ({
    weight: file.weight,
    tone: file.status && file.status !== "complete" ? "bad" : roleTone(file.path),
  }));
}

/** Stopped or failed: what was written stays, dark; a file cut off shows where. */
export function leftBars(files: readonly (GrainFile & { closed: boolean })[], failed: boolean): Bar[] {
  const bars: Bar[] = files.map((file) => ({ weight: file.weight, tone: failed && !file.closed ? "bad" : "left" }));
  const total = sum(files);
  return [...bars, { weight: Math.max(total * 0.25, 1), tone: "plan" }];
}

/** Being made: files so far in copper; the rest of the work, by the server's own progress figure, in grey. */
export function makingBars(
  files: readonly (GrainFile & { closed: boolean })[],
  progress: number,
  checking: boolean,
): Bar[] {
  const bars: Bar[] = files.map((file) => ({
    weight: file.weight,
    tone: "made",
    ...(file.closed || checking ? {} : { written: 1 }),
  }));
  if (checking) return bars;
  const done = Math.min(Math.max(progress, 4), 99);
  const rest = (sum(files) * (100 - done)) / done;
  return [...bars, { weight: rest, tone: "plan" }];
}

export function layoutBars(bars: readonly Bar[], width: number): Rect[] {
  if (bars.length === 0) return [];
  const gap = bars.length > 1 ? Math.min(3, width / 48, width / (bars.length * 3)) : 0;
  const space = width - gap * (bars.length - 1);
  const least = Math.min(space / bars.length, width / 60);
  const weights = bars.map((bar) => Math.max(bar.weight, 0));
  const total = weights.reduce((all, weight) => all + weight, 0) || 1;
  const raw = weights.map((weight) => Math.max((weight / total) * space, least));
  const scale = space / raw.reduce((all, size) => all + size, 0);
  const rects: Rect[] = [];
  let x = 0;
  bars.forEach((bar, index) => {
    const size = (raw[index] ?? 0) * scale;
    const rect = (tone: string, from: number, wide: number, y = 0, height = 6): Rect => ({
      // What is still to come is never the same bar as what has come: it must not fade into copper.
      key: tone === "plan" ? "rest" : `${index}-${tone === "tip" ? "tip" : "bar"}`,
      tone: tone === "mid" ? "" : tone,
      x: round(from),
      y,
      width: round(wide),
      height,
    });
    rects.push(rect(bar.tone, x, size));
    if (bar.written !== undefined) rects.push(rect("tip", x + size * bar.written - 1, 2, -2, 10));
    x += size + gap;
  });
  return rects;
}

function roleTone(path: string): Tone {
  if (/(\.test\.|\.spec\.|_test\.|\btests?\/|\.css$|\.scss$|\.md$|\.txt$|\.lock$|\.gitignore$)/.test(path))
    return "pale";
  if (/\.(tsx|jsx|html|json|ya?ml|toml|sql|csv|svg)$/.test(path)) return "mid";
  return "deep";
}

function sum(files: readonly GrainFile[]): number {
  return files.reduce((all, file) => all + file.weight, 0);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

// Reads prose and files out of a model's Markdown while it is still being written. Pure and incremental:
// each call takes the state so far and the next piece of text, and only looks at the new lines.
// A file is a fenced block whose info string is `LANGUAGE path=REL/PATH`; its fence is longer than any inside it.

export interface ProseSegment {
  readonly type: "prose";
  readonly text: string;
}

export interface FileSegment {
  readonly type: "file";
  readonly path: string;
  readonly language: string;
  readonly content: string;
  readonly lines: number;
  /** The closing fence has come. */
  readonly closed: boolean;
}

export type Segment = ProseSegment | FileSegment;

export interface ArtifactFile extends Omit<FileSegment, "type"> {}

export interface ParseState {
  /** All text given so far, to tell growth from change. */
  readonly text: string;
  readonly segments: readonly Segment[];
  /** The fence that is open, if any. `path` is null for a block of prose, such as a shell example. */
  readonly fence: Fence | null;
  /** The last line, not yet ended by a line break. */
  readonly tail: string;
}

interface Fence {
  readonly mark: string;
  readonly length: number;
  readonly isFile: boolean;
}

export const emptyParse: ParseState = { text: "", segments: [], fence: null, tail: "" };

const OPENING = /^ {0,3}(`{3,}|~{3,})[ \t]*(.*)$/;
const PATH = /(?:^|\s)path=(?:"([^"]+)"|'([^']+)'|(\S+))/;

/** The state for `text`: carried on when `text` begins with what was read before, else read anew. */
export function parseArtifact(state: ParseState, text: string): ParseState {
  if (text === state.text) return state;
  if (!text.startsWith(state.text)) return advance(emptyParse, text);
  // The text itself is kept, not the same text joined anew: the engine then compares the two at no cost of joining.
  return { ...advance(state, text.slice(state.text.length)), text };
}

export function advance(state: ParseState, added: string): ParseState {
  const segments = [...state.segments];
  let fence = state.fence;
  const buffer = state.tail + added;
  let from = 0;
  for (let end = buffer.indexOf("\n", from); end >= 0; end = buffer.indexOf("\n", from)) {
    fence = takeLine(segments, fence, buffer.slice(from, end + 1));
    from = end + 1;
  }
  return { text: state.text + added, segments, fence, tail: buffer.slice(from) };
}

/** The segments with the unfinished last line in its place; what may be half a fence is held back until it is known. */
export function segmentsOf(state: ParseState, ended: boolean): readonly Segment[] {
  if (state.tail === "") return state.segments;
  const segments = [...state.segments];
  if (ended) takeLine(segments, state.fence, state.tail);
  else if (!mayBecomeFence(state.tail, state.fence)) append(segments, state.fence, state.tail);
  return segments;
}

/** The files in order, one per path: a path written again replaces the earlier text. */
export function filesOf(segments: readonly Segment[]): ArtifactFile[] {
  const byPath = new Map<string, ArtifactFile>();
  for (const segment of segments) {
    if (segment.type === "file") byPath.set(segment.path, segment);
  }
  return [...byPath.values()];
}

export function proseBefore(segments: readonly Segment[]): string {
  const first = segments.findIndex((segment) => segment.type === "file");
  return proseText(first < 0 ? segments : segments.slice(0, first));
}

export function proseAfter(segments: readonly Segment[]): string {
  const first = segments.findIndex((segment) => segment.type === "file");
  return first < 0 ? "" : proseText(segments.slice(first));
}

function proseText(segments: readonly Segment[]): string {
  return segments
    .map((segment) => (segment.type === "prose" ? segment.text : ""))
    .join("")
    .trim();
}

function takeLine(segments: Segment[], fence: Fence | null, line: string): Fence | null {
  const bare = line.replace(/\r?\n$/, "");
  if (fence) {
    if (!closes(bare, fence)) {
      append(segments, fence, line);
      return fence;
    }
    if (fence.isFile) closeLast(segments);
    else append(segments, fence, line);
    return null;
  }
  const opened = OPENING.exec(bare);
  const mark = opened?.[1];
  const info = opened?.[2]?.trim() ?? "";
  // An info string after backticks holds no backtick: that is a code span, as in CommonMark.
  if (!mark || (mark.startsWith("`") && info.includes("`"))) {
    append(segments, null, line);
    return null;
  }
  const path = PATH.exec(info);
  const name = path?.[1] ?? path?.[2] ?? path?.[3];
  const next: Fence = { mark: mark.charAt(0), length: mark.length, isFile: name !== undefined };
  if (name === undefined) {
    append(segments, next, line);
  } else {
    const language = info.startsWith("path=") ? "" : (info.split(/\s/, 1)[0] ?? "");
    segments.push({ type: "file", path: name, language, content: "", lines: 0, closed: false });
  }
  return next;
}

function append(segments: Segment[], fence: Fence | null, line: string): void {
  const last = segments.at(-1);
  if (fence?.isFile) {
    if (last?.type !== "file") return;
    segments[segments.length - 1] = { ...last, content: last.content + line, lines: last.lines + 1 };
  } else if (last?.type === "prose") {
    segments[segments.length - 1] = { type: "prose", text: last.text + line };
  } else {
    segments.push({ type: "prose", text: line });
  }
}

function closeLast(segments: Segment[]): void {
  const last = segments.at(-1);
  if (last?.type === "file") segments[segments.length - 1] = { ...last, closed: true };
}

function closes(line: string, fence: Fence): boolean {
  const found = /^ {0,3}(`+|~+)[ \t]*$/.exec(line)?.[1];
  return found?.startsWith(fence.mark) === true && found.length >= fence.length;
}

function mayBecomeFence(tail: string, fence: Fence | null): boolean {
  if (fence) return /^ {0,3}(`*|~*)[ \t]*\r?$/.test(tail) && /[`~]/.test(tail);
  return /^ {0,3}(`{1,2}$|`{3,}[^`]*$|~{1,2}$|~{3,})/.test(tail);
}

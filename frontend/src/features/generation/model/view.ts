// What the screen shows of a generation, from what REST says and what the stream says. Pure, but for a small cache of parses.
import type { FileInfo, Generation, GenerationStatus, Metadata, ProgressStatus } from "@/api/types";
import { type Bar, leftBars, makingBars, settledBars } from "@/components/ui/grain-bars";
import { count, duration } from "@/lib/words";
import {
  emptyParse,
  filesOf,
  type ParseState,
  parseArtifact,
  proseAfter,
  proseBefore,
  segmentsOf,
} from "./parse-artifact";
import { hasEnded, type Stream, shownText } from "./reduce-events";

export type Phase = "waiting" | "understanding" | "writing" | "checking" | "mending" | "ready" | "failed" | "stopped";

export interface ViewFile {
  readonly path: string;
  readonly language: string;
  /** Null when only the server has it: it was not a fenced block of the usual form. */
  readonly content: string | null;
  readonly lines: number;
  readonly closed: boolean;
  readonly status: FileInfo["status"] | undefined;
}

export interface GenerationView {
  readonly generation: Generation;
  readonly phase: Phase;
  readonly ended: boolean;
  readonly progress: number;
  readonly attempt: number;
  readonly text: string;
  readonly before: string;
  readonly after: string;
  readonly files: readonly ViewFile[];
  readonly metadata: Metadata | null;
  readonly bars: readonly Bar[];
}

const views = new WeakMap<object, { generation: Generation; view: GenerationView }>();
const parses = new Map<string, ParseState>();
const PARSES_KEPT = 20;

/** The same two give the same view: several parts of the screen ask for it in each frame. */
export function viewOf(generation: Generation, stream: Stream | undefined): GenerationView {
  const key = stream ?? generation;
  const known = views.get(key);
  if (known?.generation === generation) return known.view;
  const view = makeView(generation, stream);
  views.set(key, { generation, view });
  return view;
}

function makeView(generation: Generation, stream: Stream | undefined): GenerationView {
  const fromStream = stream && !isOver(generation.status) ? stream : undefined;
  const status = fromStream ? fromStream.status : generation.status;
  const text = fromStream
    ? longer(shownText(fromStream), fromStream, generation.result ?? "")
    : (generation.result ?? "");
  const ended = hasEnded(status);
  const metadata = (fromStream?.metadata ?? generation.metadata) || null;
  const segments = segmentsOf(parsed(generation.id, text), ended);
  const files = ended ? settledFiles(filesOf(segments), metadata) : filesOf(segments).map(fromParse);
  const progress = fromStream ? Math.max(fromStream.progress, 0) : (generation.progress ?? 0);
  const phase = phaseOf(status, text);
  return {
    generation: fromStream?.error ? { ...generation, error: fromStream.error } : generation,
    phase,
    ended,
    progress,
    attempt: fromStream?.attempt || metadata?.attempts || 1,
    text,
    before: proseBefore(segments),
    after: proseAfter(segments),
    files,
    metadata,
    bars: barsOf(phase, files, progress),
  };
}

/** One word or two for a list, and what a screen reader hears when it changes. */
export function phaseWords(view: GenerationView): string {
  const { files, phase, metadata } = view;
  switch (phase) {
    case "waiting":
      return "Waiting";
    case "understanding":
      return "Understanding";
    case "writing": {
      const at = files.findIndex((file) => !file.closed);
      return at < 0 ? "Writing" : `Writing file ${at + 1}`;
    }
    case "checking":
      return "Checking";
    case "mending":
      return "Mending";
    case "ready":
      return metadata?.durationMs ? `Ready in ${duration(metadata.durationMs)}` : "Ready";
    case "failed":
      return "Failed";
    case "stopped":
      return "Stopped by you";
  }
}

export function announcement(view: GenerationView): string {
  if (view.phase === "ready") return `Ready. ${count(view.files.length, "file")}.`;
  if (view.phase === "writing") {
    const now = view.files.find((file) => !file.closed);
    return now ? `${phaseWords(view)}, ${baseName(now.path)}` : "Writing";
  }
  return phaseWords(view);
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function isOver(status: GenerationStatus): boolean {
  return status !== "queued" && status !== "running";
}

/** A poll over REST may be ahead of a stream that is waiting for a missing event. */
function longer(text: string, stream: Stream, result: string): string {
  return stream.attempt <= 1 && result.length > text.length && result.startsWith(text) ? result : text;
}

function phaseOf(status: GenerationStatus | ProgressStatus, text: string): Phase {
  switch (status) {
    case "queued":
      return "waiting";
    case "running":
      return text === "" ? "understanding" : "writing";
    case "streaming":
      return "writing";
    case "validating":
      return "checking";
    case "repairing":
      return "mending";
    case "completed":
      return "ready";
    case "failed":
      return "failed";
    case "cancelled":
      return "stopped";
  }
}

function parsed(id: string, text: string): ParseState {
  const state = parseArtifact(parses.get(id) ?? emptyParse, text);
  parses.delete(id);
  parses.set(id, state);
  const oldest = parses.keys().next().value;
  if (parses.size > PARSES_KEPT && oldest !== undefined) parses.delete(oldest);
  return state;
}

function fromParse(file: ReturnType<typeof filesOf>[number]): ViewFile {
  const { path, language, content, lines, closed } = file;
  return { path, language, content, lines, closed, status: undefined };
}

/** After the end the server's list rules; the text is the parsed one where there is one. */
function settledFiles(found: ReturnType<typeof filesOf>, metadata: Metadata | null): ViewFile[] {
  const listed = metadata?.files;
  if (!listed || listed.length === 0) return found.map(fromParse);
  const byPath = new Map(found.map((file) => [file.path, file]));
  return listed.map((info) => {
    const file = byPath.get(info.path);
    return {
      path: info.path,
      language: info.language ?? file?.language ?? "",
      content: file?.content ?? null,
      lines: file?.lines ?? 0,
      closed: info.status !== "truncated",
      status: info.status,
    };
  });
}

function barsOf(phase: Phase, files: readonly ViewFile[], progress: number): Bar[] {
  const sized = files.map((file) => ({
    path: file.path,
    weight: Math.max(file.lines, 1),
    closed: file.closed,
    status: file.status,
  }));
  switch (phase) {
    case "ready":
      return settledBars(sized);
    case "failed":
    case "stopped":
      return leftBars(sized, phase === "failed");
    default:
      return makingBars(sized, progress, phase === "checking" || phase === "mending");
  }
}

// Folds the events of one generation into what is known of it. Pure: no clock, no socket, no store.
// The position of an event is (attempt, seq); the rules are those of the contract's "Events".
import type { Failure, GenerationEvent, Metadata, ProgressStatus } from "@/api/types";

export type StreamStatus = ProgressStatus | "completed" | "failed" | "cancelled";

export interface Stream {
  readonly id: string;
  /** The last position seen; attempt 0 means none yet. */
  readonly attempt: number;
  readonly seq: number;
  readonly status: StreamStatus;
  readonly progress: number;
  /** The deltas of the current attempt, joined. */
  readonly text: string;
  /** The text that was there before the first event came, as read over REST. */
  readonly base: string;
  /** An event is missing: nothing more is taken until the stream has been asked for again. */
  readonly gap: boolean;
  readonly error: Failure | null;
  readonly metadata: Metadata | null;
  /** False when the last event came but some text before it did not: then the text has to be read over REST. */
  readonly whole: boolean;
}

export function newStream(id: string, base = "", status: StreamStatus = "queued", progress = 0): Stream {
  return {
    id,
    attempt: 0,
    seq: 0,
    status,
    progress,
    text: "",
    base,
    gap: false,
    error: null,
    metadata: null,
    whole: true,
  };
}

export function hasEnded(status: StreamStatus | "queued"): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/**
 * What to show. While a replay catches up with what REST had given, the longer of the two stays,
 * so that a reload never makes text shrink and grow again.
 */
export function shownText(stream: Stream): string {
  if (stream.text.length < stream.base.length && stream.base.startsWith(stream.text)) return stream.base;
  return stream.text;
}

export function reduceEvents(stream: Stream, events: readonly GenerationEvent[]): Stream {
  return events.reduce(reduceEvent, stream);
}

export function reduceEvent(stream: Stream, event: GenerationEvent): Stream {
  if (hasEnded(stream.status)) return stream;
  if (event.attempt < stream.attempt) return stream;
  return event.kind === "progress" ? onProgress(stream, event) : onEnd(stream, event);
}

function onProgress(stream: Stream, event: Extract<GenerationEvent, { kind: "progress" }>): Stream {
  const startsOver = event.seq === 1;
  const newAttempt = event.attempt > stream.attempt;
  if (startsOver || newAttempt) {
    // Text of an attempt that was given up is not kept as a base either.
    const base = newAttempt && stream.attempt > 0 ? "" : stream.base;
    const fresh: Stream = { ...stream, attempt: event.attempt, seq: 0, text: "", base, progress: 0, gap: false };
    return startsOver ? apply(fresh, event) : { ...fresh, gap: true };
  }
  if (event.seq <= stream.seq) return stream;
  if (event.seq > stream.seq + 1) return stream.gap ? stream : { ...stream, gap: true };
  return apply(stream.gap ? { ...stream, gap: false } : stream, event);
}

function apply(stream: Stream, event: Extract<GenerationEvent, { kind: "progress" }>): Stream {
  return {
    ...stream,
    seq: event.seq,
    status: event.status ?? stream.status,
    progress: Math.max(stream.progress, event.progress ?? 0),
    text: event.delta ? stream.text + event.delta : stream.text,
  };
}

function onEnd(stream: Stream, event: Exclude<GenerationEvent, { kind: "progress" }>): Stream {
  const whole = event.attempt === stream.attempt && event.seq === stream.seq + 1;
  const ended = { ...stream, attempt: event.attempt, seq: event.seq, gap: false, base: "" };
  switch (event.kind) {
    case "complete":
      return {
        ...ended,
        status: "completed",
        progress: 100,
        text: event.result,
        metadata: event.metadata,
        whole: true,
      };
    case "failed":
      return { ...ended, status: "failed", text: shownText(stream), error: event.error, whole };
    case "cancelled":
      return { ...ended, status: "cancelled", text: shownText(stream), whole };
  }
}

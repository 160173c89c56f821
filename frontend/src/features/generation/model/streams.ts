// The live streams of this tab: takes events from the socket, folds them once per frame, asks again for what is missing.
// Not a cache of server state: once a generation has ended, the query cache holds it.
import { create } from "zustand";
import { keys } from "@/api/keys";
import type {
  CancelledEvent,
  CompleteEvent,
  FailedEvent,
  Generation,
  GenerationEvent,
  ProgressEvent,
  StartedEvent,
} from "@/api/types";
import { queryClient } from "@/lib/query";
import { connectionEpoch, isConnected, onConnected, onSocketEvent, request, SocketError } from "@/lib/socket";
import { hasEnded, newStream, reduceEvents, type Stream } from "./reduce-events";

const KEPT = 40;
const SILENCE_MS = 20_000;

export const useStreams = create<{ streams: Readonly<Record<string, Stream>> }>(() => ({ streams: {} }));

const pending = new Map<string, GenerationEvent[]>();
/** On which connection the server was told, or told us unasked, that we follow this generation. */
const followedOn = new Map<string, number>();
const asking = new Set<string>();
const lastHeard = new Map<string, number>();
let scheduled = false;

/** Starts to listen; the returned function stops it and forgets every stream (at sign-out). */
export function bindStreams(): () => void {
  const take = (event: GenerationEvent) => {
    lastHeard.set(event.generationId, Date.now());
    // Progress from the very start came unasked: this connection is followed already.
    if (event.kind === "progress" && event.seq === 1) followedOn.set(event.generationId, connectionEpoch());
    const queue = pending.get(event.generationId);
    if (queue) queue.push(event);
    else pending.set(event.generationId, [event]);
    schedule();
  };
  const off = [
    onSocketEvent<ProgressEvent>("generation_progress", (event) => take({ kind: "progress", ...event })),
    onSocketEvent<CompleteEvent>("generation_complete", (event) => take({ kind: "complete", ...event })),
    onSocketEvent<FailedEvent>("generation_failed", (event) => take({ kind: "failed", ...event })),
    onSocketEvent<CancelledEvent>("generation_cancelled", (event) => take({ kind: "cancelled", ...event })),
    onSocketEvent<StartedEvent>("generation_started", () => refreshLists()),
    onSocketEvent<{ generationId?: string }>("resync_required", (event) => {
      for (const id of event.generationId ? [event.generationId] : live()) void subscribe(id, true);
    }),
    onConnected(() => {
      for (const id of live()) void subscribe(id);
    }),
  ];
  const watchdog = setInterval(() => {
    for (const id of live()) {
      const silent = Date.now() - (lastHeard.get(id) ?? 0) > SILENCE_MS;
      if (silent || followedOn.get(id) !== connectionEpoch()) void subscribe(id, silent);
    }
  }, 5_000);
  return () => {
    clearInterval(watchdog);
    for (const stop of off) stop();
    pending.clear();
    followedOn.clear();
    asking.clear();
    lastHeard.clear();
    useStreams.setState({ streams: {} });
  };
}

/** Follows a generation that was read over REST and has not ended. Safe to call again. */
export function watchGeneration(generation: Generation): void {
  const { streams } = useStreams.getState();
  if (!streams[generation.id]) {
    const status = generation.status === "queued" ? "queued" : "running";
    const stream = newStream(generation.id, generation.result ?? "", status, generation.progress ?? 0);
    useStreams.setState({ streams: { ...streams, [generation.id]: stream } });
    lastHeard.set(generation.id, Date.now());
  }
  if (followedOn.get(generation.id) !== connectionEpoch()) void subscribe(generation.id);
}

/** A generation that this tab has just started: its events come unasked on this connection. */
export function followStarted(id: string, firstTry: boolean): void {
  const { streams } = useStreams.getState();
  if (!streams[id]) useStreams.setState({ streams: { ...streams, [id]: newStream(id) } });
  lastHeard.set(id, Date.now());
  if (firstTry) followedOn.set(id, connectionEpoch());
}

function live(): string[] {
  return Object.values(useStreams.getState().streams)
    .filter((stream) => !hasEnded(stream.status))
    .map((stream) => stream.id);
}

async function subscribe(id: string, again = false): Promise<void> {
  if (!isConnected() || asking.has(id)) return;
  const epoch = connectionEpoch();
  if (!again && followedOn.get(id) === epoch) return;
  flush();
  const stream = useStreams.getState().streams[id];
  if (!stream || hasEnded(stream.status)) return;
  asking.add(id);
  try {
    const position = stream.attempt > 0 && stream.seq > 0 ? { attempt: stream.attempt, lastSeq: stream.seq } : {};
    lastHeard.set(id, Date.now());
    await request("subscribe_generation", { generationId: id, ...position });
    followedOn.set(id, epoch);
  } catch (error) {
    // Gone or not ours: REST says what it is. Anything else is tried again by the watchdog.
    if (error instanceof SocketError && error.code === "not_found") {
      void queryClient.invalidateQueries({ queryKey: keys.generation(id) });
    }
  } finally {
    asking.delete(id);
  }
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  // A hidden tab gets no frames, and needs none.
  if (document.hidden) setTimeout(flush, 250);
  else requestAnimationFrame(flush);
}

function flush(): void {
  scheduled = false;
  if (pending.size === 0) return;
  const before = useStreams.getState().streams;
  const after: Record<string, Stream> = { ...before };
  const ended: Stream[] = [];
  const broken: string[] = [];
  for (const [id, events] of pending) {
    const old = before[id] ?? newStream(id);
    const next = reduceEvents(old, events);
    after[id] = next;
    if (hasEnded(next.status) && !hasEnded(old.status)) ended.push(next);
    if (next.gap && !old.gap) broken.push(id);
  }
  pending.clear();
  useStreams.setState({ streams: bounded(after) });
  for (const id of broken) void subscribe(id, true);
  for (const stream of ended) settle(stream);
}

/** Hands an ended stream over to the query cache, at once where all of it is known, and reads it anew. */
function settle(stream: Stream): void {
  const key = keys.generation(stream.id);
  queryClient.setQueryData<Generation>(key, (known) => {
    if (!known || !stream.whole || !hasEnded(stream.status)) return known;
    return {
      ...known,
      status: stream.status as Generation["status"],
      progress: stream.progress,
      result: stream.text,
      error: stream.error,
      metadata: stream.metadata ?? known.metadata ?? null,
    };
  });
  void queryClient.invalidateQueries({ queryKey: key });
  refreshLists();
}

function refreshLists(): void {
  void queryClient.invalidateQueries({ queryKey: keys.history });
}

function bounded(streams: Record<string, Stream>): Record<string, Stream> {
  const ids = Object.keys(streams);
  if (ids.length <= KEPT) return streams;
  const drop = ids.filter((id) => hasEnded(streams[id]?.status ?? "queued")).slice(0, ids.length - KEPT);
  for (const id of drop) delete streams[id];
  return streams;
}

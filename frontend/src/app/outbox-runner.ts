// Sends waiting prompts as soon as there is a connection and their conversation is free. One try at a time for each.

import { blankGeneration } from "@/api/blank";
import { keys } from "@/api/keys";
import type { Generation, GenerationSummary } from "@/api/types";
import {
  nextToSend,
  type OutgoingPrompt,
  removeFromOutbox,
  updateInOutbox,
  useOutbox,
} from "@/features/conversation/model/outbox";
import { isEnded, roomGenerationsQuery, startGeneration } from "@/features/generation/api/generations";
import { hasEnded } from "@/features/generation/model/reduce-events";
import { followStarted, useStreams } from "@/features/generation/model/streams";
import { queryClient } from "@/lib/query";
import { isConnected, onConnected, SocketError, useConnection } from "@/lib/socket";

const TRY_AGAIN_MS = 3_000;

export function runOutbox(): () => void {
  const busy = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  const look = () => {
    if (stopped || !isConnected()) return;
    for (const item of nextToSend(useOutbox.getState().waiting)) {
      if (busy.has(item.clientId)) continue;
      busy.add(item.clientId);
      void send(item)
        .catch(() => false)
        .then((done) => {
          busy.delete(item.clientId);
          if (done) return;
          clearTimeout(timer);
          timer = setTimeout(look, TRY_AGAIN_MS);
        });
    }
  };
  const stops = [
    onConnected(look),
    useConnection.subscribe(look),
    useOutbox.subscribe(look),
    // A queued prompt goes when the one before it has ended.
    useStreams.subscribe((now, before) => {
      const ended = Object.values(now.streams).some(
        (stream) => hasEnded(stream.status) && !hasEnded(before.streams[stream.id]?.status ?? "queued"),
      );
      if (ended) setTimeout(look, 0);
    }),
  ];
  look();
  return () => {
    stopped = true;
    clearTimeout(timer);
    for (const stop of stops) stop();
  };
}

/** True when there is nothing more to do for it: the server has it, or has refused it. */
async function send(item: OutgoingPrompt): Promise<boolean> {
  const before = await queryClient.fetchQuery({ ...roomGenerationsQuery(item.roomId), staleTime: 0 });
  const last = before.at(-1);
  if (last && isRunning(last)) return false;
  updateInOutbox(item.clientId, { tries: item.tries + 1 });
  let id: string;
  try {
    id = await startGeneration({
      prompt: item.prompt,
      type: item.type,
      roomId: item.roomId,
      clientId: item.clientId,
      ...(last ? { parentId: last.id } : {}),
    });
  } catch (error) {
    if (error instanceof SocketError && error.code !== "disconnected" && error.code !== "timeout") {
      updateInOutbox(item.clientId, { refused: error.message });
      return true;
    }
    throw error;
  }
  followStarted(id, item.tries === 0);
  showAtOnce(item, id, last?.id ?? null);
  removeFromOutbox(item.clientId);
  void queryClient.invalidateQueries({ queryKey: keys.history });
  void queryClient.invalidateQueries({ queryKey: keys.generation(id) });
  return true;
}

function isRunning(generation: GenerationSummary): boolean {
  const stream = useStreams.getState().streams[generation.id];
  return !isEnded(generation) && !(stream && hasEnded(stream.status));
}

/** The turn is on the screen before the server's list has it. */
function showAtOnce(item: OutgoingPrompt, id: string, parentId: string | null): void {
  const generation = blankGeneration({ id, type: item.type, prompt: item.prompt, parentId, roomId: item.roomId });
  queryClient.setQueryData<Generation>(keys.generation(id), (known) => known ?? generation);
  queryClient.setQueryData<GenerationSummary[]>(keys.room(item.roomId), (known = []) =>
    known.some((other) => other.id === id) ? known : [...known, generation],
  );
}

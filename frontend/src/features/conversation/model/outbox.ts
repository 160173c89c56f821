// Prompts on their way to the server. A prompt stays here, also over a reload, until the server has given it an id;
// its clientId makes sure that sending it again never starts a second generation. Who sends is app/outbox-runner.
import { create } from "zustand";
import type { Kind } from "@/api/types";
import { newClientId } from "@/lib/ids";
import { load, save } from "@/lib/storage";

export interface OutgoingPrompt {
  readonly clientId: string;
  readonly roomId: string;
  readonly prompt: string;
  readonly type: Kind;
  readonly tries: number;
  /** Set when the server refused it: then it waits for the user. */
  readonly refused?: string | undefined;
}

interface Outbox {
  userId: string | null;
  waiting: readonly OutgoingPrompt[];
}

export const useOutbox = create<Outbox>(() => ({ userId: null, waiting: [] }));

const storageKey = (userId: string) => `aether.outbox.${userId}`;

/** Opens the outbox of a user, with what an earlier page could not send. Null closes it. */
export function openOutbox(userId: string | null): void {
  const waiting = userId ? load<OutgoingPrompt[]>(storageKey(userId), []) : [];
  useOutbox.setState({ userId, waiting: waiting.filter((item) => item.clientId && item.roomId && item.prompt) });
}

export function enqueue(item: Pick<OutgoingPrompt, "roomId" | "prompt" | "type">): void {
  change((waiting) => [...waiting, { ...item, clientId: newClientId(), tries: 0 }]);
}

export function removeFromOutbox(clientId: string): void {
  change((waiting) => waiting.filter((item) => item.clientId !== clientId));
}

export function updateInOutbox(clientId: string, fields: Partial<OutgoingPrompt>): void {
  change((waiting) => waiting.map((item) => (item.clientId === clientId ? { ...item, ...fields } : item)));
}

/** The first prompt of each conversation: later ones wait for it. */
export function nextToSend(waiting: readonly OutgoingPrompt[]): OutgoingPrompt[] {
  const seen = new Set<string>();
  return waiting.filter((item) => {
    const first = !seen.has(item.roomId);
    seen.add(item.roomId);
    return first && item.refused === undefined;
  });
}

function change(how: (waiting: readonly OutgoingPrompt[]) => readonly OutgoingPrompt[]): void {
  const { userId, waiting } = useOutbox.getState();
  const next = how(waiting);
  useOutbox.setState({ waiting: next });
  if (userId) save(storageKey(userId), next.length > 0 ? next : undefined);
}

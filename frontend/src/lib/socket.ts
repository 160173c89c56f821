// The one socket of this tab: connects with a fresh token, hands out events, and says when a connection is new.
// What to subscribe to again after a reconnect is decided by those who listen (see features/generation).
import type { Socket } from "socket.io-client";
import { create } from "zustand";
import { expireSession, freshToken, onToken, renewSession } from "./auth-session";
import { refusalWords } from "./words";

export type Connection = "off" | "connecting" | "connected" | "reconnecting" | "offline";

export const useConnection = create<{ state: Connection }>(() => ({ state: "off" }));

const ACK_TIMEOUT_MS = 10_000;
const RECONNECT_MS = 300;
const RECONNECT_MAX_MS = 5_000;

/** The server answered a socket call with `ok: false`, or did not answer in time (`timeout`, `disconnected`). */
export class SocketError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = "SocketError";
    this.code = code;
  }
}

type Listener = (payload: never) => void;

let socket: Socket | null = null;
let opening = false;
let wanted = false;
let epoch = 0;
let refusals = 0;
const listeners = new Map<string, Set<Listener>>();
const connectListeners = new Set<() => void>();

/** Counts connections; what was said on an earlier one is not known to the server of this one. */
export function connectionEpoch(): number {
  return epoch;
}

export function isConnected(): boolean {
  return socket?.connected ?? false;
}

export function connectSocket(): void {
  wanted = true;
  if (opening) return;
  opening = true;
  void open();
}

export function disconnectSocket(): void {
  wanted = false;
  socket?.disconnect();
  socket = null;
  opening = false;
  useConnection.setState({ state: "off" });
}

export function onSocketEvent<T>(event: string, listener: (payload: T) => void): () => void {
  const known = listeners.get(event) ?? new Set<Listener>();
  known.add(listener as Listener);
  listeners.set(event, known);
  return () => known.delete(listener as Listener);
}

/** Called at each new connection. */
export function onConnected(listener: () => void): () => void {
  connectListeners.add(listener);
  return () => connectListeners.delete(listener);
}

/** Sends an event and waits for its ack. Never queues: without a connection it fails at once. */
export async function request<T>(event: string, payload: object): Promise<T> {
  if (!socket?.connected) throw new SocketError("disconnected", "Not connected.");
  let ack: { ok?: boolean; error?: { code?: string; message?: string } };
  try {
    ack = await socket.timeout(ACK_TIMEOUT_MS).emitWithAck(event, payload);
  } catch {
    throw new SocketError("timeout", "The server did not answer in time.");
  }
  if (ack?.ok === false || ack?.error) {
    throw new SocketError(ack.error?.code ?? "refused", refusalWords(ack.error?.message ?? "The server refused this."));
  }
  return ack as T;
}

async function open(): Promise<void> {
  useConnection.setState({ state: navigator.onLine ? "connecting" : "offline" });
  const { io } = await import("socket.io-client");
  if (!wanted || socket) return;
  const waitFirst = (delayMs: number) => {
    made.io.reconnectionDelay(RECONNECT_MS + delayMs);
    made.io.reconnectionDelayMax(RECONNECT_MAX_MS + delayMs);
  };
  const made = io({
    transports: ["websocket"],
    autoConnect: false,
    reconnectionDelay: RECONNECT_MS,
    reconnectionDelayMax: RECONNECT_MAX_MS,
    auth: (give) => {
      void freshToken().then((token) => give({ token: token ?? "" }));
    },
  });
  socket = made;
  made.on("connect", () => {
    epoch += 1;
    refusals = 0;
    waitFirst(0);
    useConnection.setState({ state: "connected" });
    for (const listener of connectListeners) listener();
  });
  made.on("disconnect", (reason) => {
    if (!wanted) return;
    useConnection.setState({ state: navigator.onLine ? "reconnecting" : "offline" });
    // A disconnect by the server is not retried by the library.
    if (reason === "io server disconnect") setTimeout(() => void reopen(), 500);
  });
  made.on("connect_error", (error) => {
    if (!wanted) return;
    useConnection.setState({ state: navigator.onLine ? "reconnecting" : "offline" });
    // A refused handshake is not retried by the library either.
    if (!made.active || error.message === "unauthorized") {
      refusals += 1;
      setTimeout(() => void reopen(true), Math.min(500 * 2 ** refusals, 30_000));
    }
  });
  // A server that stops names each client a wait of its own, so that not all knock at the others at once.
  made.on("restarting", ({ delayMs }: { delayMs: number }) => waitFirst(delayMs));
  made.on("session_revoked", expireSession);
  made.on("session_expired", () => void reopen(true));
  made.onAny((event: string, payload: unknown) => {
    for (const listener of listeners.get(event) ?? []) listener(payload as never);
  });
  made.connect();
}

async function reopen(renewFirst = false): Promise<void> {
  if (!wanted || !socket || socket.connected) return;
  if (renewFirst && !(await renewSession()) && !navigator.onLine) return;
  if (wanted && socket && !socket.connected) socket.connect();
}

onToken((token) => {
  if (socket?.connected) void request("authenticate", { token }).catch(() => undefined);
});

if (typeof window !== "undefined") {
  window.addEventListener("online", () => {
    if (!wanted) return;
    useConnection.setState({ state: isConnected() ? "connected" : "reconnecting" });
    socket?.connect();
  });
  window.addEventListener("offline", () => {
    if (wanted) useConnection.setState({ state: "offline" });
  });
}

// The signed-in session of this tab: the access token in memory only, renewed by the HttpOnly cookie.
// Renewal is one flight per tab and one at a time across tabs (Web Lock), because a refresh token is good for one use.
import { create } from "zustand";
import type { Session, User } from "@/api/types";

export type SessionStatus = "unknown" | "signed-out" | "signed-in" | "expired";

interface SessionState {
  status: SessionStatus;
  user: User | null;
  /** The user chose to go: the next sign-in starts at home, not where they were. */
  left: boolean;
  /** They went for good: the account is deleted. */
  deleted: boolean;
  /** It is not known who is there, because the server does not answer. It is asked again. */
  unreachable: boolean;
}

export const useSession = create<SessionState>(() => ({
  status: "unknown",
  user: null,
  left: false,
  deleted: false,
  unreachable: false,
}));

// Says that a cookie may be there, so that a new visitor's first page makes no call that must fail.
const HINT = "aether.session";
const RENEW_BEFORE_MS = 60_000;
const ASK_AGAIN_MS = 3_000;

let token: { value: string; endsAt: number } | null = null;
let renewal: Promise<boolean> | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
const tokenListeners = new Set<(token: string) => void>();
const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("aether.session");

channel?.addEventListener("message", (event) => {
  if (event.data === "signed-out") forget("signed-out");
  if (event.data === "signed-in" && useSession.getState().status !== "signed-in") void renewSession();
});

export function accessToken(): string | undefined {
  return token?.value;
}

/** A token that is still good for a while, renewed first where needed; undefined when there is no session. */
export async function freshToken(): Promise<string | undefined> {
  if (token && token.endsAt - Date.now() > 5_000) return token.value;
  return (await renewSession()) ? token?.value : undefined;
}

/** Called with each new access token. Returns how to stop. */
export function onToken(listener: (token: string) => void): () => void {
  tokenListeners.add(listener);
  return () => tokenListeners.delete(listener);
}

export function beginSession(session: Session, announce = true): void {
  token = { value: session.accessToken, endsAt: Date.now() + session.expiresIn * 1000 };
  setHint(true);
  useSession.setState({ status: "signed-in", user: session.user, left: false, deleted: false, unreachable: false });
  clearTimeout(timer);
  timer = setTimeout(() => void renewSession(), Math.max(session.expiresIn * 1000 - RENEW_BEFORE_MS, 5_000));
  for (const listener of tokenListeners) listener(session.accessToken);
  if (announce) channel?.postMessage("signed-in");
}

/** Ends the session of this tab and says so to the others. The server call is the caller's. */
export function endSession(deleted = false): void {
  useSession.setState({ left: true, deleted });
  forget("signed-out");
  channel?.postMessage("signed-out");
}

/** The account as the server has it now. */
export function updateUser(user: User): void {
  if (useSession.getState().user?.id === user.id) useSession.setState({ user });
}

/** The server ended the session while the user was at work: the screen stays, a dialog asks to sign in again. */
export function expireSession(): void {
  if (useSession.getState().status === "signed-in") forget("expired");
}

/** Finds the session of an earlier visit. Ends in "signed-in" or "signed-out". */
export async function restoreSession(): Promise<void> {
  if (!hasHint()) {
    useSession.setState({ status: "signed-out", user: null });
    return;
  }
  while (useSession.getState().status === "unknown") {
    await renewSession();
    if (useSession.getState().status !== "unknown") return;
    useSession.setState({ unreachable: true });
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}

/** True when there is a new access token. False: no session, or no answer (then the old state stays). */
export function renewSession(): Promise<boolean> {
  renewal ??= withLock(renew).finally(() => {
    renewal = null;
  });
  return renewal;
}

async function renew(): Promise<boolean> {
  let response: Response;
  try {
    response = await fetch("/api/auth/refresh", {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: "{}",
      credentials: "same-origin",
    });
  } catch {
    retryLater();
    return false;
  }
  if (response.ok) {
    beginSession((await response.json()) as Session, false);
    return true;
  }
  if (response.status >= 400 && response.status < 500 && response.status !== 429) {
    const wasSignedIn = useSession.getState().status === "signed-in";
    forget(wasSignedIn ? "expired" : "signed-out");
  } else {
    retryLater();
  }
  return false;
}

function retryLater(): void {
  clearTimeout(timer);
  if (token) timer = setTimeout(() => void renewSession(), 10_000);
}

function forget(status: "signed-out" | "expired"): void {
  token = null;
  clearTimeout(timer);
  setHint(false);
  // The user's name stays on an expired session: the dialog says whose it was.
  useSession.setState(status === "expired" ? { status } : { status, user: null });
}

async function withLock(task: () => Promise<boolean>): Promise<boolean> {
  if (typeof navigator.locks === "undefined") return task();
  return navigator.locks.request("aether.refresh", task);
}

function hasHint(): boolean {
  try {
    return localStorage.getItem(HINT) === "1";
  } catch {
    return true;
  }
}

function setHint(on: boolean): void {
  try {
    if (on) localStorage.setItem(HINT, "1");
    else localStorage.removeItem(HINT);
  } catch {
    // Storage is blocked: the session then lasts as long as the page.
  }
}

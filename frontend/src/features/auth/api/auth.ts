// The calls that begin and end a session. The refresh token stays in an HttpOnly cookie; this page never sees it.
import type { MfaRequired, Session } from "@/api/types";
import { api } from "@/lib/api-client";
import { beginSession, endSession } from "@/lib/auth-session";

export interface Credentials {
  email: string;
  password: string;
}

export async function signIn(credentials: Credentials): Promise<"signed-in" | "mfa"> {
  const answer = await api<Session | MfaRequired>("/api/auth/login", {
    method: "POST",
    body: { ...credentials, tokenDelivery: "cookie" },
    authenticated: false,
  });
  if ("mfaRequired" in answer) return "mfa";
  beginSession(answer);
  return "signed-in";
}

export async function register(account: Credentials & { name: string }): Promise<void> {
  const session = await api<Session>("/api/auth/register", {
    method: "POST",
    body: { ...account, tokenDelivery: "cookie" },
    authenticated: false,
  });
  beginSession(session);
}

/** Ends the session here at once, and on the server as soon as it answers. */
export async function signOut(): Promise<void> {
  const call = api("/api/auth/logout", { method: "POST" }).catch(() => undefined);
  endSession();
  await call;
}

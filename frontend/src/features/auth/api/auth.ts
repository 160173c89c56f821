// The calls that begin and end a session. The refresh token stays in an HttpOnly cookie; this page never sees it.
import type { MfaRequired, Session, SteppedUp } from "@/api/types";
import { api } from "@/lib/api-client";
import { beginSession, endSession } from "@/lib/auth-session";
import type { Provider, Way } from "@/lib/providers";
import type { Brought } from "../model/oauth-return";

export interface Credentials {
  email: string;
  password: string;
}

/** Where the refresh token goes. */
const tokenDelivery = "cookie";

/** Signs in. An account with a second step gives the token of that step instead; nobody is signed in then. */
export function signIn(credentials: Credentials): Promise<string | undefined> {
  return begin("/api/auth/login", { ...credentials, tokenDelivery });
}

/** The second step: a code of the app, or a recovery code. The session is delivered as the first step asked for. */
export async function answerChallenge(mfaToken: string, code: string): Promise<void> {
  await begin("/api/auth/mfa/challenge", { mfaToken, code });
}

/**
 * What a provider sent the browser back with becomes a session, or the token of the second step. A link is made in the
 * session that it was begun in.
 */
export async function finishReturn(
  provider: Provider,
  brought: Brought,
  purpose: Way["purpose"],
): Promise<string | undefined> {
  return begin(`/api/auth/oauth/${provider}`, { ...brought, tokenDelivery }, purpose === "link");
}

export async function register(account: Credentials & { name: string }): Promise<void> {
  await begin("/api/auth/register", { ...account, tokenDelivery });
}

/** Shows the server that it is still the user; gives the proof that grave calls want. */
export async function prove(secret: { password: string } | { code: string }): Promise<string> {
  const answer = await api<SteppedUp>("/api/auth/step-up", { method: "POST", body: secret });
  return answer.stepUpToken;
}

/** Ends the session here at once, and on the server as soon as it answers. */
export async function signOut(): Promise<void> {
  const call = api("/api/auth/logout", { method: "POST" }).catch(() => undefined);
  endSession();
  await call;
}

async function begin(path: string, body: object, authenticated = false): Promise<string | undefined> {
  const options = { method: "POST", body, authenticated } as const;
  const answer = await api<Partial<Session & MfaRequired> | undefined>(path, options);
  if (answer?.mfaToken !== undefined) return answer.mfaToken;
  if (answer?.accessToken !== undefined) beginSession(answer as Session);
  return undefined;
}

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Session, User } from "@/api/types";
import { fakeServer } from "@/testing/render";
import { api, errorWords, isUnproved } from "./api-client";
import { beginSession, endSession } from "./auth-session";
import { settleProof, useStepUp } from "./step-up";

const user = { id: "u", email: "ana@keller.example", name: "Ana", role: "user" } as User;
const session: Session = { user, accessToken: "t", tokenType: "Bearer", expiresIn: 900 };

/** A server that does it for whoever brings `good`. */
function wantsProof(good: () => string) {
  const proofs: (string | null)[] = [];
  fakeServer((_method, _path, _body, _token, headers) => {
    proofs.push(headers.get("X-Step-Up"));
    return headers.get("X-Step-Up") === good()
      ? { status: 204 }
      : { status: 403, body: { code: "step_up_required", detail: "A fresh proof is needed." } };
  });
  return proofs;
}
const asking = () => vi.waitFor(() => expect(useStepUp.getState().asking).toBe(true));

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  beginSession(session);
});
afterEach(() => {
  endSession();
  vi.useRealTimers();
});

it("asks who it is and then does what was asked for, with the proof", async () => {
  const proofs = wantsProof(() => "p1");
  const done = api("/api/auth/account", { method: "DELETE" });
  await asking();
  expect(proofs).toEqual([null]);
  settleProof("p1");
  await done;
  expect(proofs).toEqual([null, "p1"]);
  expect(useStepUp.getState().asking).toBe(false);
});

it("asks once for all calls that wait, and not again while the proof holds", async () => {
  const proofs = wantsProof(() => "p1");
  const both = [api("/api/auth/a"), api("/api/auth/b")];
  await asking();
  settleProof("p1");
  await Promise.all(both);
  await api("/api/auth/c");
  expect(useStepUp.getState().asking).toBe(false);
  expect(proofs.filter((proof) => proof === "p1")).toHaveLength(3);
});

it("never sends the proof to a call that does not want one", async () => {
  wantsProof(() => "p1");
  const done = api("/api/auth/a");
  await asking();
  settleProof("p1");
  await done;
  const sent: (string | null)[] = [];
  fakeServer((_method, _path, _body, _token, headers) => {
    sent.push(headers.get("X-Step-Up"));
    return {};
  });
  await api("/api/auth/sessions");
  expect(sent).toEqual([null]);
});

it("asks again when the proof is over, here or on the server", async () => {
  let good = "p1";
  const proofs = wantsProof(() => good);
  let done = api("/api/auth/a");
  await asking();
  settleProof("p1");
  await done;
  // The server has forgotten it.
  good = "p2";
  done = api("/api/auth/b");
  await asking();
  expect(proofs.slice(2)).toEqual([null, "p1"]);
  settleProof("p2");
  await done;
  // Its five minutes are over: it is not even tried.
  await vi.advanceTimersByTimeAsync(300_000);
  good = "p3";
  done = api("/api/auth/c");
  await asking();
  expect(proofs.slice(5)).toEqual([null]);
  settleProof("p3");
  await done;
});

it("leaves the call undone when the question is closed", async () => {
  const proofs = wantsProof(() => "p1");
  const done = api("/api/auth/account", { method: "DELETE" }).catch((error: unknown) => error);
  await asking();
  settleProof(undefined);
  const error = await done;
  expect(isUnproved(error)).toBe(true);
  expect(errorWords(error)).toBe("Nothing was done: it was not confirmed that it is you.");
  expect(proofs).toEqual([null]);
});

it("closes the question and forgets the proof when the session ends", async () => {
  const proofs = wantsProof(() => "p1");
  const first = api("/api/auth/a");
  await asking();
  settleProof("p1");
  await first;
  endSession();
  beginSession({ ...session, user: { ...user, id: "other" } });
  const second = api("/api/auth/b").catch(() => "refused");
  await asking();
  expect(proofs.at(-1)).toBeNull();
  endSession();
  await expect(second).resolves.toBe("refused");
});

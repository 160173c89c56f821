import { beforeEach, expect, it } from "vitest";
import type { Session, User } from "@/api/types";
import { fakeServer } from "@/testing/render";
import { ApiError, api, errorWords } from "./api-client";
import { accessToken, beginSession, renewSession, restoreSession, useSession } from "./auth-session";

const user: User = {
  id: "u",
  email: "ana@keller.example",
  name: "Ana",
  avatarUrl: null,
  role: "user",
  emailVerified: true,
  mfaEnabled: false,
  preferences: {},
  createdAt: "2026-01-01T00:00:00Z",
};
const session = (accessToken: string): Session => ({ user, accessToken, tokenType: "Bearer", expiresIn: 900 });

beforeEach(() => {
  localStorage.clear();
  useSession.setState({ status: "unknown", user: null });
});

it("renews the token once on 401 and asks again", async () => {
  beginSession(session("old"));
  const calls = fakeServer((_method, path, _body, token) => {
    if (path === "/api/auth/refresh") return { body: session("new") };
    return token === "Bearer new" ? { body: { ok: true } } : { status: 401, body: { code: "unauthorized" } };
  });
  await expect(api("/api/rooms")).resolves.toEqual({ ok: true });
  expect(calls).toEqual(["GET /api/rooms", "POST /api/auth/refresh", "GET /api/rooms"]);
  expect(accessToken()).toBe("new");
});

it("renews once however many calls find the token old", async () => {
  beginSession(session("old"));
  const calls = fakeServer((_method, path, _body, token) => {
    if (path === "/api/auth/refresh") return { body: session("new") };
    return token === "Bearer new" ? {} : { status: 401 };
  });
  await Promise.all([api("/api/a"), api("/api/b"), api("/api/c")]);
  expect(calls.filter((call) => call.includes("refresh"))).toHaveLength(1);
});

it("says that the session has expired when it cannot be renewed, and keeps who it was", async () => {
  beginSession(session("old"));
  fakeServer(() => ({ status: 401, body: { code: "refresh_reused" } }));
  await expect(api("/api/rooms")).rejects.toMatchObject({ status: 401 });
  expect(useSession.getState()).toMatchObject({ status: "expired", user: { name: "Ana" } });
});

it("keeps the session when the server only does not answer", async () => {
  beginSession(session("old"));
  fakeServer(() => undefined);
  await expect(renewSession()).resolves.toBe(false);
  expect(useSession.getState().status).toBe("signed-in");
});

it("asks nothing of the server for a new visitor", async () => {
  const calls = fakeServer(() => ({ status: 401 }));
  await restoreSession();
  expect(calls).toEqual([]);
  expect(useSession.getState().status).toBe("signed-out");
});

it("turns a problem into an error with its code, fields and waiting time", async () => {
  beginSession(session("t"));
  fakeServer(() => ({
    status: 429,
    body: {
      status: 429,
      title: "Too many",
      code: "rate_limited",
      traceId: "abc",
      errors: [{ field: "email", message: "no" }],
    },
    headers: { "Retry-After": "12" },
  }));
  const error = await api("/api/rooms").catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ code: "rate_limited", retryAfter: 12, traceId: "abc", fields: [{ field: "email" }] });
  expect(errorWords(error)).toBe("Too many at once. Ready again in 12 s.");
});

it("says of refused fields what is wrong with each", async () => {
  beginSession(session("t"));
  const errors = [
    { field: "name", message: "must not be blank" },
    { field: "q", message: "must have at most 200 characters" },
  ];
  fakeServer(() => ({ status: 422, body: { detail: "Some fields are not valid.", errors } }));
  const error = await api("/api/rooms").catch((failure: unknown) => failure);
  expect(errorWords(error)).toBe("The name must not be blank. The search must have at most 200 characters.");
});

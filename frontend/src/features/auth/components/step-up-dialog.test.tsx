import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Session, User } from "@/api/types";
import { api } from "@/lib/api-client";
import { beginSession, endSession } from "@/lib/auth-session";
import { useStepUp } from "@/lib/step-up";
import { fakeServer, renderAt } from "@/testing/render";
import StepUpDialog from "./step-up-dialog";

const user = { id: "u", email: "ana@keller.example", name: "Ana", role: "user", mfaEnabled: false } as User;
const session = (more: Partial<User> = {}): Session => ({
  user: { ...user, ...more },
  accessToken: "t",
  tokenType: "Bearer",
  expiresIn: 900,
});

function Asked() {
  return useStepUp((state) => state.asking) ? <StepUpDialog here="/settings/data" /> : null;
}

/** A server that wants a proof, and takes `secret` for one. */
function wary(secret: object, identities: object) {
  return fakeServer((_method, path, body, _token, headers) => {
    if (path === "/api/auth/identities") return { body: identities };
    if (path === "/api/auth/providers") return { body: { password: true, google: true, github: true } };
    if (path === "/api/auth/step-up") {
      const right = JSON.stringify(body) === JSON.stringify(secret);
      return right ? { body: { stepUpToken: "aes_1" } } : { status: 401, body: { code: "invalid_credentials" } };
    }
    if (path === "/api/auth/refresh") return { status: 401 };
    return headers.get("X-Step-Up") === "aes_1" ? { status: 204 } : { status: 403, body: { code: "step_up_required" } };
  });
}

beforeEach(() => beginSession(session()));
afterEach(() => endSession());

it("asks for the password, says when it is wrong, and then the waiting call is done", async () => {
  const calls = wary({ password: "the right one" }, { items: [], hasPassword: true });
  renderAt("/settings/data", <Asked />);
  const done = api("/api/auth/account", { method: "DELETE" });
  const field = await screen.findByLabelText("Password");
  await userEvent.type(field, "no{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("The password is wrong.");
  await userEvent.clear(field);
  await userEvent.type(field, "the right one{Enter}");
  await done;
  await vi.waitFor(() => expect(screen.queryByLabelText("Password")).toBeNull());
  expect(calls.filter((call) => call.startsWith("DELETE"))).toHaveLength(2);
  expect(calls.filter((call) => call.endsWith("/step-up"))).toHaveLength(2);
});

it("asks for a code where there is a second step", async () => {
  endSession();
  beginSession(session({ mfaEnabled: true }));
  wary({ code: "123456" }, { items: [], hasPassword: true });
  renderAt("/settings/data", <Asked />);
  const done = api("/api/auth/account", { method: "DELETE" });
  await userEvent.type(await screen.findByLabelText("Code from your app"), "123456{Enter}");
  await done;
});

it("sends somebody without a password to sign in again, and closes at a word", async () => {
  wary({}, { items: [{ provider: "github", email: null, createdAt: "2026-01-01T00:00:00Z" }], hasPassword: false });
  renderAt("/settings/data", <Asked />);
  const done = api("/api/auth/account", { method: "DELETE" }).catch((error: Error) => error.name);
  const link = await screen.findByRole("link", { name: "Continue with GitHub" });
  expect(link.getAttribute("href")).toBe("/api/auth/oauth/github?redirect=1");
  expect(screen.queryByRole("link", { name: "Continue with Google" })).toBeNull();
  await vi.waitFor(() => expect(screen.queryByLabelText("Password")).toBeNull());
  await userEvent.click(screen.getByRole("button", { name: "Not now" }));
  expect(await done).toBe("ApiError");
});

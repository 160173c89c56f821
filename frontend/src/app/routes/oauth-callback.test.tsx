import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Route, Routes, useLocation } from "react-router";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Session, User } from "@/api/types";
import { beginSession, endSession, useSession } from "@/lib/auth-session";
import { keepWay } from "@/lib/providers";
import { fakeServer, renderAt } from "@/testing/render";
import { Component } from "./oauth-callback";

const user = { id: "u", email: "ana@keller.example", name: "Ana", role: "user" } as User;
const session: Session = { user, accessToken: "t", tokenType: "Bearer", expiresIn: 900 };

function Where() {
  const { pathname, search } = useLocation();
  return <span data-testid="where">{pathname + search}</span>;
}

const open = (path: string) =>
  renderAt(
    path,
    <>
      <Where />
      <Routes>
        <Route path="/oauth/callback/:provider" element={<Component />} />
        <Route path="*" element={null} />
      </Routes>
    </>,
  );
const where = () => screen.getByTestId("where").textContent;

beforeEach(() => {
  sessionStorage.clear();
  useSession.setState({ status: "signed-out", user: null });
});
afterEach(() => endSession());

it("signs in with what the provider brought, once, and goes on where they were", async () => {
  keepWay({ purpose: "sign-in", next: "/library?kind=ui" });
  const bodies: unknown[] = [];
  const calls = fakeServer((_method, _path, body, token) => {
    bodies.push(body);
    return token === null ? { body: session } : undefined;
  });
  open("/oauth/callback/github?code=c1&state=s1");
  await expect.poll(where).toBe("/library?kind=ui");
  expect(calls).toEqual(["POST /api/auth/oauth/github"]);
  expect(bodies).toEqual([{ code: "c1", state: "s1", tokenDelivery: "cookie" }]);
  expect(useSession.getState().status).toBe("signed-in");
  expect(sessionStorage.length).toBe(0);
});

it("never goes on to another site", async () => {
  keepWay({ purpose: "sign-in", next: "//evil.example" });
  fakeServer(() => ({ body: session }));
  open("/oauth/callback/google?code=c&state=s");
  await expect.poll(where).toBe("/");
});

it("takes what it brought out of the address bar and asks for the second step", async () => {
  fakeServer((_method, path) =>
    path.endsWith("/challenge") ? { body: session } : { body: { mfaRequired: true, mfaToken: "aem_1" } },
  );
  open("/oauth/callback/github?code=c&state=s");
  await screen.findByRole("heading", { name: "Second step" });
  expect(where()).toBe("/oauth/callback/github");
  await userEvent.type(screen.getByLabelText("Code from your app"), "123456{Enter}");
  await expect.poll(where).toBe("/");
});

it("links with the account that is signed in, and says when it cannot", async () => {
  beginSession(session);
  keepWay({ purpose: "link", next: "/settings/security" });
  const tokens: (string | null)[] = [];
  fakeServer((_method, _path, _body, token) => {
    tokens.push(token);
    return { status: 409, body: { code: "identity_taken" } };
  });
  open("/oauth/callback/github?code=c&state=s");
  await screen.findByRole("heading", { name: "This GitHub account is linked already" });
  expect(tokens).toEqual(["Bearer t"]);
  expect(screen.getByRole("link", { name: "Back to Settings" }).getAttribute("href")).toBe("/settings/security");
});

it("says what a refusal means and asks the server nothing", async () => {
  keepWay({ purpose: "sign-in", next: "/c/1" });
  const calls = fakeServer(() => undefined);
  open("/oauth/callback/github?error=access_denied&error_description=x&state=s");
  await screen.findByRole("heading", { name: "Stopped at GitHub" });
  expect(calls).toEqual([]);
  expect(screen.getByRole("link", { name: "Sign in" }).getAttribute("href")).toBe("/sign-in?next=%2Fc%2F1");
  expect(where()).toBe("/oauth/callback/github");
});

it("is not there for another provider", async () => {
  open("/oauth/callback/constructor?code=c&state=s");
  await screen.findByRole("heading", { name: "Nothing is here" });
});

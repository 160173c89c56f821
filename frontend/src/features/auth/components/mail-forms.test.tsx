import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useLocation } from "react-router";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Session, User } from "@/api/types";
import { beginSession, endSession, useSession } from "@/lib/auth-session";
import { fakeServer, renderAt } from "@/testing/render";
import { useMailToken } from "../hooks/use-mail-token";
import { ForgottenForm, ResetForm, VerifyPanel } from "./mail-forms";

const user = { id: "u", email: "ana@keller.example", name: "Ana", role: "user", emailVerified: false } as User;
const session: Session = { user, accessToken: "t", tokenType: "Bearer", expiresIn: 900 };

function FromMail({ panel: Panel }: { panel: (props: { token: string | undefined }) => React.ReactNode }) {
  const { pathname, hash } = useLocation();
  const token = useMailToken();
  return (
    <>
      <span data-testid="where">{pathname + hash}</span>
      <Panel token={token} />
    </>
  );
}

beforeEach(() => {
  localStorage.clear();
  useSession.setState({ status: "signed-out", user: null });
});
afterEach(() => endSession());

it("says the same for every address", async () => {
  fakeServer(() => ({ status: 202 }));
  renderAt("/forgot-password", <ForgottenForm />);
  await userEvent.type(screen.getByLabelText("E-mail"), "nobody@keller.example{Enter}");
  expect((await screen.findByText(/If there is an account with/)).textContent).toContain("nobody@keller.example");
});

it("takes the token out of the address bar at once and sets the password with it", async () => {
  const bodies: unknown[] = [];
  fakeServer((_method, _path, body) => {
    bodies.push(body);
    return { status: 204 };
  });
  renderAt("/reset-password#token=aep_1", <FromMail panel={ResetForm} />);
  expect(screen.getByTestId("where").textContent).toBe("/reset-password");
  await userEvent.type(screen.getByLabelText("New password"), "short{Enter}");
  await screen.findByText("Use at least 10 characters");
  await userEvent.type(screen.getByLabelText("New password"), " quiet copper harbour{Enter}");
  await screen.findByText("Your new password is set, and you are signed out everywhere.");
  expect(bodies).toEqual([{ token: "aep_1", newPassword: "short quiet copper harbour" }]);
});

it("leads to a new link when this one is over or not whole", async () => {
  fakeServer(() => ({ status: 400, body: { code: "invalid_token" } }));
  const { unmount } = renderAt("/reset-password#token=old", <FromMail panel={ResetForm} />);
  await userEvent.type(screen.getByLabelText("New password"), "quiet copper harbour{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("This link has been used, or its hour is over.");
  unmount();
  renderAt("/reset-password", <FromMail panel={ResetForm} />);
  expect((await screen.findByRole("alert")).textContent).toContain("The link is not whole.");
  expect(screen.getByRole("link", { name: "Send me a new link" })).toBeTruthy();
});

it("confirms an address at the press of a button when nobody is signed in here", async () => {
  const calls = fakeServer(() => ({ status: 204 }));
  renderAt("/verify-email#token=aev_1", <FromMail panel={VerifyPanel} />);
  const button = await screen.findByRole("button", { name: "Confirm my address" });
  expect(calls).toEqual([]);
  await userEvent.click(button);
  await screen.findByText("Your address is confirmed.");
  expect(calls).toEqual(["POST /api/auth/email/verify"]);
});

it("confirms it at once for who is signed in, once, and knows it then", async () => {
  beginSession(session);
  const calls = fakeServer((_method, path) =>
    path === "/api/auth/profile" ? { body: { ...user, emailVerified: true } } : { status: 204 },
  );
  renderAt("/verify-email#token=aev_1", <FromMail panel={VerifyPanel} />);
  await screen.findByText("Your address is confirmed.");
  expect(calls).toEqual(["POST /api/auth/email/verify", "GET /api/auth/profile"]);
  expect(useSession.getState().user?.emailVerified).toBe(true);
});

it("sends a new link to who is signed in when this one is over", async () => {
  beginSession(session);
  const calls = fakeServer((_method, path) =>
    path.endsWith("/verify") ? { status: 400, body: { code: "invalid_token" } } : { status: 202 },
  );
  renderAt("/verify-email#token=old", <FromMail panel={VerifyPanel} />);
  await userEvent.click(await screen.findByRole("button", { name: "Send a new link" }));
  await screen.findByText("A new link is on its way to ana@keller.example.");
  expect(calls).toEqual(["POST /api/auth/email/verify", "POST /api/auth/email/resend"]);
});

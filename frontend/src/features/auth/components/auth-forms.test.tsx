import { act, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { User } from "@/api/types";
import { endSession, useSession } from "@/lib/auth-session";
import { fakeServer, renderAt } from "@/testing/render";
import { ChallengeForm, RegisterForm, SignInForm } from "./auth-forms";

const user = { id: "u", email: "ana@keller.example", name: "Ana", role: "user" } as User;
const session = { user, accessToken: "t", tokenType: "Bearer", expiresIn: 900 };

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
});
afterEach(() => {
  endSession();
  vi.useRealTimers();
});

const typist = () => userEvent.setup({ advanceTimers: vi.advanceTimersByTime });

async function signIn() {
  await typist().type(screen.getByLabelText("E-mail"), "ana@keller.example");
  await typist().type(screen.getByLabelText("Password"), "quiet copper harbour{Enter}");
}

it("says the server's word about a field as a sentence at that field, and goes there", async () => {
  fakeServer(() => ({
    status: 422,
    body: {
      code: "validation_failed",
      detail: "Some fields are not valid.",
      errors: [{ field: "password", message: "is too easy to guess. Add another word or two." }],
    },
  }));
  renderAt("/register", <RegisterForm />);
  await typist().type(screen.getByLabelText("Name"), "Ana");
  await typist().type(screen.getByLabelText("E-mail"), "ana@keller.example");
  const password = screen.getByLabelText("Password");
  await typist().type(password, "0123456789");
  await typist().click(screen.getByRole("button", { name: "Create account" }));
  await screen.findByText("The password is too easy to guess. Add another word or two.");
  await screen.findByText("Look at the marked fields.");
  expect(document.activeElement).toBe(password);
  expect(password.getAttribute("aria-invalid")).toBe("true");
});

it("asks for the second step where the account has one, and signs nobody in before", async () => {
  fakeServer((_method, path) =>
    path === "/api/auth/login" ? { body: { mfaRequired: true, mfaToken: "aem_1" } } : undefined,
  );
  const asked = vi.fn();
  renderAt("/sign-in", <SignInForm onChallenge={asked} />);
  await signIn();
  await vi.waitFor(() => expect(asked).toHaveBeenCalledWith("aem_1"));
  expect(useSession.getState().status).not.toBe("signed-in");
});

it("takes the code as it was pasted, and the session that follows", async () => {
  const bodies: unknown[] = [];
  fakeServer((_method, _path, body) => {
    bodies.push(body);
    return { body: session };
  });
  renderAt("/sign-in", <ChallengeForm mfaToken="aem_1" onBack={() => undefined} />);
  const code = screen.getByLabelText("Code from your app");
  expect(document.activeElement).toBe(code);
  expect(code.getAttribute("autocomplete")).toBe("one-time-code");
  await typist().type(code, "123 456{Enter}");
  await vi.waitFor(() => expect(useSession.getState().status).toBe("signed-in"));
  expect(bodies).toEqual([{ mfaToken: "aem_1", code: "123456" }]);
});

it("says that a code is wrong, keeps the step, and takes a recovery code instead", async () => {
  const codes: unknown[] = [];
  fakeServer((_method, _path, body) => {
    codes.push((body as { code: string }).code);
    return codes.length < 2 ? { status: 401, body: { code: "invalid_code" } } : { body: session };
  });
  renderAt("/sign-in", <ChallengeForm mfaToken="aem_1" onBack={() => undefined} />);
  await typist().type(screen.getByLabelText("Code from your app"), "000000{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("Take the one that your app shows now.");
  await typist().click(screen.getByRole("button", { name: "Use a recovery code instead" }));
  expect(screen.queryByRole("alert")).toBeNull();
  const recovery = screen.getByLabelText("Recovery code");
  expect(document.activeElement).toBe(recovery);
  await typist().type(recovery, "abcd-efgh{Enter}");
  await vi.waitFor(() => expect(useSession.getState().status).toBe("signed-in"));
  expect(codes).toEqual(["000000", "abcd-efgh"]);
});

it("goes back to the first step, and says why, when the second has waited too long", async () => {
  fakeServer(() => ({ status: 401, body: { code: "invalid_code" } }));
  const back = vi.fn();
  renderAt("/sign-in", <ChallengeForm mfaToken="aem_1" onBack={back} />);
  await vi.advanceTimersByTimeAsync(301_000);
  await typist().type(screen.getByLabelText("Code from your app"), "123456{Enter}");
  await vi.waitFor(() => expect(back).toHaveBeenCalledWith("That took too long. Sign in again."));
});

it("says how long to wait after too many tries, sends nothing until then, and says when it is over", async () => {
  const calls = fakeServer(() => ({
    status: 429,
    body: { code: "too_many_attempts" },
    headers: { "Retry-After": "120" },
  }));
  renderAt("/sign-in", <SignInForm onChallenge={() => undefined} />);
  await signIn();
  expect((await screen.findByRole("alert")).textContent).toContain("Too many tries. Ready again in 2 min.");
  const button = screen.getByRole("button", { name: "Sign in" });
  expect(button.getAttribute("aria-disabled")).toBe("true");
  await typist().click(button);
  expect(calls).toHaveLength(1);
  await act(() => vi.advanceTimersByTimeAsync(121_000));
  await screen.findByText("You can try again now.");
  expect(screen.getByLabelText<HTMLInputElement>("Password").value).toBe("quiet copper harbour");
  await typist().click(button);
  await vi.waitFor(() => expect(calls).toHaveLength(2));
});

it("says when a busy server takes it again", async () => {
  fakeServer(() => ({
    status: 503,
    body: { detail: "Too many sign-ins at once." },
    headers: { "Retry-After": "3" },
  }));
  renderAt("/sign-in", <SignInForm onChallenge={() => undefined} />);
  await signIn();
  expect((await screen.findByRole("alert")).textContent).toContain("Too many sign-ins at once. Ready again in 3 s.");
});

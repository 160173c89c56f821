import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { OwnSession, Session, User } from "@/api/types";
import { beginSession, endSession, useSession } from "@/lib/auth-session";
import { fakeServer, renderAt } from "@/testing/render";
import { KeysPanel, NewKeyPanel } from "./api-key-panels";
import { DeletePanel, ExportPanel } from "./data-panels";
import { LinkedPanel } from "./linked-panel";
import { PasswordPanel } from "./password-panel";
import { EmailPanel, NamePanel } from "./profile-panels";
import { SecondFactorPanel } from "./second-factor-panel";
import { SessionList } from "./session-list";

const user = {
  id: "u",
  email: "ana@keller.example",
  name: "Ana",
  role: "user",
  emailVerified: true,
  mfaEnabled: false,
} as User;
const session: Session = { user, accessToken: "t", tokenType: "Bearer", expiresIn: 900 };

beforeEach(() => beginSession(session));
afterEach(() => {
  endSession();
  vi.restoreAllMocks();
});

it("saves a name, says so, and knows it everywhere", async () => {
  fakeServer((_method, _path, body) => ({ body: { ...user, ...(body as object) } }));
  renderAt("/settings/profile", <NamePanel />);
  await userEvent.type(screen.getByLabelText("Name"), " Marić ");
  await userEvent.click(screen.getByRole("button", { name: "Save the name" }));
  await screen.findByText("Saved");
  expect(useSession.getState().user?.name).toBe("Ana Marić");
});

it("keeps the old address until the new one is confirmed", async () => {
  const bodies: unknown[] = [];
  fakeServer((_method, _path, body) => {
    bodies.push(body);
    return { status: 202 };
  });
  renderAt("/settings/profile", <EmailPanel sendAgain={null} />);
  await userEvent.type(screen.getByLabelText("New e-mail"), "ana@maric.example{Enter}");
  await screen.findByText(/A link is on its way to ana@maric.example/);
  expect(bodies).toEqual([{ email: "ana@maric.example" }]);
  expect(screen.getByText("ana@keller.example")).toBeTruthy();
  expect(screen.getByText("Confirmed")).toBeTruthy();
});

it("says that the old password is wrong without asking twice, and changes it with the right one", async () => {
  const calls = fakeServer((method, path, body) => {
    if (path.endsWith("/identities")) return { body: { items: [], hasPassword: true } };
    if (method !== "PUT") return undefined;
    const right = (body as { currentPassword: string }).currentPassword === "the old one";
    return right ? { status: 204 } : { status: 403, body: { code: "wrong_password" } };
  });
  renderAt("/settings/security", <PasswordPanel />);
  await userEvent.type(screen.getByLabelText("New password"), "quiet copper harbour");
  await userEvent.type(screen.getByLabelText("Current password"), "not it{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("The current password is wrong.");
  expect(calls.filter((call) => call.startsWith("PUT"))).toHaveLength(1);
  expect(calls.some((call) => call.includes("refresh"))).toBe(false);
  await userEvent.clear(screen.getByLabelText("Current password"));
  await userEvent.type(screen.getByLabelText("Current password"), "the old one{Enter}");
  await screen.findByText("Changed. You are signed out everywhere else.");
  expect(screen.getByLabelText<HTMLInputElement>("New password").value).toBe("");
});

it("offers a password by mail to an account that has none", async () => {
  fakeServer((_method, path) =>
    path.endsWith("/identities") ? { body: { items: [], hasPassword: false } } : { status: 202 },
  );
  renderAt("/settings/security", <PasswordPanel />);
  await userEvent.click(await screen.findByRole("button", { name: "Send me a link that sets one" }));
  await screen.findByText("A link is on its way to ana@keller.example.");
});

it("sets up a second step and lets go of the recovery codes only when they are kept", async () => {
  fakeServer((_method, path, body) => {
    if (path.endsWith("/mfa/totp")) {
      return {
        body: { secret: "JBSWY3DPEHPK3PXP", otpauthUrl: "otpauth://totp/x", qrCode: "data:image/png;base64,AA==" },
      };
    }
    if (path.endsWith("/verify")) {
      const right = (body as { code: string }).code === "123456";
      return right
        ? { body: { recoveryCodes: ["aaaa-bbbb", "cccc-dddd"] } }
        : { status: 422, body: { code: "invalid_code", errors: [{ field: "code", message: "is not the code" }] } };
    }
    if (path.endsWith("/mfa")) return { body: { totp: true, recoveryCodesLeft: 2 } };
    return { body: { ...user, mfaEnabled: true } };
  });
  renderAt("/settings/security", <SecondFactorPanel />);
  await userEvent.click(screen.getByRole("button", { name: "Set it up" }));
  expect(await screen.findByText("JBSW Y3DP EHPK 3PXP")).toBeTruthy();
  expect(screen.getByRole("img", { name: "QR code that adds this account to an app" })).toBeTruthy();
  const code = screen.getByLabelText("Code from your app");
  await userEvent.type(code, "000000{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("That code is not right.");
  await userEvent.clear(code);
  await userEvent.type(code, "123456{Enter}");
  const codes = await screen.findByRole("list", { name: "Recovery codes" });
  expect(
    within(codes)
      .getAllByRole("listitem")
      .map((item) => item.textContent),
  ).toEqual(["aaaa-bbbb", "cccc-dddd"]);
  const done = screen.getByRole("button", { name: "Done" });
  await userEvent.click(done);
  expect(screen.getByText("aaaa-bbbb")).toBeTruthy();
  await userEvent.click(screen.getByLabelText("I have kept them"));
  await userEvent.click(done);
  expect(screen.queryByText("aaaa-bbbb")).toBeNull();
  expect(await screen.findByText("2 recovery codes left")).toBeTruthy();
});

it("never shows a picture that is not one of the server's own making", async () => {
  fakeServer(() => ({ body: { secret: "A", otpauthUrl: "otpauth://x", qrCode: "https://evil.example/x.png" } }));
  renderAt("/settings/security", <SecondFactorPanel />);
  await userEvent.click(screen.getByRole("button", { name: "Set it up" }));
  await screen.findByLabelText("Code from your app");
  expect(screen.queryByRole("img")).toBeNull();
});

it("says why the last way in cannot be unlinked", async () => {
  const calls = fakeServer((_method, path) =>
    path.endsWith("/providers")
      ? { body: { password: true, google: false, github: true } }
      : {
          body: { items: [{ provider: "github", email: null, createdAt: "2026-01-02T00:00:00Z" }], hasPassword: false },
        },
  );
  renderAt("/settings/security", <LinkedPanel />);
  const button = await screen.findByRole("button", { name: "Unlink GitHub" });
  expect(button.getAttribute("aria-disabled")).toBe("true");
  const why = document.getElementById(button.getAttribute("aria-describedby") ?? "");
  expect(why?.textContent).toContain("This is your only way in. Set a password first, or link another.");
  await userEvent.click(button);
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(calls.some((call) => call.startsWith("DELETE"))).toBe(false);
});

it("shows nothing about linked sign-ins where there are none to link", async () => {
  fakeServer((_method, path) =>
    path.endsWith("/providers")
      ? { body: { password: true, google: false, github: false } }
      : { body: { items: [], hasPassword: true } },
  );
  renderAt("/settings/security", <LinkedPanel />);
  await vi.waitFor(() => expect(screen.queryByText("Linked sign-ins")).toBeNull());
});

it("puts this session first and signs out another, or all of them", async () => {
  const at = new Date().toISOString();
  let items: OwnSession[] = [
    { id: "s1", device: "curl/8.5.0", ip: "192.0.2.7", createdAt: at, lastUsedAt: at, current: false },
    {
      id: "s2",
      device: "Mozilla/5.0 (X11; Linux) Firefox/145.0",
      ip: "192.0.2.8",
      createdAt: at,
      lastUsedAt: at,
      current: true,
    },
    { id: "s3", device: null, ip: "192.0.2.9", createdAt: at, lastUsedAt: at, current: false },
  ];
  const calls = fakeServer((method, path) => {
    if (method !== "DELETE") return { body: { items, nextCursor: null } };
    items = items.filter((item) => item.current || (path.endsWith("/s1") && item.id === "s3"));
    return { status: 204 };
  });
  renderAt("/settings/sessions", <SessionList />);
  const rows = await screen.findAllByRole("listitem");
  expect(rows[0]?.textContent).toContain("Firefox on LinuxThis one");
  expect(within(rows[0] as HTMLElement).queryByRole("button")).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Sign out curl 8.5.0, 192.0.2.7" }));
  await screen.findByText("curl 8.5.0 is signed out.");
  await vi.waitFor(() => expect(screen.getAllByRole("listitem")).toHaveLength(2));
  await userEvent.click(screen.getByRole("button", { name: "Sign out everywhere else" }));
  await screen.findByText("You are signed in nowhere else.");
  expect(calls.filter((call) => call.startsWith("DELETE"))).toEqual([
    "DELETE /api/auth/sessions/s1",
    "DELETE /api/auth/sessions",
  ]);
});

it("makes a key with what was ticked, shows it once, and lists it without", async () => {
  const bodies: unknown[] = [];
  const made = {
    id: "k1",
    name: "nightly",
    prefix: "aek_abcd",
    scopes: ["generations:read", "rooms:write"],
    createdAt: new Date().toISOString(),
    expiresAt: null,
    lastUsedAt: null,
  };
  fakeServer((method, _path, body) => {
    if (method === "GET") return { body: { items: bodies.length > 0 ? [made] : [], nextCursor: null } };
    bodies.push(body);
    return { status: 201, body: { ...made, key: "aek_abcd_the_whole_of_it" } };
  });
  renderAt(
    "/settings/api-keys",
    <>
      <KeysPanel />
      <NewKeyPanel />
    </>,
  );
  await screen.findByText("No program has a key yet.");
  const button = screen.getByRole("button", { name: "Make the key" });
  await userEvent.click(button);
  await screen.findByText("Tick what it may do");
  expect(document.activeElement).toBe(screen.getByLabelText("What it is for"));
  await userEvent.type(screen.getByLabelText("What it is for"), "nightly");
  await userEvent.click(screen.getByLabelText(/^Take part in my rooms/));
  await userEvent.click(screen.getByLabelText(/^See what I have made/));
  await userEvent.selectOptions(screen.getByLabelText("It works"), "until I delete it");
  await userEvent.click(button);
  expect(await screen.findByText("aek_abcd_the_whole_of_it")).toBeTruthy();
  expect(bodies).toEqual([{ name: "nightly", scopes: ["generations:read", "rooms:write"] }]);
  await userEvent.click(screen.getByRole("button", { name: "I have it" }));
  expect(screen.queryByText("aek_abcd_the_whole_of_it")).toBeNull();
  await screen.findByRole("button", { name: "Delete the key nightly" });
});

it("follows a copy of the data until it is ready", async () => {
  const item = {
    id: "e1",
    progress: 40,
    bytes: null,
    createdAt: "2026-03-01T10:00:00Z",
    completedAt: null,
    expiresAt: null,
  };
  let items: object[] = [];
  fakeServer((method) => {
    if (method === "POST") {
      items = [{ ...item, status: "running" }];
      return { status: 202, body: items[0] };
    }
    return { body: { items, nextCursor: null } };
  });
  renderAt("/settings/data", <ExportPanel />);
  await userEvent.click(await screen.findByRole("button", { name: "Collect my data" }));
  await screen.findByText("Being collected");
  expect(screen.queryByRole("button", { name: /^Collect/ })).toBeNull();
  items = [{ ...item, status: "ready", progress: 100, bytes: 1_200_000, expiresAt: "2026-03-08T10:00:00Z" }];
  expect(
    await screen.findByRole("button", { name: /^Download the .zip of 1 Mar 2026/ }, { timeout: 4_000 }),
  ).toBeTruthy();
  expect(screen.getByText("1.2 MB, kept until 8 Mar 2026")).toBeTruthy();
});

it("deletes the account only of who writes its address, and says goodbye", async () => {
  const calls = fakeServer(() => ({ status: 204 }));
  renderAt("/settings/data", <DeletePanel />);
  await userEvent.click(screen.getByRole("button", { name: "Delete the account…" }));
  const field = await screen.findByLabelText("Your e-mail, to confirm");
  await userEvent.type(field, "ana@keller.exampl{Enter}");
  await screen.findByText("Write ana@keller.example to confirm");
  expect(calls).toEqual([]);
  await userEvent.type(field, "e{Enter}");
  await vi.waitFor(() => expect(useSession.getState()).toMatchObject({ status: "signed-out", deleted: true }));
  expect(calls).toEqual(["DELETE /api/auth/account"]);
});

it("tells the last administrator what must come first", async () => {
  fakeServer(() => ({ status: 409, body: { code: "last_admin" } }));
  renderAt("/settings/data", <DeletePanel />);
  await userEvent.click(screen.getByRole("button", { name: "Delete the account…" }));
  await userEvent.type(await screen.findByLabelText("Your e-mail, to confirm"), "ANA@keller.example{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("Make somebody else one first.");
  expect(useSession.getState().status).toBe("signed-in");
});

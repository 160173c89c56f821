import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Account, AuditEntry, Session, User } from "@/api/types";
import { beginSession, endSession } from "@/lib/auth-session";
import { fakeServer, renderAt } from "@/testing/render";
import { actionWords, detailWords } from "../model/actions";
import { Audit } from "./audit";
import { Users } from "./users";

const user = { id: "u1", email: "ana@keller.example", name: "Ana", role: "admin" } as User;
const session: Session = { user, accessToken: "t", tokenType: "Bearer", expiresIn: 900 };
const account = (id: string, name: string, more: Partial<Account> = {}): Account => ({
  id,
  name,
  email: `${name.toLowerCase()}@keller.example`,
  avatarUrl: null,
  role: "user",
  disabled: false,
  emailVerified: true,
  mfaEnabled: false,
  createdAt: "2026-01-02T00:00:00Z",
  lastUsedAt: null,
  ...more,
});

beforeEach(() => beginSession(session));
afterEach(() => endSession());

const choose = async (name: string, item: string) => {
  await userEvent.click(await screen.findByRole("button", { name: `What to do with ${name}` }));
  await userEvent.click(await screen.findByRole("menuitem", { name: item }));
};

it("asks the server with the search and filters of the address", async () => {
  const calls = fakeServer(() => ({ body: { items: [], nextCursor: null } }));
  renderAt("/admin/users?q=ben&role=admin&disabled=true", <Users />);
  await screen.findByText('Nobody matches "ben"');
  expect(calls).toEqual(["GET /api/auth/users?q=ben&role=admin&disabled=true&limit=50"]);
  await userEvent.click(screen.getByRole("button", { name: "Clear filters" }));
  await vi.waitFor(() => expect(calls.at(-1)).toBe("GET /api/auth/users?limit=50"));
});

it("changes a role after asking, and shows it", async () => {
  const items = [account("u1", "Ana", { role: "admin" }), account("u2", "Ben")];
  const bodies: unknown[] = [];
  fakeServer((method, _path, body) => {
    if (method === "GET") return { body: { items, nextCursor: null } };
    bodies.push(body);
    items[1] = account("u2", "Ben", { role: "admin" });
    return { body: items[1] };
  });
  renderAt("/admin/users", <Users />);
  await choose("Ben", "Make an administrator");
  const dialog = await screen.findByRole("dialog", { name: "Make Ben an administrator?" });
  expect(bodies).toEqual([]);
  await userEvent.click(within(dialog).getByRole("button", { name: "Make an administrator" }));
  await vi.waitFor(() => expect(screen.getAllByText("Administrator")).toHaveLength(2));
  expect(bodies).toEqual([{ role: "admin" }]);
  expect(screen.queryByRole("dialog")).toBeNull();
});

it("explains why the last administrator stays", async () => {
  fakeServer((method) =>
    method === "GET"
      ? { body: { items: [account("u1", "Ana", { role: "admin" })], nextCursor: null } }
      : { status: 409, body: { code: "last_admin" } },
  );
  renderAt("/admin/users", <Users />);
  await choose("Ana", "Delete");
  await userEvent.click(await screen.findByRole("button", { name: "Delete the account" }));
  expect((await screen.findByRole("alert")).textContent).toContain(
    "This is the last administrator. Make somebody else one first.",
  );
});

it("signs somebody out everywhere, and lets a disabled account in again", async () => {
  const calls = fakeServer((method) => {
    if (method === "GET") return { body: { items: [account("u3", "Cem", { disabled: true })], nextCursor: null } };
    return method === "DELETE" ? { status: 204 } : { body: account("u3", "Cem") };
  });
  renderAt("/admin/users", <Users />);
  await choose("Cem", "Sign out everywhere");
  await screen.findByText("Cem is signed out everywhere.");
  await choose("Cem", "Enable");
  await screen.findByText("Cem can sign in again.");
  expect(calls.filter((call) => !call.startsWith("GET"))).toEqual([
    "DELETE /api/auth/users/u3/sessions",
    "PATCH /api/auth/users/u3",
  ]);
});

it("says in words who did what to whom, and narrows to one person", async () => {
  const person = (id: string, name: string | null) => ({ id, name, email: name && `${name}@keller.example` });
  const entry = (id: string, more: Partial<AuditEntry>): AuditEntry => ({
    id,
    at: "2026-03-01T10:00:00Z",
    action: "logged_in",
    actor: null,
    subject: null,
    ip: "192.0.2.1",
    userAgent: null,
    detail: {},
    traceId: null,
    ...more,
  });
  const calls = fakeServer(() => ({
    body: {
      items: [
        entry("1", {
          action: "role_changed",
          actor: person("u1", "Ana"),
          subject: person("u2", null),
          detail: { from: "user", to: "admin" },
        }),
        entry("2", { action: "login_refused", subject: person("u1", "Ana") }),
      ],
      nextCursor: null,
    },
  }));
  renderAt("/admin/audit?from=2026-03-01&until=2026-03-02", <Audit />);
  const [, first, second] = await screen.findAllByRole("row");
  expect(first?.textContent).toContain("Changed a rolefrom: user, to: admin");
  expect(first?.textContent).toContain("An erased account");
  expect(second?.textContent).toContain("Not known");
  const asked = new URLSearchParams(calls[0]?.split("?")[1]);
  const hours = Date.parse(asked.get("until") ?? "") - Date.parse(asked.get("since") ?? "");
  expect(hours, "both days are whole").toBe(48 * 3_600_000);
  await userEvent.click(within(first as HTMLElement).getAllByRole("link", { name: "Ana" })[0] as HTMLElement);
  await vi.waitFor(() => expect(calls.at(-1)).toBe("GET /api/auth/audit?actor=u1&limit=50"));
  expect(screen.getByRole("button", { name: "By Ana" })).toBeTruthy();
});

it("can say an action that it does not know, and never trips over one", () => {
  expect(actionWords("key_rotated_early")).toBe("Key rotated early");
  expect(actionWords("constructor")).toBe("Constructor");
  expect(detailWords({ sessionIds: [1, 2], method: "password" })).toBe("session ids: [1,2], method: password");
});

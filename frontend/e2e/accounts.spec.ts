// An account in the hands of its owner: second step, keys, sessions, password, a proof asked for, and the end of it.
import { createHmac } from "node:crypto";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, newPerson, register, shot, signIn, signOut, test } from "./fixtures";

const home = (page: Page) => page.getByRole("heading", { name: "What do you want to make?" });

test("a second step is set up, and opens with the app or with a recovery code", async ({ page, watch }) => {
  const ana = newPerson("Ana");
  await register(page, ana);
  await openSettings(page, "Security");
  await page.getByRole("button", { name: "Set it up" }).click();
  await expect(page.getByRole("img", { name: "QR code that adds this account to an app" })).toBeVisible();
  const secret = ((await page.locator(".secret code").textContent()) ?? "").replaceAll(" ", "");
  await shot(page, "account-enrol");
  watch.allowFailure("/api/auth/mfa/totp/verify", "422");
  await page.getByLabel("Code from your app").fill("000000");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("That code is not right.");
  const app = new App(secret);
  await page.getByLabel("Code from your app").fill(app.next());
  await page.keyboard.press("Enter");
  const codes = page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
  await expect(codes.first()).toBeVisible();
  const recovery = await codes.allTextContents();
  await shot(page, "account-recovery-codes");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("aether-recovery-codes.txt");
  await page.getByLabel("I have kept them").check();
  await page.getByRole("button", { name: "Done" }).click();
  await expect(page.getByText(`${recovery.length} recovery codes left`)).toBeVisible();

  await signOut(page);
  await signIn(page, ana);
  await expect(page.getByRole("heading", { name: "Second step" })).toBeVisible();
  await expect(page.getByLabel("Code from your app")).toBeFocused();
  await shot(page, "account-second-step");
  watch.allowFailure("/api/auth/mfa/challenge", "401");
  await page.getByLabel("Code from your app").fill("000000");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("That code is not right.");
  await page.getByLabel("Code from your app").fill(app.next());
  await page.keyboard.press("Enter");
  await expect(home(page)).toBeVisible();

  await signOut(page);
  await signIn(page, ana);
  await page.getByRole("button", { name: "Use a recovery code instead" }).click();
  await page.getByLabel("Recovery code").fill(recovery[0] ?? "");
  await page.keyboard.press("Enter");
  await expect(home(page)).toBeVisible();
  await openSettings(page, "Security");
  await expect(page.getByText(`${recovery.length - 1} recovery codes left`)).toBeVisible();

  // Off again: the password alone opens it.
  await page.getByRole("button", { name: "Turn it off" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Turn it off" }).click();
  await expect(page.getByRole("button", { name: "Set it up" })).toBeVisible();
  await signOut(page);
  await signIn(page, ana);
  await expect(home(page)).toBeVisible();
});

test("a key for a program does what was ticked until it is deleted", async ({ page, playwright, baseURL }) => {
  await register(page, newPerson("Jonas"));
  await openSettings(page, "API keys");
  await expect(page.getByText("No program has a key yet.")).toBeVisible();
  await page.getByLabel("What it is for").fill("Nightly build");
  await page.getByRole("checkbox", { name: /^See what I have made/ }).check();
  await page.getByRole("button", { name: "Make the key" }).click();
  await expect(page.getByRole("heading", { name: "Copy the key of Nightly build now" })).toBeFocused();
  await page.getByRole("button", { name: "Copy the key" }).click();
  const key = await page.evaluate(() => navigator.clipboard.readText());
  expect(key).toMatch(/^aek_/);
  await page.getByRole("button", { name: "I have it" }).click();
  await expect(page.getByText(key)).toHaveCount(0);

  const program = await playwright.request.newContext({
    baseURL,
    extraHTTPHeaders: { Authorization: `Bearer ${key}` },
  });
  expect((await program.get("/api/generate/history")).status()).toBe(200);
  const refused = await program.post("/api/generate/code", { data: { prompt: "a slug helper" } });
  expect(refused.status()).toBe(403);
  expect(((await refused.json()) as { code: string }).code).toBe("insufficient_scope");
  expect((await program.get("/api/auth/sessions")).status()).toBe(403);

  await page.reload();
  await expect(page.getByText("Last used just now")).toBeVisible();
  await shot(page, "account-keys");
  await page.getByRole("button", { name: "Delete the key Nightly build" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete the key" }).click();
  await expect(page.getByText("No program has a key yet.")).toBeVisible();
  await expect.poll(async () => (await program.get("/api/generate/history")).status()).toBe(401);
  await program.dispose();
});

test("a session that is signed out from elsewhere is out within seconds, and keeps what was written", async ({
  page,
  browser,
}) => {
  const priya = newPerson("Priya");
  await register(page, priya);
  const elsewhere = await browser.newContext();
  try {
    const other = await elsewhere.newPage();
    await other.goto("/sign-in");
    await signIn(other, priya);
    await expect(other.getByText("Connected")).toBeVisible();
    await other.getByRole("textbox", { name: "Message" }).fill("half a thought");

    await openSettings(page, "Sessions");
    const rows = page.getByRole("list", { name: "Sign-ins" }).getByRole("listitem");
    await expect(rows).toHaveCount(2);
    await expect(rows.first()).toContainText("This one");
    await shot(page, "account-sessions");
    await rows
      .last()
      .getByRole("button", { name: /^Sign out Chrome on Linux/ })
      .click();
    const dialog = other.getByRole("dialog", { name: "Sign in again" });
    await expect(dialog).toBeVisible();
    await expect(rows).toHaveCount(1);
    await expect(page.getByText("You are signed in nowhere else.")).toBeVisible();

    await dialog.getByLabel("Password", { exact: true }).fill(priya.password);
    await other.keyboard.press("Enter");
    await expect(dialog).toBeHidden();
    await expect(other.getByRole("textbox", { name: "Message" })).toHaveValue("half a thought");
  } finally {
    await elsewhere.close();
  }
});

test("a password is changed, and the other sessions are out", async ({ page, watch, playwright, baseURL }) => {
  const mira = newPerson("Mira");
  await register(page, mira);
  const program = await playwright.request.newContext({ baseURL });
  const login = await program.post("/api/auth/login", { data: { email: mira.email, password: mira.password } });
  const { accessToken } = (await login.json()) as { accessToken: string };
  const asProgram = () => program.get("/api/auth/profile", { headers: { Authorization: `Bearer ${accessToken}` } });
  expect((await asProgram()).status()).toBe(200);

  await openSettings(page, "Security");
  watch.allowFailure("/api/auth/password", "403");
  await page.getByLabel("Current password").fill("not the old one");
  await page.getByLabel("New password").fill(`${mira.password} anew`);
  await page.getByRole("button", { name: "Change the password" }).click();
  await expect(page.getByRole("alert")).toContainText("The current password is wrong.");
  await page.getByLabel("Current password").fill(mira.password);
  await page.getByRole("button", { name: "Change the password" }).click();
  await expect(page.getByText("Changed. You are signed out everywhere else.")).toBeVisible();
  await expect.poll(async () => (await asProgram()).status()).toBe(401);
  await program.dispose();

  await signOut(page);
  watch.allowFailure("/api/auth/login", "401");
  await signIn(page, mira);
  await expect(page.getByRole("alert")).toContainText("The e-mail or the password is wrong.");
  await signIn(page, mira, `${mira.password} anew`);
  await expect(home(page)).toBeVisible();
});

test("too many wrong passwords are told how long to wait", async ({ page, watch }) => {
  const ines = newPerson("Ines");
  await register(page, ines);
  await signOut(page);
  // From this browser: another network's guesses slow nobody down here.
  for (const status of ["401", "429"]) watch.allowFailure("/api/auth/login", status);
  const guess = () =>
    page.evaluate(async (email) => {
      const body = JSON.stringify({ email, password: "a guess at it" });
      const headers = { "Content-Type": "application/json" };
      return (await fetch("/api/auth/login", { method: "POST", headers, body })).status;
    }, ines.email);
  await expect.poll(guess, { timeout: 60_000 }).toBe(429);
  await signIn(page, ines);
  await expect(page.getByRole("alert")).toContainText(/Too many tries. Ready again in \d+ s\./);
  await expect(page.getByRole("button", { name: "Sign in", exact: true })).toHaveAttribute("aria-disabled", "true");
  await expect(page.getByLabel("E-mail")).toHaveValue(ines.email);
  await shot(page, "account-slowed");
});

test("an account is deleted by who shows that it is still them", async ({ page, watch }) => {
  const leo = newPerson("Leo");
  await register(page, leo);
  await openSettings(page, "Your data");
  // A sign-in of the last minutes counts as a proof: the server is made to want a fresh one.
  await page.route("**/api/auth/account", async (route) => {
    if (route.request().headers()["x-step-up"]) return route.continue();
    await route.fulfill({
      status: 403,
      contentType: "application/problem+json",
      body: JSON.stringify({ status: 403, code: "step_up_required", detail: "Prove again who you are." }),
    });
  });
  watch.allowFailure("/api/auth/account", "403");
  watch.allowFailure("/api/auth/step-up", "401");
  await page.getByRole("button", { name: "Delete the account…" }).click();
  await page.getByLabel("Your e-mail, to confirm").fill(leo.email);
  await page.getByRole("button", { name: "Delete the account", exact: true }).click();
  const question = page.getByRole("dialog", { name: "Is it still you?" });
  await expect(question.getByLabel("Password", { exact: true })).toBeFocused();
  await shot(page, "account-step-up");
  // Closing the question leaves all as it was.
  await page.keyboard.press("Escape");
  await expect(question).toBeHidden();
  await page.getByRole("button", { name: "Delete the account", exact: true }).click();
  await question.getByLabel("Password", { exact: true }).fill("not mine");
  await page.keyboard.press("Enter");
  await expect(question.getByRole("alert")).toContainText("The password is wrong.");
  await question.getByLabel("Password", { exact: true }).fill(leo.password);
  await page.keyboard.press("Enter");
  await expect(page.getByText("Your account is deleted, and all that was in it.")).toBeVisible();
  await shot(page, "account-goodbye");
  watch.allowFailure("/api/auth/login", "401");
  await signIn(page, leo);
  await expect(page.getByRole("alert")).toContainText("The e-mail or the password is wrong.");
});

test("all of one's data comes in one .zip", async ({ page }) => {
  await register(page, newPerson("Noor"));
  await openSettings(page, "Your data");
  await page.getByRole("button", { name: "Collect my data" }).click();
  const button = page.getByRole("button", { name: /^Download the .zip/ });
  await expect(button).toBeVisible({ timeout: 60_000 });
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  expect(download.suggestedFilename()).toMatch(/^aether-data-.*\.zip$/);
});

for (const look of [
  { name: "light", width: 1440, height: 900, scheme: "light" },
  { name: "dark", width: 1440, height: 900, scheme: "dark" },
  { name: "narrow", width: 360, height: 740, scheme: "light" },
  { name: "narrow-dark", width: 360, height: 740, scheme: "dark" },
] as const) {
  test(`account screens, ${look.name}`, { tag: "@look" }, async ({ page, watch }) => {
    await page.setViewportSize({ width: look.width, height: look.height });
    await page.emulateMedia({ colorScheme: look.scheme, reducedMotion: "reduce" });
    const check = async (name: string) => {
      await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
      await shot(page, `${look.name}-${name}`);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), name).toBe(true);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${name} ${id}: ${nodes.map((node) => node.html).join(" ")}`)).toEqual(
        [],
      );
    };
    await page.goto("/forgot-password");
    await expect(page.getByRole("figure"), "the picture is for wide screens").toBeVisible({
      visible: look.width > 900,
    });
    await check("forgot-password");
    await page.getByLabel("E-mail").fill("nobody.at.all@keller.example");
    await page.keyboard.press("Enter");
    await expect(page.getByText(/If there is an account with/)).toBeVisible();
    await check("forgot-password-sent");
    watch.allowFailure("/api/auth/password/reset", "40");
    await page.goto("/reset-password#token=aep_not_one_of_ours");
    await expect(page).toHaveURL(/\/reset-password$/);
    await page.getByLabel("New password").fill("quiet copper harbour lamp");
    await check("reset-password");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("alert")).toContainText("This link has been used");
    watch.allowFailure("/api/auth/email/verify", "40");
    await page.goto("/verify-email#token=aev_not_one_of_ours");
    await page.getByRole("button", { name: "Confirm my address" }).click();
    await expect(page.getByRole("alert")).toContainText("This link has been used");
    await check("verify-email");
    await page.goto("/oauth/callback/github?error=access_denied&state=x");
    await expect(page).toHaveURL(/\/oauth\/callback\/github$/);
    await check("oauth-refused");

    await register(page, newPerson("Mira"));
    for (const [path, name] of [
      ["/settings/profile", "Profile"],
      ["/settings/security", "Security"],
      ["/settings/sessions", "Sessions"],
      ["/settings/api-keys", "API keys"],
      ["/settings/data", "Your data"],
    ] as const) {
      await page.goto(path);
      await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
      await expect(page.locator("[aria-busy=true], .skel")).toHaveCount(0);
      await check(`settings-${name.toLowerCase().replaceAll(" ", "-")}`);
    }
    await page.getByRole("button", { name: "Delete the account…" }).click();
    await check("settings-delete");
    await page.keyboard.press("Escape");
    await expect(page.getByRole("button", { name: "Delete the account…" })).toBeFocused();
    await page.goto("/settings/security");
    await page.getByRole("button", { name: "Set it up" }).click();
    await expect(page.getByLabel("Code from your app")).toBeFocused();
    await check("settings-enrol");
    // Whoever is no administrator has nothing there.
    await page.goto("/admin/users");
    await expect(page.getByRole("heading", { name: "Nothing is here" })).toBeVisible();
    await check("admin-refused");

    await asAdministrator(page);
    await page.goto("/admin");
    await expect(page.getByText("Priya Raghunathan")).toBeVisible();
    await check("admin-users");
    await page.getByRole("button", { name: "What to do with Priya Raghunathan" }).click();
    await page.getByRole("menuitem", { name: "Disable" }).click();
    await expect(page.getByRole("dialog", { name: "Disable Priya Raghunathan?" })).toBeVisible();
    await check("admin-disable");
    await page.keyboard.press("Escape");
    await expect(page.getByRole("button", { name: "What to do with Priya Raghunathan" })).toBeFocused();
    await page.getByRole("link", { name: "Audit log" }).click();
    await expect(page.getByRole("table").getByText("Changed a role")).toBeVisible();
    await check("admin-audit");
  });
}

/** The screen of an administrator over made-up accounts: which account of a server is one is not this test's to say. */
async function asAdministrator(page: Page): Promise<void> {
  await page.route("**/api/auth/refresh", async (route) => {
    const answer = await route.fetch();
    const session = (await answer.json()) as { user: { role: string } };
    session.user.role = "admin";
    await route.fulfill({ response: answer, json: session });
  });
  const at = "2026-03-01T10:00:00Z";
  const person = (id: string, name: string, role = "user", disabled = false) => ({
    id,
    name,
    email: `${name.toLowerCase().replace(/[^a-z]+/g, ".")}@keller.example`,
    avatarUrl: null,
    role,
    disabled,
    emailVerified: true,
    mfaEnabled: false,
    createdAt: at,
    lastUsedAt: at,
  });
  const people = [
    person("1", "Ana Marić", "admin"),
    person("2", "Priya Raghunathan"),
    person("3", "Somebody who likes to write the whole of a long name out every time", "user", true),
  ];
  const [ana, priya] = people;
  const entry = { id: "1", at, ip: "192.0.2.14", userAgent: null, traceId: null };
  const entries = [
    { ...entry, action: "role_changed", actor: ana, subject: priya, detail: { from: "user", to: "admin" } },
    { ...entry, id: "2", action: "login_refused", actor: null, subject: priya, detail: {} },
  ];
  await page.route("**/api/auth/users?*", (route) => route.fulfill({ json: { items: people, nextCursor: null } }));
  await page.route("**/api/auth/audit?*", (route) => route.fulfill({ json: { items: entries, nextCursor: null } }));
}

async function openSettings(page: Page, part: string): Promise<void> {
  await page
    .getByRole("button", { name: /^Account and theme/ })
    .first()
    .click();
  await page.getByRole("menuitem", { name: "Settings" }).click();
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: part }).click();
  await expect(page.getByRole("heading", { level: 1, name: part })).toBeVisible();
}

/** An app for one-time codes (RFC 6238). Each step opens once: the next code is always of a later one. */
class App {
  private readonly secret: Buffer;
  private last = 0;

  constructor(secret: string) {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
    this.secret = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  }

  next(): string {
    const now = Math.floor(Date.now() / 30_000);
    this.last = Math.max(now, this.last + 1);
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(this.last));
    const hash = createHmac("sha1", this.secret).update(counter).digest();
    const at = (hash.at(-1) ?? 0) & 0xf;
    return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
  }
}

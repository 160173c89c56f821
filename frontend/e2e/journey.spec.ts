// The whole story in one browser: a prompt becomes software before the user's eyes, and nothing is lost on the way.
import { readFile } from "node:fs/promises";
import type { Page, WebSocket } from "@playwright/test";
import { emptyParse, filesOf, parseArtifact, segmentsOf } from "../src/features/generation/model/parse-artifact";
import { Api } from "./api";
import { expect, newPerson, register, shot, signIn, signOut, test } from "./fixtures";

test("a prompt becomes an app, over a reload in mid-stream", async ({ page, playwright, baseURL }) => {
  const ana = newPerson("Ana");
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await shot(page, "01-sign-in");
  await register(page, ana);
  await expect(page.getByText("Connected")).toBeVisible();
  await shot(page, "02-home");

  await page.getByRole("textbox", { name: "Message" }).fill("a todo app with due dates");
  await page.getByRole("radio", { name: "App", exact: true }).click();
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page).toHaveURL(/\/c\/[0-9a-f-]{36}$/);
  const conversation = page.url();
  const roomId = conversation.slice(conversation.lastIndexOf("/") + 1);

  // Files stream in: the first one grows while it is watched.
  const stop = page.getByRole("button", { name: "Stop", exact: true });
  const firstFile = page.locator(".file").first();
  await expect(firstFile).toBeVisible({ timeout: 60_000 });
  await expect(stop).toBeVisible();
  const before = await shownFile(page);
  await expect.poll(async () => (await shownFile(page)).text.length).toBeGreaterThan(before.text.length);
  await shot(page, "03-writing");

  // Reload in mid-stream. From here on, everything that comes over the wire is written down too.
  const wire = new Wire(page);
  const seen = [before, await shownFile(page)];
  await page.reload();
  await expect(firstFile).toBeVisible();
  await expect(stop, "it still runs after the reload").toBeVisible();
  const after = await shownFile(page);
  seen.push(after);
  // The code is what is looked at here, also when the app is ready to be.
  await page.getByRole("tab", { name: "Code" }).click();
  await shot(page, "04-after-reload");
  await expect
    .poll(async () => (await totalLines(page)) > 0 && (await shownFile(page)).text !== after.text, {
      message: "goes on after the reload",
    })
    .toBe(true);

  const card = page.locator(".artifact");
  while (!(await card.isVisible())) {
    seen.push(await shownFile(page));
    await page.waitForTimeout(150);
  }
  await expect(card).toContainText("Ready");
  await expect(stop).toBeHidden();
  await shot(page, "05-ready");

  // What the server keeps is what the screen shows, byte for byte, and nothing is doubled or missing.
  const api = await Api.signIn(playwright, baseURL ?? "", ana);
  const listed = await api.ofRoom(roomId);
  expect(listed).toHaveLength(1);
  const generation = await api.generation(listed[0]?.id ?? "");
  expect(generation.status).toBe("completed");
  expect(await copiedAnswer(page)).toBe(generation.result);
  expect(wire.text(generation.id), "the deltas after the reload are the whole result").toBe(generation.result);
  const files = filesOf(segmentsOf(parseArtifact(emptyParse, generation.result), true));
  expect(files.map((file) => file.path).sort()).toEqual(generation.metadata.files.map((file) => file.path).sort());
  for (const file of files) {
    await page
      .getByRole("treeitem", { name: file.path.split("/").at(-1), exact: true })
      .first()
      .click();
    await expect.poll(async () => (await shownFile(page)).path).toBe(file.path);
    expect((await shownFile(page)).text).toBe(file.content.replace(/\n$/, ""));
  }
  for (const moment of seen) {
    const whole = files.find((file) => file.path === moment.path)?.content ?? "";
    expect(
      whole.startsWith(moment.text),
      `what was shown of ${moment.path} while it was written was a beginning of it`,
    ).toBe(true);
  }

  // All of it comes in one .zip, with every file's name in it.
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download .zip" }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/\.zip$/);
  const zip = await readFile(await download.path());
  expect(zip.subarray(0, 2).toString()).toBe("PK");
  for (const file of files) expect(zip.includes(file.path), `${file.path} is in the .zip`).toBe(true);

  // It is in the library, by a word of its prompt, and opens again.
  await page.getByRole("link", { name: "Library" }).first().click();
  await page.getByRole("searchbox", { name: "Search the library" }).fill("due dates");
  await expect(page).toHaveURL(/q=due/);
  const row = page.locator(".lib-table tbody tr");
  await expect(row).toHaveCount(1);
  await expect(row).toContainText("Ready");
  await shot(page, "06-library");
  await row.getByRole("link").click();
  await expect(page).toHaveURL(conversation);
  await expect(card).toContainText("Ready");

  // Gone and come back: it is still there.
  await signOut(page);
  await shot(page, "07-signed-out");
  await signIn(page, ana);
  await expect(page.getByRole("heading", { name: "What do you want to make?" })).toBeVisible();
  await shot(page, "08-home-again");
  await page.goto(conversation);
  await expect(card).toContainText("Ready");
  expect(await copiedAnswer(page)).toBe(generation.result);
});

test("a wrong password is said, and what was typed stays", async ({ page, watch }) => {
  const jonas = newPerson("Jonas");
  await register(page, jonas);
  await signOut(page);
  watch.allowFailure("/api/auth/login", "401");
  await signIn(page, jonas, "not the right one");
  await expect(page.getByRole("alert")).toContainText("The e-mail or the password is wrong.");
  await expect(page.getByLabel("E-mail")).toHaveValue(jonas.email);
  await shot(page, "09-wrong-password");
  // Where the user wanted to go is where they come out.
  await page.goto("/library?kind=ui");
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await signIn(page, jonas);
  await expect(page).toHaveURL(/\/library\?kind=ui$/);
});

test("stopping keeps what was written", async ({ page, playwright, baseURL }) => {
  const priya = newPerson("Priya");
  await register(page, priya);
  await page.getByRole("textbox", { name: "Message" }).fill("a booking page for a small hotel with rooms and guests");
  await page.getByRole("radio", { name: "App", exact: true }).click();
  await page.keyboard.press("Tab");
  await page.getByRole("textbox", { name: "Message" }).press("Enter");
  const file = page.locator(".file").first();
  await expect(file).toBeVisible({ timeout: 60_000 });
  await page.getByRole("textbox", { name: "Message" }).press("Escape");
  await expect(page.locator(".making-card").getByText("Stopped by you")).toBeVisible();
  await expect(page.getByRole("button", { name: "Send", exact: true })).toBeVisible();
  await shot(page, "10-stopped");
  const kept = await copiedAnswer(page);
  expect(kept.length).toBeGreaterThan(0);

  const api = await Api.signIn(playwright, baseURL ?? "", priya);
  const [listed] = await api.ofRoom(page.url().slice(page.url().lastIndexOf("/") + 1));
  const generation = await api.generation(listed?.id ?? "");
  expect(generation.status).toBe("cancelled");
  expect(kept).toBe(generation.result);

  await page.reload();
  await expect(page.locator(".making-card").getByText("Stopped by you")).toBeVisible();
  expect(await copiedAnswer(page)).toBe(generation.result);
});

test("a lost connection loses nothing, and a prompt sent without one waits for it", async ({
  page,
  context,
  playwright,
  baseURL,
  watch,
}) => {
  const mira = newPerson("Mira");
  const line = await Line.of(page);
  await register(page, mira);
  await page.getByRole("textbox", { name: "Message" }).fill("a packing list for a journey");
  await page.getByRole("textbox", { name: "Message" }).press("Enter");
  await expect(page.locator(".file").first()).toBeVisible({ timeout: 60_000 });

  await page.getByRole("tab", { name: "Code" }).click();
  // The line is cut twice while the text comes in. What stands on the screen only ever grows.
  const seen: { path: string; text: string }[] = [];
  for (let cut = 0; cut < 2; cut += 1) {
    const lines = await totalLines(page);
    await line.cut();
    await expect(page.getByText("Reconnecting, nothing is lost").first()).toBeVisible();
    await expect(page.getByText("Connected")).toBeVisible();
    await expect.poll(async () => (await totalLines(page)) !== lines, { timeout: 60_000 }).toBe(true);
    seen.push(await shownFile(page));
  }
  const card = page.locator(".artifact");
  while (!(await card.isVisible())) {
    seen.push(await shownFile(page));
    await page.waitForTimeout(150);
  }
  expect(await line.count()).toBeGreaterThanOrEqual(3);
  // The app is fetched whole while there is a line.
  await expect(page.locator(".preview .pane-foot")).toContainText("Running");
  const api = await Api.signIn(playwright, baseURL ?? "", mira);
  const roomId = page.url().slice(page.url().lastIndexOf("/") + 1);
  const [listed] = await api.ofRoom(roomId);
  const { result } = await api.generation(listed?.id ?? "");
  expect(await copiedAnswer(page)).toBe(result);
  const files = filesOf(segmentsOf(parseArtifact(emptyParse, result), true));
  for (const moment of seen) {
    const whole = files.find((file) => file.path === moment.path)?.content ?? "";
    expect(whole.startsWith(moment.text), `what was shown of ${moment.path} was a beginning of it`).toBe(true);
  }

  // Without a connection a prompt waits, survives, and goes out once.
  watch.allowFailure("/socket.io/", "ERR_INTERNET_DISCONNECTED");
  await context.setOffline(true);
  await line.cut();
  await page.getByRole("textbox", { name: "Message" }).fill("add a column for weight");
  await page.getByRole("textbox", { name: "Message" }).press("Enter");
  await expect(page.getByText("Waiting for the connection. It is sent when you are back.")).toBeVisible();
  await shot(page, "11-offline");
  await context.setOffline(false);
  await expect(page.getByRole("button", { name: "Stop", exact: true })).toBeVisible({ timeout: 30_000 });
  expect(await api.ofRoom(roomId)).toHaveLength(2);
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await expect(page.locator(".making-card").getByText("Stopped by you")).toBeVisible();
});

test("a session that has ended asks again over the screen, and the draft stays", async ({ page, watch }) => {
  const noor = newPerson("Noor");
  await register(page, noor);
  await expect(page.getByText("Connected")).toBeVisible();
  await page.getByRole("textbox", { name: "Message" }).fill("half a thought");
  // From here the server knows neither the access token nor the cookie, as after a sign-out from another device.
  watch.allowFailure("/api/", "401");
  const refused = (url: URL) => url.pathname.startsWith("/api/");
  await page.route(refused, (route) => route.fulfill({ status: 401, json: { status: 401, code: "unauthorized" } }));
  await page.getByRole("textbox", { name: "Message" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "Sign in again" });
  await expect(dialog).toBeVisible();
  await page.unroute(refused);
  await shot(page, "12-session-ended");
  await expect(dialog.getByLabel("E-mail")).toHaveValue(noor.email);
  await expect(dialog.getByLabel("Password", { exact: true })).toBeFocused();
  await page.keyboard.type(noor.password);
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(page.getByText("Connected")).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Message" })).toHaveValue("half a thought");
});

/** The file in the pane: its path, and its text as it stands on the screen, line by line. */
async function shownFile(page: Page): Promise<{ path: string; text: string }> {
  return page.evaluate(() => {
    const path = document.querySelector(".file-bar .clip")?.textContent ?? "";
    const lines = [...document.querySelectorAll(".pane .code li")].map((line) => line.textContent ?? "");
    return { path, text: lines.join("\n") };
  });
}

async function totalLines(page: Page): Promise<number> {
  return page.locator(".pane .code li").count();
}

/** The answer as the page holds it, by its own copy button. */
async function copiedAnswer(page: Page): Promise<string> {
  await page.getByRole("button", { name: "Copy the whole answer" }).last().click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  return page.evaluate(() => navigator.clipboard.readText());
}

/** The page's sockets, cut from within: a proxy between would carry each word through the test's own process. */
class Line {
  private constructor(private readonly page: Page) {}

  /** For pages that are opened after this. */
  static async of(page: Page): Promise<Line> {
    await page.addInitScript(() => {
      const opened: globalThis.WebSocket[] = [];
      Object.assign(window, { opened });
      window.WebSocket = class extends window.WebSocket {
        constructor(...given: ConstructorParameters<typeof globalThis.WebSocket>) {
          super(...given);
          opened.push(this);
        }
      };
    });
    return new Line(page);
  }

  async cut(): Promise<void> {
    await this.page.evaluate(() => (window as unknown as { opened: globalThis.WebSocket[] }).opened.at(-1)?.close());
  }

  async count(): Promise<number> {
    return this.page.evaluate(() => (window as unknown as { opened: globalThis.WebSocket[] }).opened.length);
  }
}

/** Folds the progress events of every socket opened after its making, as the contract says they fold. */
class Wire {
  private readonly texts = new Map<string, { attempt: number; seq: number; text: string }>();

  constructor(page: Page) {
    page.on("websocket", (socket: WebSocket) => {
      socket.on("framereceived", ({ payload }) => this.take(String(payload)));
    });
  }

  text(id: string): string | undefined {
    return this.texts.get(id)?.text;
  }

  private take(frame: string): void {
    if (!frame.startsWith("42[")) return;
    const [name, event] = JSON.parse(frame.slice(2)) as [
      string,
      { generationId: string; attempt: number; seq: number; delta?: string },
    ];
    if (name !== "generation_progress") return;
    const known = this.texts.get(event.generationId);
    const anew = !known || event.attempt > known.attempt || event.seq === 1;
    const base = anew ? { attempt: event.attempt, seq: 0, text: "" } : known;
    expect(event.seq, "no position is missing and none comes twice").toBe(base.seq + 1);
    this.texts.set(event.generationId, {
      attempt: event.attempt,
      seq: event.seq,
      text: base.text + (event.delta ?? ""),
    });
  }
}

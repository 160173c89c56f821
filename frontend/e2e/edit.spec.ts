// A file is changed by hand: the app changes beside it, and the change becomes a version. What is behind the gateway changes nothing
// of it: tests with the tag are run against one kind of server.
import type { Page } from "@playwright/test";
import { Api } from "./api";
import { expect, shot, test } from "./fixtures";
import { app, appOf, isRunning, write } from "./preview";

const APP = `export default function App() {
  return <main className="p-8"><h1 className="text-2xl font-bold">First words</h1></main>
}
`;

const editor = (page: Page) => page.locator(".cm-content");
const heading = (page: Page) => app(page).getByRole("heading");

/** The caret behind these words of the file. */
async function caretAfter(page: Page, words: string): Promise<void> {
  const line = page.locator(".cm-line").filter({ hasText: words });
  await line.click();
  await page.keyboard.press("Home");
  const text = (await line.textContent()) ?? "";
  const steps = text.trimStart().indexOf(words) + words.length;
  for (let step = 0; step < steps; step += 1) await page.keyboard.press("ArrowRight");
}

test("an edit is seen, kept, saved as a version, and there after a reload", { tag: "@look" }, async ({
  page,
  playwright,
  baseURL,
}) => {
  const api = await Api.ofNewcomer(page, playwright, baseURL, "Ana");
  const { roomId, id } = await appOf(api, { "src/App.tsx": APP });
  await page.goto(`/c/${roomId}`);
  await isRunning(page);
  await page.getByRole("tab", { name: "Code" }).click();
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await expect(editor(page)).toBeFocused();
  await caretAfter(page, "First words");
  await page.keyboard.type(", and more");
  // The app is beside the code, and shows it.
  await expect(heading(page)).toHaveText("First words, and more");
  await expect(page.getByText("With your edit, not saved")).toBeVisible();
  await shot(page, "edit-beside");

  // Neither another tab nor a reload takes it away, and the server knows nothing of it.
  await page.getByRole("tab", { name: "Details" }).click();
  await page.getByRole("tab", { name: "Code 1 edited, not saved" }).click();
  await expect(editor(page)).toContainText("First words, and more");
  await page.reload();
  await expect(heading(page)).toHaveText("First words, and more");
  await page.getByRole("tab", { name: "Code 1 edited, not saved" }).click();
  await expect(editor(page)).toContainText("First words, and more");
  const before = await api.ofRoom(roomId);
  expect(before[0]?.id).toBe(id);

  // Discarded, and taken back.
  await page.getByRole("button", { name: "Discard" }).click();
  await expect(heading(page)).toHaveText("First words");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(editor(page)).toContainText("First words, and more");
  await expect(heading(page)).toHaveText("First words, and more");

  await editor(page).click();
  await page.keyboard.press("Control+s");
  await expect(page.getByText("Saved as a new version.")).toBeVisible();
  const after = await api.ofRoom(roomId);
  expect(after).toHaveLength(before.length + 1);
  expect((await api.generation(after[0]?.id ?? "")).result).toContain("First words, and more");
  const card = page.locator(".artifact").last();
  await expect(card).toHaveAttribute("aria-current", "true");
  await expect(card).toContainText("v2");
  // One can go on where one was.
  await expect(editor(page)).toBeFocused();
  await expect(page.getByRole("button", { name: "Done" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("tab", { name: "Code", exact: true })).toBeVisible();
  await expect(heading(page)).toHaveText("First words, and more");
  await expect(page.locator(".pane-head")).toContainText("v2");
});

test("a mistake is named while it is typed, and the last good app stays", { tag: "@look" }, async ({
  page,
  playwright,
  baseURL,
}) => {
  const api = await Api.ofNewcomer(page, playwright, baseURL, "Ana");
  const { roomId } = await appOf(api, { "src/App.tsx": APP });
  await page.goto(`/c/${roomId}`);
  await isRunning(page);
  await page.getByRole("tab", { name: "Code" }).click();
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await caretAfter(page, "First words");
  await page.keyboard.type("<b>");
  const problems = page.getByRole("alert").filter({ hasText: "problem" });
  await expect(problems).toContainText("src/App.tsx:3");
  await expect(problems).toContainText("Below is the last version that worked.");
  await expect(heading(page)).toHaveText("First words");
  await expect(page.locator(".cm-problem")).toHaveCount(1);
  await shot(page, "edit-mistake");
  // F8 goes to it, from anywhere.
  await page.getByRole("textbox", { name: "Message" }).focus();
  await page.keyboard.press("F8");
  await expect(editor(page)).toBeFocused();
  await page.keyboard.press("End");
  await caretAfter(page, "First words<b>");
  for (let step = 0; step < 3; step += 1) await page.keyboard.press("Backspace");
  await expect(problems).toBeHidden();
  await expect(page.locator(".cm-problem")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Done" })).toBeVisible();
});

test("a newer version that comes meanwhile is told of, and nothing is lost", { tag: "@look" }, async ({
  page,
  playwright,
  baseURL,
}) => {
  const api = await Api.ofNewcomer(page, playwright, baseURL, "Ana");
  const { roomId, id } = await appOf(api, { "src/App.tsx": APP });
  await page.goto(`/c/${roomId}`);
  await isRunning(page);
  await page.getByRole("tab", { name: "Code" }).click();
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await caretAfter(page, "First words");
  await page.keyboard.type(" of mine");
  await write(api, id, { "src/App.tsx": APP.replace("First", "Newer") });
  await expect(page.getByText("You are changing an earlier one.")).toBeVisible();
  await expect(editor(page)).toContainText("First words of mine");
  // The newer one is looked at, and the way back is there.
  await page.locator(".artifact").last().click();
  await expect(heading(page)).toHaveText("Newer words");
  await page.getByRole("button", { name: "Go back to it" }).click();
  await page.getByRole("tab", { name: /^Code/ }).click();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const question = page.getByRole("dialog", { name: "Save beside the newer version?" });
  await shot(page, "edit-newer");
  await question.getByRole("button", { name: "Keep editing" }).click();
  expect(await api.ofRoom(roomId)).toHaveLength(3);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await question.getByRole("button", { name: "Save as the newest" }).click();
  await expect(page.locator(".artifact").last()).toContainText("v3");
  await expect(page.locator(".artifact").last()).toHaveAttribute("aria-current", "true");
  await expect(heading(page)).toHaveText("First words of mine");
});

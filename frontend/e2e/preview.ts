// A generated app in the browser, and versions of it that a test wrote: by the same call that saves a change by hand.

import { expect, type FrameLocator, type Page } from "@playwright/test";
import type { Api } from "./api";
import { newPerson, type Person, register } from "./fixtures";

export const app = (page: Page): FrameLocator => page.frameLocator('iframe[data-state="live"]');

export async function isRunning(page: Page): Promise<void> {
  await expect(page.locator(".preview .pane-foot")).toContainText("Running", { timeout: 30_000 });
}

/** Asks for it as an app, and waits until it is made. */
export async function make(page: Page, prompt: string): Promise<{ person: Person; roomId: string }> {
  const person = newPerson("Ana");
  await register(page, person);
  await page.getByRole("textbox", { name: "Message" }).fill(prompt);
  await page.getByRole("radio", { name: "App", exact: true }).click();
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.locator(".artifact")).toBeVisible({ timeout: 120_000 });
  return { person, roomId: page.url().slice(page.url().lastIndexOf("/") + 1) };
}

/** Writes files into a version, one version each, and gives the id of the last. */
export async function write(api: Api, id: string, files: Record<string, string>): Promise<string> {
  let last = id;
  for (const [path, text] of Object.entries(files)) last = await api.putFile(last, path, text);
  return last;
}

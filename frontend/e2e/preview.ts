// A generated app in the browser: what runs in the frame, and how a test gets an app of its own into it. It writes the files into
// a version by the call that keeps a change by hand, so nothing in the product is there for tests alone.
import { expect, type FrameLocator, type Page } from "@playwright/test";
import type { Api } from "./api";

/** What the user looks at: the frame that has painted. */
export function app(page: Page): FrameLocator {
  return page.frameLocator('iframe[data-state="live"]');
}

export async function isRunning(page: Page): Promise<void> {
  await expect(page.locator(".preview .pane-foot")).toContainText("Running", { timeout: 30_000 });
}

/** An app with these files, in a conversation of its own. */
export async function appOf(api: Api, files: Record<string, string>): Promise<{ roomId: string; id: string }> {
  const roomId = await api.room("An app");
  const empty = await api.stopped(roomId);
  return { roomId, id: await write(api, empty, files) };
}

/** Writes files into a version, each as a version of its own, and gives the id of the last. */
export async function write(api: Api, id: string, files: Record<string, string>): Promise<string> {
  let last = id;
  for (const [path, text] of Object.entries(files)) last = await api.putFile(last, path, text);
  return last;
}

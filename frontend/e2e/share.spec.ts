// A thing is made, its link is copied, somebody without an account reads it, and the link is ended.
import AxeBuilder from "@axe-core/playwright";
import { expect, newPerson, register, shot, test } from "./fixtures";

test("a link shows the work to a stranger until it is ended", async ({ page, browser }) => {
  await register(page, newPerson("Mira"));
  await page.getByRole("textbox", { name: "Message" }).fill("A todo app with due dates");
  await page.getByRole("textbox", { name: "Message" }).press("Enter");
  await expect(page.locator(".artifact")).toBeVisible({ timeout: 120_000 });
  await page.getByRole("button", { name: "Share" }).click();
  await shot(page, "share-menu");
  await page.getByRole("menuitem", { name: "Copy a link" }).click();
  await expect(page.getByText("Link copied.")).toBeVisible();
  const { pathname } = new URL(await page.evaluate(() => navigator.clipboard.readText()));
  expect(pathname).toMatch(/^\/s\/[\w-]{43}$/);

  const stranger = await browser.newContext();
  try {
    const visit = await stranger.newPage();
    const faults: string[] = [];
    visit.on("console", (message) => {
      if (message.type() === "error") faults.push(message.text());
    });
    await visit.goto(pathname);
    await expect(visit.getByRole("heading", { level: 1 })).toHaveText("Todo app with due dates");
    await expect(visit.getByText("A todo app with due dates")).toBeVisible();
    await expect(visit.locator(".shared-files .code")).toContainText("export default");
    await expect(visit.getByRole("textbox")).toHaveCount(0);
    for (const [name, width, height] of [
      ["wide", 1440, 900],
      ["narrow", 360, 740],
    ] as const) {
      await visit.setViewportSize({ width, height });
      await shot(visit, `shared-${name}`);
      expect(await visit.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
      const { violations } = await new AxeBuilder({ page: visit }).analyze();
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`)).toEqual([]);
    }
    const archive = visit.waitForEvent("download");
    await visit.getByRole("button", { name: "Download .zip" }).click();
    expect((await archive).suggestedFilename()).toMatch(/\.zip$/);
    expect(faults).toEqual([]);

    await page.getByRole("button", { name: "Share" }).click();
    await page.getByRole("menuitem", { name: "End the link" }).click();
    await expect(page.getByText("No link leads here any more.")).toBeVisible();
    await visit.reload();
    await expect(visit.getByRole("heading", { name: "This link has ended" })).toBeVisible();
  } finally {
    await stranger.close();
  }
});

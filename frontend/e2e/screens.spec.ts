// Every screen, wide and narrow, light and dark: no serious accessibility fault, no sideways scroll. Which servers are behind
// it changes nothing of a look: the tests with this tag are run against one.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, newPerson, register, shot, test } from "./fixtures";

for (const look of [
  { name: "light", width: 1440, height: 900, scheme: "light" },
  { name: "dark", width: 1440, height: 900, scheme: "dark" },
  { name: "narrow", width: 360, height: 740, scheme: "light" },
] as const) {
  test(`screens, ${look.name}`, { tag: "@look" }, async ({ page }) => {
    await page.setViewportSize({ width: look.width, height: look.height });
    await page.emulateMedia({ colorScheme: look.scheme, reducedMotion: "reduce" });
    const check = async (name: string) => {
      await shot(page, `${look.name}-${name}`);
      await fits(page);
      await accessible(page);
    };
    await page.goto("/sign-in");
    await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
    await check("sign-in");
    await register(page, newPerson("Mira"));
    await check("home-first");

    await page.getByRole("button", { name: "An API for lending tools" }).click();
    await expect(page.getByRole("textbox", { name: "Message" }), "an example fills the box").toHaveValue(
      "An API for lending tools",
    );
    await page.reload();
    await expect(page.getByRole("textbox", { name: "Message" }), "a draft survives a reload").toHaveValue(
      "An API for lending tools",
    );
    await page.getByRole("textbox", { name: "Message" }).press("Enter");
    await expect(page.locator(".file").first()).toBeVisible({ timeout: 60_000 });
    await check("writing");
    await expect(page.locator(".artifact")).toBeVisible({ timeout: 120_000 });
    await check("ready");
    await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
    if (look.width < 641) {
      await page.getByRole("button", { name: "Code", exact: true }).click();
      await check("code");
    }
    await page.goto("/library");
    await expect(page.locator(".lib-table tbody tr")).toHaveCount(1);
    await check("library");
    await page.getByRole("button", { name: /^Delete/ }).click();
    await expect(page.getByText("Everything you make is kept here")).toBeVisible();
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(page.locator(".lib-table tbody tr")).toHaveCount(1);
    await page.goto("/library?q=zebra");
    await expect(page.getByText('Nothing matches "zebra"')).toBeVisible();
    await page.goto("/");
    await expect(page.getByRole("heading", { name: "Recent" })).toBeVisible();
    await check("home");
  });
}

async function fits(page: Page): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
}

async function accessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`)).toEqual([]);
}

// The pane around a running app: its theme, its whole screen, its own window, its keys, and that all of it can be used by everybody.
// What is behind the gateway changes nothing of it: tests with the tag are run against one kind of server.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { Api } from "./api";
import { expect, shot, test } from "./fixtures";
import { app, appOf, isRunning, write } from "./preview";

const THEMED = `export default function App() {
  return <main className="min-h-screen bg-white p-8 text-black dark:bg-black dark:text-white">
    <h1 className="text-2xl">Themed</h1><button onClick={() => { throw new Error("It broke") }}>Break</button>
    <label>Name <input /></label></main>
}
`;

test("the app has a theme, a whole screen and a window of its own", { tag: "@look" }, async ({
  page,
  context,
  playwright,
  baseURL,
}) => {
  const api = await Api.ofNewcomer(page, playwright, baseURL, "Ana");
  const { roomId } = await appOf(api, { "src/App.tsx": THEMED });
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto(`/c/${roomId}`);
  await isRunning(page);
  const main = app(page).getByRole("main");
  await expect(main).toHaveCSS("background-color", "rgb(255, 255, 255)");
  await page.getByRole("button", { name: "Dark theme" }).click();
  await expect(main).toHaveCSS("background-color", "rgb(0, 0, 0)");
  await page.getByRole("button", { name: "Reload the app" }).click();
  await isRunning(page);
  await expect(main).toHaveCSS("background-color", "rgb(0, 0, 0)");
  await page.getByRole("button", { name: "Light theme" }).click();
  await expect(main).toHaveCSS("background-color", "rgb(255, 255, 255)");

  const isFull = () => page.evaluate(() => document.fullscreenElement?.getAttribute("aria-label") ?? "");
  await page.getByRole("button", { name: "Full screen" }).click();
  await expect.poll(isFull).toMatch(/^Preview of /);
  await expect(app(page).getByRole("heading", { name: "Themed" })).toBeVisible();
  await page.getByRole("button", { name: "Full screen" }).click();
  await expect.poll(isFull).toBe("");

  const opened = context.waitForEvent("page");
  await page.getByRole("link", { name: "Open in a window of its own" }).click();
  const window = await opened;
  await expect(app(window).getByRole("heading", { name: "Themed" })).toBeVisible();
  await expect(window.getByRole("textbox", { name: "Message" })).toHaveCount(0);
  await expect(app(page).getByRole("heading", { name: "Themed" })).toBeVisible();
  await window.close();
});

test("the pane has keys, which work in the app too", { tag: "@look" }, async ({ page, playwright, baseURL }) => {
  const api = await Api.ofNewcomer(page, playwright, baseURL, "Ana");
  const { roomId } = await appOf(api, { "src/App.tsx": THEMED });
  await page.goto(`/c/${roomId}`);
  await isRunning(page);
  const tab = (name: string) => page.getByRole("tab", { name, exact: true });
  await page.keyboard.press("Control+2");
  await expect(tab("Code")).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Control+3");
  await expect(tab("Details")).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Control+1");
  await expect(tab("Preview")).toHaveAttribute("aria-selected", "true");
  // Into the app, and with the same key out of it.
  await expect(page.locator('iframe[data-state="live"]')).toBeFocused();
  // The frame is a process of its own: it hears of its focus a little later than the page.
  const body = app(page).locator("body");
  await expect.poll(() => body.evaluate(() => document.hasFocus())).toBe(true);
  await page.keyboard.press("Tab");
  await expect(app(page).getByRole("button", { name: "Break" })).toBeFocused();
  await page.keyboard.press("Control+1");
  await expect(tab("Preview")).toBeFocused();

  await app(page).getByRole("textbox", { name: "Name" }).click();
  await page.keyboard.press("Control+2");
  await expect(tab("Code")).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Control+1");
  // A digit by itself is the app's.
  await app(page).getByRole("textbox", { name: "Name" }).fill("");
  await page.keyboard.press("2");
  await expect(app(page).getByRole("textbox", { name: "Name" })).toHaveValue("2");

  await app(page).getByRole("button", { name: "Break" }).click();
  await expect(page.getByRole("alert")).toContainText("It broke");
  await page.keyboard.press("F8");
  await expect(page.locator(".code li.hit")).toHaveAttribute("data-line", "3");
});

test("an app that presses keys by itself moves nothing", { tag: "@look" }, async ({ page, playwright, baseURL }) => {
  const api = await Api.ofNewcomer(page, playwright, baseURL, "Eve");
  // It gets hold of the port, and says what the frame's own script would say.
  const { roomId } = await appOf(api, {
    "src/App.tsx": `const post = MessagePort.prototype.postMessage
let port
MessagePort.prototype.postMessage = function (message) { port = this; return post.call(this, message) }
document.addEventListener("keydown", (event) => { if (!event.isTrusted) console.log("forged", event.key) })
const attack = () => { for (const key of ["2", "s", "f8"]) post.call(port, { type: "key", key }); console.log("pressed") }
console.log("ready")
setTimeout(attack, 500)
export default () => <p>An app</p>
`,
  });
  await page.goto(`/c/${roomId}`);
  await isRunning(page);
  await page.getByRole("button", { name: "Console" }).click();
  await expect(page.getByRole("log", { name: "What the app wrote" })).toContainText("pressed");
  await expect(page.getByRole("tab", { name: "Preview" })).toHaveAttribute("aria-selected", "true");
});

for (const look of [
  { name: "light", width: 1440, height: 900, scheme: "light" },
  { name: "dark", width: 1440, height: 900, scheme: "dark" },
  { name: "narrow", width: 360, height: 740, scheme: "light" },
  { name: "narrow-dark", width: 360, height: 740, scheme: "dark" },
] as const) {
  test(`preview and editor, ${look.name}`, { tag: "@look" }, async ({ page, playwright, baseURL }) => {
    const api = await Api.ofNewcomer(page, playwright, baseURL, "Ana");
    const { roomId, id } = await appOf(api, { "src/App.tsx": THEMED });
    await page.setViewportSize({ width: look.width, height: look.height });
    await page.emulateMedia({ colorScheme: look.scheme, reducedMotion: "reduce" });
    await page.goto(`/c/${roomId}`);
    const isNarrow = look.width < 641;
    if (isNarrow) await page.getByRole("button", { name: "App", exact: true }).click();
    await isRunning(page);
    const check = async (name: string) => {
      await shot(page, `${look.name}-${name}`);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
      await accessible(page);
    };
    await app(page).getByRole("button", { name: "Break" }).click();
    await expect(page.getByRole("alert")).toContainText("It broke");
    await page.getByRole("button", { name: "Console" }).click();
    await check("preview");
    await page.getByRole("tab", { name: "Code" }).click();
    await page.getByRole("button", { name: "Edit", exact: true }).click();
    const editor = page.locator(".cm-content");
    await expect(editor).toBeFocused();
    await page.keyboard.press("Control+End");
    await page.keyboard.type("<");
    await expect(page.locator(".cm-problem")).toHaveText("<");
    await write(api, id, { "src/App.tsx": THEMED.replace("Themed", "Newer") });
    await expect(page.getByText("You are changing an earlier one.")).toBeVisible();
    await check("editor");
    if (isNarrow) await expect(page.getByRole("status", { name: "What is wrong" })).toContainText("src/App.tsx:");
  });
}

async function accessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`)).toEqual([]);
}

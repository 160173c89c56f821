// An app runs beside the conversation: it can be used, it says what is wrong with it, and it can hang without harm.
import { Api } from "./api";
import { expect, shot, test } from "./fixtures";
import { app, isRunning, make, write } from "./preview";

test("a prompt becomes an app that can be used", async ({ page }) => {
  await make(page, "a todo app with due dates");
  // It was seen being written; now it is there by itself.
  await expect(page.getByRole("tab", { name: "Preview" })).toHaveAttribute("aria-selected", "true");
  await isRunning(page);
  await shot(page, "preview-app");
  const todos = app(page);
  await todos.getByRole("button", { name: "Add todo" }).first().click();
  await todos.getByLabel("Title").fill("Feed the heron");
  await todos
    .getByRole("button", { name: /^(?:Save|Add)/ })
    .last()
    .click();
  await expect(todos.getByText("Feed the heron")).toBeVisible();

  // It goes on where it was while its code is read, and begins anew when that is asked for.
  await page.getByRole("tab", { name: "Code" }).click();
  await expect(page.getByRole("treeitem", { name: "App.tsx", exact: true })).toBeVisible();
  await page.getByRole("tab", { name: "Preview" }).click();
  await expect(todos.getByText("Feed the heron")).toBeVisible();
  await page.getByRole("button", { name: "Phone, 360 px wide" }).click();
  await expect.poll(() => page.locator('iframe[data-state="live"]').evaluate((frame) => frame.clientWidth)).toBe(360);
  await page.getByRole("button", { name: "Reload the app" }).click();
  await expect(todos.getByText("Feed the heron")).toBeHidden();
  await isRunning(page);
  await expect(page.locator("iframe")).toHaveAttribute("sandbox", "allow-scripts allow-forms");
});

test("a page of HTML runs, a broken version keeps the last, and a hang is recovered from", async ({
  page,
  playwright,
  baseURL,
}) => {
  const { person, roomId } = await make(page, "a counter as one plain HTML page");
  await isRunning(page);
  const page1 = app(page);
  const count = page1.locator("body");
  const before = await count.innerText();
  await page1.getByRole("button").first().click();
  await expect.poll(() => count.innerText()).not.toBe(before);
  await shot(page, "preview-html");

  // A version that says what is wrong with it, by file and line, over the last one that worked.
  const api = await Api.signIn(playwright, baseURL ?? "", person);
  const [made] = await api.ofRoom(roomId);
  const good = await write(api, made?.id ?? "", {
    "src/Parts.tsx": "export const Title = () => <h1>All is well</h1>\n",
    "src/App.tsx": `import { Title } from "./Parts"
export default function App() {
  console.log("started", { at: 1 })
  return <main className="p-4"><Title /><button className="rounded-lg" onClick={() => { for (;;) {} }}>Hang</button>
    <button onClick={() => { throw new Error("It broke") }}>Break</button>
    <button onClick={() => fetch("/api/generate/history").catch((error) => { document.title = error.message; console.warn(error.message) })}>Call</button></main>
}
`,
  });
  await page.reload();
  await expect(app(page).getByRole("heading", { name: "All is well" })).toBeVisible();
  const bad = await write(api, good, { "src/Parts.tsx": "export const Title = () => (\n  <h1>All is\n)\n" });
  await page.getByRole("tab", { name: "Preview" }).press("Home");
  await page.evaluate(() => dispatchEvent(new Event("focus")));
  expect(bad).not.toBe(good);
  await page.reload();
  const problems = page.getByRole("alert").filter({ hasText: "problem" });
  await expect(problems).toContainText("src/Parts.tsx:");
  await shot(page, "preview-broken");
  // An earlier version is one click away, and stays when the broken one is opened again.
  const cards = page.locator(".artifact");
  await cards.nth(-2).click();
  await expect(app(page).getByRole("heading", { name: "All is well" })).toBeVisible();
  await cards.last().click();
  await expect(problems).toContainText("src/Parts.tsx:");
  await expect(problems).toContainText("Below is the last version that worked.");
  await expect(app(page).getByRole("heading", { name: "All is well" })).toBeVisible();
  await problems.getByRole("button", { name: /^src\/Parts\.tsx:/ }).click();
  await expect(page.locator(".code li.hit")).toBeVisible();

  // The running one tells of its errors, and asks in vain for the network.
  await cards.nth(-2).click();
  await page.getByRole("tab", { name: "Preview" }).click();
  await isRunning(page);
  await app(page).getByRole("button", { name: "Break" }).click();
  await expect(problems).toContainText("src/App.tsx:5");
  await expect(problems).toContainText("It broke");
  await app(page).getByRole("button", { name: "Call" }).click();
  await page.getByRole("button", { name: "Console" }).click();
  const written = page.getByRole("log", { name: "What the app wrote" });
  await expect(written).toContainText('"at": 1');
  await expect(written).toContainText("GET /api/generate/history was not sent");
  await shot(page, "preview-problems");

  // An endless loop holds the app, not the page.
  await app(page).getByRole("button", { name: "Hang" }).click({ noWaitAfter: true });
  await expect(page.getByText("The app does not answer.")).toBeVisible();
  await shot(page, "preview-hangs");
  await page.getByRole("button", { name: "Restart" }).click();
  await isRunning(page);
  await expect(app(page).getByRole("heading", { name: "All is well" })).toBeVisible();

  // What is wrong goes to the model as the next prompt of the conversation.
  await app(page).getByRole("button", { name: "Break" }).click();
  await problems.getByRole("button", { name: "Fix it" }).click();
  await expect(page.getByRole("article", { name: "You" }).last()).toContainText("src/App.tsx:5: It broke");
  await expect(page.getByRole("button", { name: "Stop", exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await expect(page.getByText("Stopped by you").first()).toBeVisible();
});

// An app runs beside the conversation: it can be used, it says what is wrong with it. What is behind the gateway changes nothing of
// most of it: tests with the tag are run against one kind of server.
import { Api } from "./api";
import { expect, newPerson, register, shot, test } from "./fixtures";
import { app, appOf, isRunning, write } from "./preview";

test("a prompt becomes an app that can be used", async ({ page }) => {
  await register(page, newPerson("Ana"));
  await page.getByRole("textbox", { name: "Message" }).fill("a counter");
  await page.getByRole("radio", { name: "App", exact: true }).click();
  await page.getByRole("button", { name: "Send" }).click();
  // Its code is seen while it is written; when it is whole, it is there by itself.
  await expect(page.getByRole("tab", { name: "Code" })).toHaveAttribute("aria-selected", "true");
  await expect(page.locator(".artifact")).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole("tab", { name: "Preview" })).toHaveAttribute("aria-selected", "true");
  await isRunning(page);
  await shot(page, "preview-app");
  await expect(page.locator('iframe[data-state="live"]')).toHaveAttribute("sandbox", "allow-scripts allow-forms");
  await expect(page.locator('iframe:not([sandbox="allow-scripts allow-forms"])')).toHaveCount(0);
  const number = app(page).locator("output").first();
  await expect(number).toHaveText("0");
  await app(page).getByRole("button", { name: /^More/ }).first().click();
  await expect(number).not.toHaveText("0");

  // It goes on where it was while its code is read. When that is asked for, it begins anew, with what it keeps and nothing else.
  await page.getByRole("tab", { name: "Code" }).click();
  await expect(page.getByRole("treeitem", { name: "App.tsx", exact: true })).toBeVisible();
  await page.getByRole("tab", { name: "Preview" }).click();
  await expect(number).not.toHaveText("0");
  await page.getByRole("button", { name: "Phone, 360 px wide" }).click();
  await expect.poll(() => page.locator('iframe[data-state="live"]').evaluate((frame) => frame.clientWidth)).toBe(360);
  const step = app(page).getByRole("spinbutton", { name: "Step" });
  await step.fill("3");
  await page.getByRole("button", { name: "Reload the app" }).click();
  await expect(step).toHaveValue("1");
  await expect(number).not.toHaveText("0");
});

const TITLE = 'export const Title = () => <h1 className="text-2xl font-bold">All is well</h1>\n';
const APP = `import { Title } from "./Title"
export default function App() {
  console.log("started", { at: 1 })
  return <main className="p-4"><Title />
    <button onClick={() => { throw new Error("It broke") }}>Break</button>
    <button onClick={() => fetch("/api/generate/history").catch((error) => console.warn(error.message))}>Call</button></main>
}
`;

test("problems are named, and the last good version stays", { tag: "@look" }, async ({ page, playwright, baseURL }) => {
  const api = await Api.ofNewcomer(page, playwright, baseURL, "Ana");
  const { roomId, id } = await appOf(api, { "src/Title.tsx": TITLE, "src/App.tsx": APP });
  await write(api, id, { "src/Title.tsx": "export const Title = () => (\n  <h1>All is\n)\n" });
  await page.goto(`/c/${roomId}`);
  const problems = page.getByRole("alert").filter({ hasText: "problem" });
  const heading = app(page).getByRole("heading", { name: "All is well" });
  await expect(problems).toContainText("src/Title.tsx:");
  await shot(page, "preview-broken");

  // The version before is one click away, and stays when the broken one is opened again.
  const cards = page.locator(".artifact");
  await cards.nth(-2).click();
  await expect(heading).toBeVisible();
  await expect(problems).toBeHidden();
  await cards.last().click();
  await expect(problems).toContainText("Below is the last version that worked.");
  await expect(heading).toBeVisible();
  await shot(page, "preview-stale");
  await problems.getByRole("button", { name: /^src\/Title\.tsx:/ }).click();
  await expect(page.locator(".code li.hit")).toBeVisible();

  // A running one tells of its errors, and asks in vain for the network.
  await cards.nth(-2).click();
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

  // What is wrong goes to the model as the next prompt of the conversation.
  await app(page).getByRole("button", { name: "Break" }).click();
  await problems.getByRole("button", { name: "Fix it" }).click();
  await expect(page.getByRole("article", { name: "You" }).last()).toContainText("src/App.tsx:5: It broke");
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await expect(page.getByText("Stopped by you").first()).toBeVisible();
});

test("a page of HTML runs with its own scripts and handlers", { tag: "@look" }, async ({
  page,
  playwright,
  baseURL,
  watch,
}) => {
  // The browser says of each attribute with code that it is not run; the frame runs it in another way.
  watch.allowFailure("/", "Executing inline event handler");
  const api = await Api.ofNewcomer(page, playwright, baseURL, "Ana");
  const { id } = await appOf(api, {
    "shop.js": "let sold = 0\nfunction sell(by) { sold += by; document.getElementById('sold').textContent = sold }\n",
    "shop.css": "#sold { color: rgb(1, 2, 3) }",
    "index.html": `<!doctype html><html lang="en"><head><title>Shop</title><link rel="stylesheet" href="shop.css">
<script src="https://cdn.tailwindcss.com"></script><script src="shop.js"></script></head>
<body class="p-8"><h1 class="text-3xl">Shop</h1><p id="sold">0</p><button onclick="sell(2)">Sell two</button><p id="more"></p>
<a href="https://example.com/offers">Offers</a><iframe src="https://example.com/"></iframe>
<script>document.addEventListener("DOMContentLoaded", () => { document.getElementById("sold").textContent = "none"
  document.getElementById("more").innerHTML = "<button onclick='sell(3)'>Sell three</button>" })</script>
</body></html>`,
  });
  await page.goto(`/g/${id}?view=preview`);
  const sold = app(page).locator("#sold");
  await expect(sold).toHaveText("none");
  await app(page).getByRole("button", { name: "Sell two" }).click();
  await expect(sold).toHaveText("2");
  await app(page).getByRole("button", { name: "Sell three" }).click();
  await expect(sold).toHaveText("5");
  await expect(sold).toHaveCSS("color", "rgb(1, 2, 3)");
  await expect(app(page).getByRole("heading")).toHaveCSS("font-size", "30px");
  await shot(page, "preview-html");

  // What a sandbox does not have is said, and a way out is asked about.
  await page.getByRole("button", { name: "Console" }).click();
  await expect(page.getByRole("log", { name: "What the app wrote" })).toContainText(
    '<iframe … "https://example.com/">',
  );
  await app(page).getByRole("link", { name: "Offers" }).click();
  await expect(page.getByText("https://example.com/offers")).toBeVisible();
  await page.getByRole("button", { name: "Stay here" }).click();
  await expect(page.getByText("https://example.com/offers")).toBeHidden();
});

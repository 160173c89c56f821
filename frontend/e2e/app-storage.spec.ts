// What an app keeps outlives its frame: over a reload of the page, in the next version, until it is cleared. And what it asks in
// dialogs is shown. What is behind the gateway changes nothing of it: tests with the tag are run against one kind of server.
import { Api } from "./api";
import { expect, shot, test } from "./fixtures";
import { app, appOf, isRunning, write } from "./preview";

const COUNTER = `import { useState } from "react"
export default function App() {
  const [count, setCount] = useState(Number(localStorage.getItem("count") ?? 0))
  const [step, setStep] = useState(sessionStorage.step ?? "none")
  const more = () => { localStorage.setItem("count", String(count + 1)); setCount(count + 1) }
  const next = () => { sessionStorage.step = "two"; setStep("two") }
  const fill = () => { try { localStorage.setItem("big", "x".repeat(300_000)) } catch (error) { console.log("refused", error.name) } }
  return <main className="p-4 grid gap-2"><p>{count} and {step}</p>
    <button onClick={more}>More</button><button onClick={next}>Next</button><button onClick={fill}>Fill</button></main>
}
`;

test("what an app keeps outlives its frame, and goes when it is cleared", { tag: "@look" }, async ({
  page,
  context,
  playwright,
  baseURL,
}) => {
  const api = await Api.ofNewcomer(page, playwright, baseURL, "Ana");
  const { roomId, id } = await appOf(api, { "src/App.tsx": COUNTER });
  const other = await appOf(api, { "src/App.tsx": COUNTER });
  await page.goto(`/c/${roomId}`);
  const words = app(page).locator("p");
  await expect(words).toHaveText("0 and none");
  await app(page).getByRole("button", { name: "More" }).click();
  await app(page).getByRole("button", { name: "Next" }).click();
  await expect(words).toHaveText("1 and two");
  await page.getByRole("button", { name: "Reload the app" }).click();
  await isRunning(page);
  await expect(words).toHaveText("1 and two");
  await page.reload();
  await expect(words).toHaveText("1 and two");

  // The next version goes on with it. Another window has it, but what lasts as long as a tab.
  const version = await write(api, id, { "src/App.tsx": COUNTER.replace("<p>", "<p>Now ") });
  await expect(words).toHaveText("Now 1 and two");
  const window = await context.newPage();
  await window.goto(`/g/${version}?view=preview`);
  await expect(app(window).locator("p")).toHaveText("Now 1 and none");
  await window.close();

  // Another app has nothing of it.
  await page.goto(`/c/${other.roomId}`);
  await expect(words).toHaveText("0 and none");
  await page.goBack();

  // More than there is room for is refused to the app itself.
  await app(page).getByRole("button", { name: "Fill" }).click();
  await page.getByRole("button", { name: "Console" }).click();
  await expect(page.getByRole("log", { name: "What the app wrote" })).toContainText("refused QuotaExceededError");

  await page.getByRole("button", { name: "More of the preview" }).click();
  await page.getByRole("menuitem", { name: "Clear what the app keeps: 2 values" }).click();
  await expect(words).toHaveText("Now 0 and none");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(words).toHaveText("Now 1 and two");
});

const ASKING = `import { useState } from "react"
export default function App() {
  const [said, setSaid] = useState("nothing yet")
  return <main className="p-4"><p>{said}</p>
    <button onClick={() => setSaid(confirm("Delete all?") ? "deleted" : "kept")}>Delete</button>
    <button onClick={() => alert("Saved")}>Save</button></main>
}
`;

test("what an app asks is shown with what it was answered, which can be another answer", { tag: "@look" }, async ({
  page,
  playwright,
  baseURL,
}) => {
  const api = await Api.ofNewcomer(page, playwright, baseURL, "Ana");
  const { id } = await appOf(api, { "src/App.tsx": ASKING });
  await page.goto(`/g/${id}?view=preview`);
  await app(page).getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("status").filter({ hasText: "The app says: Saved" })).toBeVisible();
  await app(page).getByRole("button", { name: "Delete" }).click();
  await expect(app(page).getByText("deleted", { exact: true })).toBeVisible();
  const asked = page.getByRole("status").filter({ hasText: "Delete all?" });
  await expect(asked).toContainText("was answered: OK");
  await shot(page, "preview-dialog");
  await asked.getByRole("button", { name: "Answer Cancel from now on" }).click();
  await app(page).getByRole("button", { name: "Delete" }).click();
  await expect(app(page).getByText("kept", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Console" }).click();
  const written = page.getByRole("log", { name: "What the app wrote" });
  await expect(written).toContainText("alert: Saved");
  await expect(written).toContainText("confirm: Delete all? (answered with OK)");
  await expect(written).toContainText("confirm: Delete all? (answered with Cancel)");
});

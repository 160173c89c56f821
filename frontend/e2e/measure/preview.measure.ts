// From being asked for to being painted, for a small app and for one with charts and icons: the first on a page that was just
// opened in a new browser profile, the next ones on the same page, and from a key in the editor to the app that has it.
import type { Browser, Page } from "@playwright/test";
import { Api } from "../api";
import { newPerson, register, signIn, test } from "../fixtures";
import { app, appOf, isRunning, write } from "../preview";

const FIRST = 3;
const NEXT = 6;
const KEYS = 6;
/** Somebody looks at what has changed before they change more. */
const LOOK_MS = 1_500;

const SMALL = `import { useState } from "react"
export default function App() {
  const [n, setN] = useState(0)
  return <main className="p-8"><h1 className="text-2xl font-bold">Counter</h1>
    <button className="rounded bg-blue-600 px-4 py-2 text-white" onClick={() => setN(n + 1)}>{n}</button></main>
}
`;

const CHART = {
  "src/data.ts": `export const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug"].map((name, at) => ({
  name, sold: 40 + ((at * 37) % 50), sent: 30 + ((at * 53) % 40) }))
`,
  "src/Card.tsx": `import type { ReactNode } from "react"
export function Card({ title, icon, children }: { title: string; icon: ReactNode; children: ReactNode }) {
  return <section className="rounded-xl border border-slate-200 bg-white p-4 shadow-sm">
    <h2 className="mb-2 flex items-center gap-2 text-sm font-medium text-slate-600">{icon}{title}</h2>{children}</section>
}
`,
  "src/App.tsx": `import { Activity, BarChart3, Bell, Package, Settings, TrendingUp, Truck, Users } from "lucide-react"
import { Area, AreaChart, Bar, BarChart, CartesianGrid, Legend, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts"
import { Card } from "./Card"
import { months } from "./data"
const icons = [Activity, Bell, Package, Settings, Truck, Users]
export default function App() {
  return <main className="min-h-screen bg-slate-50 p-6"><h1 className="text-2xl font-bold">Board</h1>
    <div className="my-4 flex gap-3">{icons.map((Icon, at) => <Icon key={at} className="size-5 text-indigo-600" />)}</div>
    <div className="grid gap-4 md:grid-cols-2">
      <Card title="Sold" icon={<TrendingUp size={16} />}><ResponsiveContainer width="100%" height={220}>
        <AreaChart data={months}><CartesianGrid strokeDasharray="3 3" /><XAxis dataKey="name" /><YAxis /><Tooltip />
          <Area dataKey="sold" stroke="#6366f1" fill="#c7d2fe" /></AreaChart></ResponsiveContainer></Card>
      <Card title="Sent" icon={<BarChart3 size={16} />}><ResponsiveContainer width="100%" height={220}>
        <BarChart data={months}><XAxis dataKey="name" /><YAxis /><Legend /><Bar dataKey="sent" fill="#0ea5e9" /></BarChart>
      </ResponsiveContainer></Card>
    </div></main>
}
`,
};

for (const { name, files, heading } of [
  { name: "small app", files: { "src/App.tsx": SMALL }, heading: "Counter" },
  { name: "app with charts", files: CHART, heading: "Board" },
]) {
  test(name, async ({ browser, page, playwright, baseURL }) => {
    const ana = newPerson("Ana");
    await register(page, ana);
    const api = await Api.signIn(playwright, baseURL ?? "", ana);
    const { roomId, id } = await appOf(api, files);
    const first: number[] = [];
    for (let time = 0; time < FIRST; time += 1)
      first.push(await firstTime(browser, `/c/${roomId}`, ana, baseURL ?? ""));
    await write(api, id, { "src/App.tsx": (files["src/App.tsx"] ?? "").replace(heading, `${heading} two`) });
    await page.goto(`/c/${roomId}`);
    await isRunning(page);
    const cards = page.locator(".artifact");
    const next: number[] = [];
    for (let time = 0; time < NEXT; time += 1) {
      await page.waitForTimeout(LOOK_MS);
      await cards.nth(time % 2 === 0 ? -2 : -1).click();
      await app(page)
        .getByRole("heading", { name: time % 2 === 0 ? heading : `${heading} two`, exact: true })
        .waitFor();
      next.push(await painted(page));
    }
    await page.getByRole("tab", { name: "Code" }).click();
    await page.getByRole("treeitem", { name: "App.tsx", exact: true }).click();
    await page.getByRole("button", { name: "Edit", exact: true }).click();
    await page.locator(".cm-line").filter({ hasText: heading }).click();
    await page.keyboard.press("Control+End");
    const keys: number[] = [];
    for (let time = 0; time < KEYS; time += 1) keys.push(await keyToApp(page));
    console.log(`${name}: first ${words(first)}, next ${words(next)}, from a key to the app ${words(keys)}`);
  });
}

/** The page says it at the foot of the preview. */
async function painted(page: Page): Promise<number> {
  await isRunning(page);
  const text = (await page.locator(".preview .pane-foot").textContent()) ?? "";
  return Number(/painted in ([\d.]+) s/.exec(text)?.[1]);
}

async function firstTime(browser: Browser, path: string, person: ReturnType<typeof newPerson>, baseURL: string) {
  const context = await browser.newContext({ baseURL, viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.goto(path);
  await signIn(page, person);
  const ms = await painted(page);
  await context.close();
  return ms;
}

/** A space behind the last line, and how long until another frame has taken the place of the one before. */
async function keyToApp(page: Page): Promise<number> {
  const measured = await page.evaluateHandle(() => {
    const result = new Promise<number>((resolve) => {
      let pressed = 0;
      const onKey = () => {
        pressed = performance.now();
      };
      addEventListener("keydown", onKey, { once: true, capture: true });
      const before = document.querySelector('iframe[data-state="live"]');
      const watch = new MutationObserver(() => {
        const now = document.querySelector('iframe[data-state="live"]');
        if (pressed === 0 || now === null || now === before || before?.isConnected) return;
        watch.disconnect();
        resolve((performance.now() - pressed) / 1000);
      });
      watch.observe(document.body, { attributes: true, childList: true, subtree: true });
    });
    // Not the promise itself: it would be waited for, before the key is pressed.
    return { result };
  });
  await page.waitForTimeout(LOOK_MS);
  await page.keyboard.type(" ");
  return measured.evaluate(({ result }) => result);
}

function words(times: number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number) => (sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN).toFixed(2);
  return `${at(0.5)} s (${at(0)} to ${at(1)}, ${sorted.length} times)`;
}

// A hostile app reaches nobody: neither over TCP nor over UDP, neither the page nor the server. And that it would be seen if it did.
import { test as bare, expect } from "@playwright/test";
import { framePage } from "../preview/frame";
import { Api } from "./api";
import { attackOn, lastTries } from "./attack";
import { newPerson, register } from "./fixtures";
import { app, appOf, isRunning, write } from "./preview";
import { bareness, Sink } from "./sinks";

// A recording asks every frame for a picture, and waits for those that hang.
bare.use({ trace: "off", screenshot: "off" });

const SHOW = "export default function App() { return <p>An app</p> }\n";
/** An app with a button that runs this, a little later: a click that takes its own page away would not end. */
const leave = (code: string) =>
  `export default () => <button onClick={() => setTimeout(() => { ${code} }, 300)}>Leave</button>\n`;

bare("an attack from the frame reaches nobody", async ({ page, context, playwright, baseURL }) => {
  const origin = new URL(baseURL ?? "").origin;
  const [sink, control] = [await Sink.open(), await Sink.open()];
  const open = await bareness(`${attackOn(control.url)}\nattack()`);
  try {
    const eve = newPerson("Eve");
    await register(page, eve);
    const api = await Api.signIn(playwright, baseURL ?? "", eve);
    const { id } = await appOf(api, {
      "src/attack.js": `${attackOn(sink.url)}\nsetTimeout(attack, 0)\n`,
      "src/App.tsx": `import "./attack"\n${SHOW}`,
    });
    const answered: string[] = [];
    page.on("response", (response) => {
      const isOutside = !response.url().startsWith(origin) && !response.url().startsWith("blob:");
      if (isOutside || response.url().includes("attack")) answered.push(response.url());
    });
    const pages = context.pages().length;
    await page.goto(`/g/${id}?view=preview`);
    await page.getByRole("button", { name: "Console" }).click();
    const written = page.getByRole("log", { name: "What the app wrote" });
    await expect(written).toContainText("ATTACKS DONE");
    const lines = (await written.locator("li").allTextContents()).filter((line) => line.startsWith("ATTACK "));
    expect(lines.length).toBeGreaterThan(35);
    expect(lines.filter((line) => !line.includes(": blocked "))).toEqual([]);
    for (const last of lastTries(sink.url)) {
      const version = await write(api, id, { "src/App.tsx": leave(last) });
      await page.goto(`/g/${version}?view=preview`);
      await app(page).getByRole("button", { name: "Leave" }).click();
      // What is left of the frame answers no more.
      await expect(page.getByText("The app does not answer.")).toBeVisible();
      expect(page.url()).toBe(`${origin}/g/${version}?view=preview`);
    }
    expect(context.pages()).toHaveLength(pages);

    // The same without the frame: each sink sees it. What the frame had sent before would have been seen by now too.
    const outside = await (await context.browser()?.newContext())?.newPage();
    await outside?.goto(open.url);
    await expect.poll(() => control.packets, { message: "UDP" }).toBeGreaterThan(0);
    for (const path of ["GET /xhr", "GET /fetch", "GET /image", "GET /script.js", "GET /dynamic.js", "POST /beacon"]) {
      await expect.poll(() => control.requests).toContain(path);
    }
    expect(control.connections).toBeGreaterThan(0);
    await outside?.context().close();
    expect({ requests: sink.requests, connections: sink.connections, packets: sink.packets, answered }).toEqual({
      requests: [],
      connections: 0,
      packets: 0,
      answered: [],
    });
  } finally {
    open.close();
    sink.close();
    control.close();
  }
});

bare("an app that hangs holds nothing but itself", { tag: "@look" }, async ({ page, playwright, baseURL }) => {
  const ana = newPerson("Ana");
  await register(page, ana);
  const api = await Api.signIn(playwright, baseURL ?? "", ana);
  const hang = "<button onClick={() => setTimeout(() => { for (;;) {} }, 300)}>Hang</button>";
  const { id } = await appOf(api, { "src/App.tsx": `export default () => <main>${hang}</main>\n` });
  await page.goto(`/g/${id}?view=preview`);
  await isRunning(page);
  await app(page).getByRole("button", { name: "Hang" }).click();
  await expect(page.getByText("The app does not answer.")).toBeVisible();
  await page.getByRole("button", { name: "Restart" }).click();
  await isRunning(page);
  await expect(app(page).getByRole("button", { name: "Hang" })).toBeVisible();
});

bare("the frame and the page say what they may do", async ({ request, baseURL }) => {
  const { host } = new URL(baseURL ?? "");
  const frame = await request.get("/preview/frame");
  expect(frame.status()).toBe(200);
  const { html, headers } = framePage();
  expect(await frame.text()).toBe(html);
  for (const [name, value] of Object.entries(headers)) expect(frame.headers()[name.toLowerCase()], name).toBe(value);
  expect(frame.headers()["x-frame-options"]).toBeUndefined();
  const page = await request.get("/sign-in");
  const policy = page.headers()["content-security-policy"]?.split("; ") ?? [];
  expect(policy).toContain(`frame-src ${host}/preview/`);
  expect(policy).toContain("worker-src 'self'");
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(policy).toContain("frame-ancestors 'none'");
});

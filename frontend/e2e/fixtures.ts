// A page that fails its test on what a user never sees: console errors (policy violations are among them),
// unhandled rejections, and any request to another origin.
import { test as base, expect, type Page } from "@playwright/test";

interface Watch {
  /** A failing call that the test means to cause, such as a 401 for a wrong password: what `path` begins with. */
  allowFailure: (path: string, words: string) => void;
}

export const test = base.extend<{ watch: Watch }>({
  watch: [
    async ({ page, baseURL }, use) => {
      const origin = new URL(baseURL ?? "").origin;
      const problems: string[] = [];
      const allowed: { path: string; words: string }[] = [];
      page.on("console", (message) => {
        if (message.type() !== "error") return;
        // A socket that could not be opened is named in the text, and any other failing call by its place.
        const url = /'(wss?:[^']+)'/.exec(message.text())?.[1] ?? message.location().url;
        // A script of an app goes by the name of its file, which is no address by itself.
        const { pathname } = new URL(url, origin);
        const expected = allowed.some(({ path, words }) => pathname.startsWith(path) && message.text().includes(words));
        if (!expected) problems.push(`console: ${message.text()} ${url}`);
      });
      page.on("pageerror", (error) => problems.push(`page: ${error.message}`));
      page.on("request", (request) => {
        const { protocol, origin: to } = new URL(request.url());
        if (protocol !== "data:" && protocol !== "blob:" && to !== origin) problems.push(`outside: ${request.url()}`);
      });
      page.on("websocket", (socket) => {
        if (new URL(socket.url()).host !== new URL(origin).host) problems.push(`outside: ${socket.url()}`);
      });
      await use({ allowFailure: (path, words) => allowed.push({ path, words }) });
      expect(problems).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

export interface Person {
  name: string;
  email: string;
  password: string;
}

export function newPerson(name: string): Person {
  const mark = `${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}`;
  return { name, email: `${name.toLowerCase()}.${mark}@keller.example`, password: `quiet copper ${mark} harbour` };
}

export async function register(page: Page, person: Person): Promise<void> {
  await page.goto("/register");
  await page.getByLabel("Name").fill(person.name);
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { name: "What do you want to make?" })).toBeVisible();
}

export async function signIn(page: Page, person: Person, password = person.password): Promise<void> {
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

export async function signOut(page: Page): Promise<void> {
  await page
    .getByRole("button", { name: /^Account and theme/ })
    .first()
    .click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
}

export async function shot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `test-results/shots/${name}.png` });
}

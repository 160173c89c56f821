// The same account over REST, as another program would see it: what the screen shows is compared with this.
import { type APIRequestContext, expect, type Page, type PlaywrightWorkerArgs } from "@playwright/test";
import { newPerson, type Person, register } from "./fixtures";

export interface ApiGeneration {
  id: string;
  status: string;
  result: string;
  metadata: { files: { path: string }[] };
}

export class Api {
  private readonly context: APIRequestContext;
  private readonly token: string;

  private constructor(context: APIRequestContext, token: string) {
    this.context = context;
    this.token = token;
  }

  static async signIn(playwright: PlaywrightWorkerArgs["playwright"], baseURL: string, person: Person): Promise<Api> {
    const context = await playwright.request.newContext({ baseURL });
    const answer = await context.post("/api/auth/login", { data: { email: person.email, password: person.password } });
    expect(answer.status()).toBe(200);
    const { accessToken } = (await answer.json()) as { accessToken: string };
    return new Api(context, accessToken);
  }

  /** That of somebody who has just registered on this page. */
  static async ofNewcomer(
    page: Page,
    playwright: PlaywrightWorkerArgs["playwright"],
    baseURL: string | undefined,
    name: string,
  ): Promise<Api> {
    const person = newPerson(name);
    await register(page, person);
    return Api.signIn(playwright, baseURL ?? "", person);
  }

  async ofRoom(roomId: string): Promise<ApiGeneration[]> {
    const page = await this.get<{ items: ApiGeneration[] }>(`/api/generate/history?roomId=${roomId}`);
    return page.items;
  }

  generation(id: string): Promise<ApiGeneration> {
    return this.get(`/api/generate/history/${id}`);
  }

  async room(name: string): Promise<string> {
    const room = await this.post<{ id: string }>("/api/rooms", { name });
    return room.id;
  }

  /** A generation of an app in this room that was stopped before it had a file. */
  async stopped(roomId: string): Promise<string> {
    const { id } = await this.post<{ id: string }>(
      "/api/generate/ui",
      { prompt: "An app", roomId, cache: false },
      true,
    );
    await this.context.post(`/api/generate/history/${id}/cancel`, { headers: this.headers() });
    await expect.poll(async () => (await this.generation(id)).status).toMatch(/cancelled|completed/);
    return id;
  }

  /** A new version of it, in which this file holds the text. */
  async putFile(id: string, path: string, text: string): Promise<string> {
    const answer = await this.context.put(`/api/generate/history/${id}/files/${path}`, {
      headers: { ...this.headers(), "Content-Type": "text/plain" },
      data: text,
    });
    expect(answer.status()).toBe(201);
    return ((await answer.json()) as { id: string }).id;
  }

  private async get<T>(path: string): Promise<T> {
    const answer = await this.context.get(path, { headers: this.headers() });
    expect(answer.status()).toBe(200);
    return (await answer.json()) as T;
  }

  private async post<T>(path: string, data: object, later = false): Promise<T> {
    const headers = later ? { ...this.headers(), Prefer: "respond-async" } : this.headers();
    const answer = await this.context.post(path, { headers, data });
    expect(answer.ok()).toBe(true);
    return (await answer.json()) as T;
  }

  private headers(): Record<string, string> {
    return { Authorization: `Bearer ${this.token}` };
  }
}

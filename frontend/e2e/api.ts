// The same account over REST, as another program would see it: what the screen shows is compared with this.
import { type APIRequestContext, expect, type PlaywrightWorkerArgs } from "@playwright/test";
import type { Person } from "./fixtures";

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

  async ofRoom(roomId: string): Promise<ApiGeneration[]> {
    const page = await this.get<{ items: ApiGeneration[] }>(`/api/generate/history?roomId=${roomId}`);
    return page.items;
  }

  generation(id: string): Promise<ApiGeneration> {
    return this.get(`/api/generate/history/${id}`);
  }

  /** A new version of it, in which this file holds the text. */
  async putFile(id: string, path: string, text: string): Promise<string> {
    const answer = await this.context.put(`/api/generate/history/${id}/files/${path}`, {
      headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "text/plain" },
      data: text,
    });
    expect(answer.status()).toBe(201);
    return ((await answer.json()) as { id: string }).id;
  }

  private async get<T>(path: string): Promise<T> {
    const answer = await this.context.get(path, { headers: { Authorization: `Bearer ${this.token}` } });
    expect(answer.status()).toBe(200);
    return (await answer.json()) as T;
  }
}

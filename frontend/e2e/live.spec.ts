// A generated API as its callers meet it, with no account: at the address that the product gives, and through the gateway.
import { expect, test } from "@playwright/test";
import { newPerson } from "./fixtures";

const url = process.env.AETHER_URL ?? "http://localhost:8080";

const note = { $ref: "#/components/schemas/Note" };
const json = (schema: object) => ({ "application/json": { schema } });
const DOCUMENT = {
  openapi: "3.1.0",
  info: { title: "Notes", version: "1" },
  paths: {
    "/notes": {
      get: { responses: { 200: { description: "All", content: json({ type: "array", items: note }) } } },
      post: {
        requestBody: { required: true, content: json(note) },
        responses: { 201: { description: "Kept", content: json(note) } },
      },
    },
    "/notes/{id}": {
      parameters: [{ name: "id", in: "path", required: true, schema: { type: "integer" } }],
      get: { responses: { 200: { description: "One", content: json(note) } } },
    },
  },
  components: {
    schemas: {
      Note: {
        type: "object",
        required: ["id", "text"],
        properties: { id: { type: "integer", readOnly: true }, text: { type: "string", minLength: 1 } },
      },
    },
  },
};

interface Live {
  liveId: string;
  url: string;
  docsUrl: string;
}

async function call(path: string, token: string | null, method = "GET", body?: unknown): Promise<Response> {
  const headers = new Headers();
  if (token !== null) headers.set("Authorization", `Bearer ${token}`);
  if (body !== undefined) headers.set("Content-Type", "application/json");
  return fetch(`${url}${path}`, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
}

async function read<T>(answer: Response, status: number): Promise<T> {
  expect(answer.status).toBe(status);
  return (await answer.json()) as T;
}

/** A generation of an API whose document is ours: one that is stopped at once, and then gets a file. */
async function api(token: string): Promise<string> {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json", Prefer: "respond-async" };
  const body = JSON.stringify({ prompt: "an API for notes", cache: false });
  const begun = await read<{ id: string }>(
    await fetch(`${url}/api/generate/api`, { method: "POST", headers, body }),
    202,
  );
  await call(`/api/generate/history/${begun.id}/cancel`, token, "POST");
  await expect
    .poll(
      async () => (await read<{ status: string }>(await call(`/api/generate/history/${begun.id}`, token), 200)).status,
    )
    .toMatch(/cancelled|completed/);
  const put = await call(`/api/generate/history/${begun.id}/files/served/openapi.json`, token, "PUT", DOCUMENT);
  return (await read<{ id: string }>(put, 201)).id;
}

test("a generated API is served, remembers, and is never a page", async () => {
  const registered = await call("/api/auth/register", null, "POST", newPerson("Lia"));
  const { accessToken } = await read<{ accessToken: string }>(registered, 201);
  const id = await api(accessToken);
  const live = await read<Live>(await call(`/api/generate/history/${id}/live`, accessToken, "PUT"), 200);
  expect(live.url).toBe(`${url}/api/live/${live.liveId}`);

  const notes = `/api/live/${live.liveId}/notes`;
  expect(await read(await call(notes, null), 200)).toEqual([]);
  const refused = await call(notes, null, "POST", { text: "" });
  expect(refused.headers.get("content-type")).toBe("application/problem+json");
  expect(refused.headers.get("content-security-policy")).toBe("sandbox; default-src 'none'");
  expect(refused.headers.get("x-content-type-options")).toBe("nosniff");
  expect(refused.headers.get("access-control-allow-origin")).toBe("*");
  const problem = await read<{ errors: { field: string }[] }>(refused, 422);
  expect(problem.errors.map((error) => error.field)).toEqual(["/text"]);

  const milk = { id: 1, text: "Milk" };
  expect(await read(await call(notes, null, "POST", { text: "Milk" }), 201)).toEqual(milk);
  // Whichever process answers, it is there.
  for (let turn = 0; turn < 4; turn += 1) expect(await read(await call(notes, null), 200)).toEqual([milk]);
  expect(await read(await call(`${notes}/1?x=%20`, null), 200)).toEqual(milk);
  expect((await call(`${notes}/2`, null)).status).toBe(404);

  const document = await read<{ servers: object[] }>(await fetch(live.docsUrl), 200);
  expect(document.servers).toEqual([{ url: live.url }]);
  expect((await call(`/api/generate/history/${id}/live`, accessToken, "DELETE")).status).toBe(204);
  expect((await call(notes, null)).status).toBe(404);
});

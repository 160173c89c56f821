// Every way to ask and to listen, as programs use it, against the same server: REST that waits, server-sent events,
// polling, and the official Socket.IO client on each of its transports. All must end with the same text.
import { expect, test } from "@playwright/test";
import { io, type Socket } from "socket.io-client";
import type { CompleteEvent, GenerationEvent, ProgressEvent } from "../src/api/types";
import { newPerson } from "./fixtures";

const url = process.env.AETHER_URL ?? "http://localhost:8080";

interface Ack {
  ok: boolean;
  generationId?: string;
  recovered?: boolean;
  error?: { code: string };
}

async function call(path: string, token: string | null, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (token !== null) headers.set("Authorization", `Bearer ${token}`);
  if (init.body !== undefined) headers.set("Content-Type", "application/json");
  return fetch(`${url}${path}`, { ...init, headers });
}

async function signUp(): Promise<string> {
  const body = JSON.stringify(newPerson("Ivo"));
  const answer = await call("/api/auth/register", null, { method: "POST", body });
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { accessToken: string }).accessToken;
}

async function resultOf(token: string, id: string): Promise<string> {
  const answer = await call(`/api/generate/history/${id}`, token);
  return ((await answer.json()) as { result: string }).result;
}

async function connect(token: string, transports: string[]): Promise<Socket> {
  const socket = io(url, { transports, auth: { token }, forceNew: true, reconnection: false });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
  return socket;
}

/** The text that the deltas of the last attempt give; fails on a gap or a double. */
function textOf(events: Pick<ProgressEvent, "attempt" | "seq" | "delta">[]): string {
  let text = "";
  let at = { attempt: 1, seq: 0 };
  for (const { attempt, seq, delta } of events) {
    if (attempt > at.attempt) text = "";
    expect(seq).toBe(attempt > at.attempt ? 1 : at.seq + 1);
    at = { attempt, seq };
    text += delta ?? "";
  }
  return text;
}

for (const transports of [["polling"], ["polling", "websocket"], ["websocket"]]) {
  test(`Socket.IO by ${transports.join(" then ")}`, async () => {
    const token = await signUp();
    const socket = await connect(token, transports);
    const seen: ProgressEvent[] = [];
    socket.on("generation_progress", (event: ProgressEvent) => seen.push(event));
    const complete = new Promise<CompleteEvent>((resolve) => {
      socket.once("generation_complete", resolve);
    });
    const request = { prompt: "a function that makes slugs", type: "code" };
    const ack = (await socket.emitWithAck("start_generation", request)) as Ack;
    expect(ack.ok).toBe(true);
    const last = await complete;
    expect(last.generationId).toBe(ack.generationId);
    expect(textOf([...seen, last])).toBe(last.result);
    expect(await resultOf(token, last.generationId)).toBe(last.result);
    if (transports.length === 2) expect(socket.io.engine.transport.name).toBe("websocket");

    const wrong = (await socket.emitWithAck("subscribe_generation", { generationId: crypto.randomUUID() })) as Ack;
    expect(wrong.error?.code).toBe("not_found");
    socket.close();
  });
}

test("a socket without a valid token is refused", async () => {
  for (const token of ["", "nonsense", "eyJhbGciOiJub25lIn0.e30."]) {
    await expect(connect(token, ["websocket"])).rejects.toThrow("unauthorized");
  }
});

test("server-sent events, resumed in the middle, and REST that waits", async () => {
  const token = await signUp();
  const body = JSON.stringify({ prompt: "a function that makes slugs" });
  const waited = await call("/api/generate/code", token, { method: "POST", body });
  expect(waited.status).toBe(201);
  const { result, status } = (await waited.json()) as { result: string; status: string };
  expect(status).toBe("completed");

  const queued = await call("/api/generate/code", token, {
    method: "POST",
    // Made anew: the kept answer would come in a few pieces, too few to leave in the middle.
    body: JSON.stringify({ prompt: "a function that makes slugs", cache: false }),
    headers: { Prefer: "respond-async" },
  });
  expect(queued.status).toBe(202);
  const id = ((await queued.json()) as { id: string }).id;
  const first = await events(token, id, null, 30);
  const rest = await events(token, id, first.at(-1)?.id ?? null, Number.POSITIVE_INFINITY);
  const all = [...first, ...rest].map((event) => event.data);
  expect(textOf(all as ProgressEvent[])).toBe(await resultOf(token, id));
  // The demo model writes the same for the same prompt: so must every way to listen.
  expect(await resultOf(token, id)).toBe(result);
  const after = await call(`/api/generate/history/${id}/events`, token, {
    headers: { "Last-Event-ID": rest.at(-1)?.id ?? "" },
  });
  expect(after.status).toBe(204);
});

test("fifty equal asks at once are one generation", async () => {
  const token = await signUp();
  const sockets = await Promise.all(
    ["websocket", "polling", "websocket", "polling", "websocket"].map((one) => connect(token, [one])),
  );
  const request = { prompt: "a function that makes slugs", type: "code", clientId: "ask-1" };
  const asks = Array.from({ length: 50 }, (_, index) => sockets[index % 5]?.emitWithAck("start_generation", request));
  const acks = (await Promise.all(asks)) as Ack[];
  expect(acks.every((ack) => ack.ok)).toBe(true);
  expect(new Set(acks.map((ack) => ack.generationId)).size).toBe(1);
  const other = (await sockets[0]?.emitWithAck("start_generation", { ...request, prompt: "another" })) as Ack;
  expect(other.error?.code).toBe("idempotency_key_reused");
  for (const socket of sockets) socket.close();

  const post = (prompt: string) =>
    call("/api/generate/code", token, {
      method: "POST",
      body: JSON.stringify({ prompt }),
      headers: { Prefer: "respond-async", "Idempotency-Key": "ask-2" },
    });
  const answers = await Promise.all(Array.from({ length: 50 }, () => post("a function that makes slugs")));
  expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 202));
  const ids = await Promise.all(answers.map(async (answer) => ((await answer.json()) as { id: string }).id));
  expect(new Set(ids).size).toBe(1);
  const refused = await post("another");
  expect(refused.status).toBe(422);
  expect(((await refused.json()) as { code: string }).code).toBe("idempotency_key_reused");

  const list = (await (await call("/api/generate/history", token)).json()) as { items: { id: string }[] };
  expect(list.items.map((item) => item.id).sort()).toEqual([acks[0]?.generationId, ids[0]].sort());
});

interface Sent {
  id: string;
  data: Pick<GenerationEvent, "attempt" | "seq">;
}

/** Reads at most `count` events and leaves. */
async function events(token: string, id: string, after: string | null, count: number): Promise<Sent[]> {
  const leave = new AbortController();
  const answer = await call(`/api/generate/history/${id}/events`, token, {
    signal: leave.signal,
    headers: after === null ? {} : { "Last-Event-ID": after },
  });
  expect(answer.headers.get("Content-Type")).toContain("text/event-stream");
  const sent: Sent[] = [];
  let open = "";
  const decoder = new TextDecoder();
  for await (const piece of answer.body as unknown as AsyncIterable<Uint8Array>) {
    open += decoder.decode(piece, { stream: true });
    const blocks = open.split("\n\n");
    open = blocks.pop() ?? "";
    for (const block of blocks) {
      const field = (name: string) => block.split("\n").find((line) => line.startsWith(`${name}:`));
      const data = field("data")?.slice(5);
      if (data !== undefined && sent.length < count)
        sent.push({ id: field("id")?.slice(3).trim() ?? "", data: JSON.parse(data) });
    }
    if (sent.length >= count) break;
  }
  leave.abort();
  return sent;
}

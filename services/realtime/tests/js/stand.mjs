// What every story needs: the official client, people, REST calls, and a ledger that checks the events of generations.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../../../frontend/package.json", import.meta.url));
const { io } = require("socket.io-client");

const stand = JSON.parse(process.env.STAND);
export const [ana, ben, cem] = stand.people;
export const urls = stand.urls;
export const transports = stand.transports;
export const NOBODY = "00000000-0000-7000-8000-000000000000";
const LIMIT = 40_000;

/** Waits for a condition; says what was waited for when it does not come. */
export async function until(what, condition, limit = LIMIT) {
  const end = Date.now() + limit;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not seen in ${limit} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A socket that is not connected yet, with a list of all that it is told. */
export function socket(person, { node = 0, auth } = {}) {
  const made = io(urls[node], {
    transports,
    forceNew: true,
    reconnection: false,
    auth: auth ?? { token: person.token },
  });
  made.told = [];
  made.onAny((event, payload) => made.told.push({ event, payload }));
  made.of = (event) => made.told.filter((one) => one.event === event).map((one) => one.payload);
  made.ask = (event, ...payload) =>
    new Promise((resolve, reject) => {
      made.timeout(LIMIT).emit(event, ...payload, (error, ack) => {
        made.told.push({ event: "(ack)", payload: ack });
        if (error) reject(new Error(`${event} ${JSON.stringify(payload)?.slice(0, 200)}: no answer`));
        else resolve(ack);
      });
    });
  made.do = async (event, payload) => {
    const ack = await made.ask(event, payload);
    assert.equal(ack.ok, true, `${event}: ${JSON.stringify(ack)}`);
    return ack;
  };
  made.refused = async (event, payload, code) => {
    const ack = await made.ask(event, payload);
    assert.equal(ack.ok, false, `${event} was not refused: ${JSON.stringify(ack)}`);
    assert.equal(ack.error.code, code, JSON.stringify(ack));
    assert.equal(typeof ack.error.message, "string");
  };
  return made;
}

/** A connected socket. */
export async function connect(person, options, { again = true } = {}) {
  const made = socket(person, options);
  try {
    await new Promise((resolve, reject) => {
      made.once("connect", resolve);
      made.once("connect_error", reject);
    });
    return made;
  } catch (error) {
    // The poll that met its own upgrade (docs/protocol.md, known differences): a client that is left alone knocks again.
    const met = error.description === 400 && transports.length > 1;
    if (again && met) return connect(person, options, { again: false });
    throw error;
  }
}

export async function rest(person, method, path, body, node = 0) {
  const answer = await fetch(urls[node] + path, {
    method,
    headers: { authorization: `Bearer ${person.token}`, ...(body ? { "content-type": "application/json" } : {}) },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : null };
}

export async function room(owner, ...others) {
  const { status, body } = await rest(owner, "POST", "/api/rooms", { name: "A room" });
  assert.equal(status, 201);
  for (const other of others) await letIn(owner, body.id, other);
  return body.id;
}

export async function letIn(owner, roomId, person, role = "editor") {
  const invite = await rest(owner, "POST", `/api/rooms/${roomId}/invites`, { role });
  assert.equal(invite.status, 201);
  const joined = await rest(person, "POST", "/api/rooms/join", { token: invite.body.token });
  assert.equal(joined.status, 200, JSON.stringify(joined.body));
}

const ENDS = ["generation_complete", "generation_failed", "generation_cancelled"];

const ends = (made) => ENDS.flatMap((event) => made.of(event));

/** The events of one generation, in the order in which the socket was told. */
export function eventsOf(made, id) {
  return made.told.filter(
    (one) => (one.event === "generation_progress" || ENDS.includes(one.event)) && one.payload.generationId === id,
  );
}

/** The ack comes before the events of the generation. */
export function ackFirst(made, id) {
  const ack = made.told.findIndex((one) => one.event === "(ack)");
  const event = made.told.findIndex((one) => one.payload?.generationId === id && one.event !== "(ack)");
  assert.ok(ack >= 0 && (event < 0 || ack < event), "the ack comes before the events");
}

/** Waits for the last event and checks the whole run: no gap, no double, one end, and the deltas joined are the result. */
export async function whole(made, id, { from = 0, text = "", limit = LIMIT } = {}) {
  await until(`the end of ${id}`, () => ends(made).some((one) => one.generationId === id), limit);
  const events = eventsOf(made, id);
  let seq = from;
  let joined = text;
  events.forEach((one, index) => {
    assert.equal(one.payload.attempt, 1);
    assert.equal(one.payload.seq, seq + 1, `after ${seq}`);
    seq += 1;
    joined += one.payload.delta ?? "";
    assert.equal(ENDS.includes(one.event), index === events.length - 1, "one last event, at the end");
  });
  const last = events.at(-1);
  if (last.event === "generation_complete") assert.equal(joined, last.payload.result);
  return { last, events, text: joined };
}

/** Runs the story and ends the process, whatever sockets are open. */
export async function story(...scenes) {
  for (const scene of scenes) {
    try {
      await scene();
    } catch (error) {
      console.error(`${scene.name}:`, error);
      process.exit(1);
    }
  }
  process.exit(0);
}

export { assert };

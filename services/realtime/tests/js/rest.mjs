// Rooms over REST.
import { ana, assert, ben, cem, letIn, NOBODY, rest, story, urls } from "./stand.mjs";

const code = ({ status, body }) => [status, body?.code];

async function aRoomsLife() {
  const made = await rest(ana, "POST", "/api/rooms", { name: "Plans" });
  assert.equal(made.status, 201);
  const { id, createdAt, ...rest_ } = made.body;
  assert.deepEqual(rest_, { name: "Plans", ownerId: ana.id, role: "owner", memberCount: 1, unread: 0, unreadMentions: 0 });
  assert.ok(Date.parse(createdAt));
  assert.deepEqual((await rest(ana, "GET", `/api/rooms/${id}`)).body, made.body);
  for (const [method, path] of [
    ["GET", ""],
    ["PATCH", ""],
    ["DELETE", ""],
    ["GET", "/messages"],
    ["GET", "/members"],
    ["GET", "/invites"],
    ["DELETE", `/members/${ana.id}`],
  ]) {
    const body = method === "PATCH" ? { name: "Mine" } : undefined;
    assert.deepEqual(code(await rest(ben, method, `/api/rooms/${id}${path}`, body)), [404, "not_found"], path);
  }
  assert.equal((await rest(ana, "PATCH", `/api/rooms/${id}`, { name: "Better plans" })).body.name, "Better plans");
  await letIn(ana, id, ben);
  assert.equal((await rest(ben, "PATCH", `/api/rooms/${id}`, { name: "Mine" })).status, 403);
  assert.equal((await rest(ben, "DELETE", `/api/rooms/${id}`)).status, 403);
  assert.equal((await rest(ben, "POST", `/api/rooms/${id}/invites`, {})).status, 403);
  assert.equal((await rest(ana, "DELETE", `/api/rooms/${id}`)).status, 204);
  assert.equal((await rest(ana, "GET", `/api/rooms/${id}`)).status, 404);
}

async function badInput() {
  for (const body of [{}, { name: "" }, { name: " " }, { name: "x".repeat(201) }, { name: "a\u0000" }, { name: "x", y: 1 }]) {
    const answer = await rest(ana, "POST", "/api/rooms", body);
    assert.deepEqual(code(answer), [422, "validation_failed"], JSON.stringify(body));
    assert.ok(answer.body.errors[0].field);
  }
  assert.equal((await rest(ana, "POST", "/api/rooms", { name: "é".repeat(200) })).status, 201);
  assert.equal((await rest({ token: "x" }, "GET", "/api/rooms")).status, 401);
  assert.equal((await rest(ana, "GET", "/api/rooms?limit=0")).status, 422);
  assert.equal((await rest(ana, "GET", "/api/rooms?cursor=forged")).status, 422);
  assert.equal((await rest(ana, "GET", "/api/rooms/none")).status, 404);
  assert.equal((await rest(ana, "GET", `/api/rooms/${NOBODY}`)).status, 404);
}

async function pages() {
  const names = [];
  for (let index = 0; index < 7; index += 1) {
    names.push((await rest(cem, "POST", "/api/rooms", { name: `room ${index}` })).body.name);
  }
  const listed = [];
  let cursor = "";
  do {
    const page = (await rest(cem, "GET", `/api/rooms?limit=3${cursor}`)).body;
    listed.push(...page.items.map((one) => one.name));
    cursor = page.nextCursor && `&cursor=${page.nextCursor}`;
  } while (cursor);
  assert.deepEqual(listed, names.reverse());
}

async function invites() {
  const { id } = (await rest(ana, "POST", "/api/rooms", { name: "Guests" })).body;
  const path = `/api/rooms/${id}/invites`;
  for (const body of [{ role: "owner" }, { maxUses: 0 }, { maxUses: 1001 }, { expiresAt: "2001-01-01T00:00:00Z" }]) {
    assert.equal((await rest(ana, "POST", path, body)).status, 422, JSON.stringify(body));
  }
  const once = (await rest(ana, "POST", path, { role: "viewer", maxUses: 1 })).body;
  assert.ok(once.url.endsWith(once.token));
  const joined = await rest(ben, "POST", "/api/rooms/join", { token: once.token });
  assert.deepEqual([joined.status, joined.body.role, joined.body.memberCount], [200, "viewer", 2]);
  assert.equal((await rest(cem, "POST", "/api/rooms/join", { token: once.token })).status, 404, "used up");
  const revoked = (await rest(ana, "POST", path, {})).body;
  const shown = (await rest(ana, "GET", path)).body.items;
  assert.deepEqual(shown.map((one) => [one.id, one.role, one.uses]), [
    [revoked.id, "editor", 0],
    [once.id, "viewer", 1],
  ]);
  assert.equal(JSON.stringify(shown).includes(revoked.token), false);
  assert.equal((await rest(ana, "DELETE", `${path}/${revoked.id}`)).status, 204);
  assert.equal((await rest(ana, "DELETE", `${path}/${revoked.id}`)).status, 404);
  assert.equal((await rest(cem, "POST", "/api/rooms/join", { token: revoked.token })).status, 404);
  assert.equal((await rest(cem, "POST", "/api/rooms/join", { token: "made up" })).status, 404);
}

async function members() {
  const { id } = (await rest(ana, "POST", "/api/rooms", { name: "Roles" })).body;
  await letIn(ana, id, ben);
  await letIn(ana, id, cem, "viewer");
  const path = `/api/rooms/${id}/members`;
  assert.equal((await rest(ben, "PATCH", `${path}/${cem.id}`, { role: "editor" })).status, 403);
  assert.equal((await rest(ana, "PATCH", `${path}/${cem.id}`, { role: "editor" })).body.role, "editor");
  assert.deepEqual(code(await rest(ana, "PATCH", `${path}/${ana.id}`, { role: "viewer" })), [409, "last_owner"]);
  assert.deepEqual(code(await rest(ana, "DELETE", `${path}/${ana.id}`)), [409, "last_owner"]);
  assert.equal((await rest(ana, "PATCH", `${path}/${NOBODY}`, { role: "viewer" })).status, 404);
  assert.equal((await rest(ana, "PATCH", `${path}/${ben.id}`, { role: "owner" })).body.role, "owner");
  const now = (await rest(ana, "GET", path)).body.items;
  assert.deepEqual(now.map((one) => [one.name, one.role]), [
    ["Ana", "editor"],
    ["Ben", "owner"],
    ["Cem", "editor"],
  ]);
  assert.equal((await rest(ana, "GET", `/api/rooms/${id}`)).body.ownerId, ben.id);
  assert.equal((await rest(ana, "DELETE", `${path}/${cem.id}`)).status, 403);
  assert.equal((await rest(ana, "DELETE", `${path}/${ana.id}`)).status, 204, "leaving");
  assert.equal((await rest(ana, "GET", path)).status, 404);
}

async function about() {
  for (const path of ["/health", "/health/live", "/health/ready", "/openapi.json", "/capabilities"]) {
    assert.equal((await rest(ana, "GET", path)).status, 200, path);
  }
  assert.equal((await rest(ana, "GET", "/health")).body.service, "realtime-service");
  assert.equal((await rest(ana, "GET", "/state")).status, 403);
}

async function theSameRequestAgainIsTheSameRoom() {
  const ask = (person, name, key) =>
    fetch(`${urls[0]}/api/rooms`, {
      method: "POST",
      headers: { authorization: `Bearer ${person.token}`, "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify({ name }),
    });
  const key = crypto.randomUUID();
  const answers = await Promise.all(Array.from({ length: 10 }, () => ask(ana, "Once", key)));
  const ids = await Promise.all(answers.map(async (one) => (await one.json()).id));
  assert.ok(answers.every((one) => one.status === 201));
  assert.equal(new Set(ids).size, 1, "twins are one room");
  const other = await ask(ana, "Something else", key);
  assert.deepEqual([other.status, (await other.json()).code], [422, "idempotency_key_reused"]);
  const bens = await (await ask(ben, "Once", key)).json();
  assert.notEqual(bens.id, ids[0], "another's key is another key");
  for (const wrong of ["", "x".repeat(256)]) assert.equal((await ask(ana, "x", wrong)).status, 422);
}

await story(aRoomsLife, theSameRequestAgainIsTheSameRoom, badInput, pages, invites, members, about);

// Sockets of programs: what an API key may do there, what it is told, and its end.
import { ana, assert, ben, connect, room, socket, story, until, urls, whole } from "./stand.mjs";

const ALL = ["generations:read", "generations:write", "rooms:read", "rooms:write", "profile:read"];

async function post(path) {
  const answer = await fetch(`${urls[0]}/test/${path}`, { method: "POST" });
  assert.equal(answer.status, 200, path);
  return answer;
}

/** A person's key as somebody who can connect. */
async function key(person, scopes, seconds = 0) {
  const made = await (await post(`make-key/${person.id}/${seconds}/${scopes.join("+")}`)).json();
  return { ...person, ...made, keyId: made.id, id: person.id };
}

const farewell = (made) =>
  new Promise((resolve, reject) => {
    made.once("disconnect", resolve);
    setTimeout(() => reject(new Error("still connected")), 15_000);
  });

async function eachEventNeedsItsScope() {
  const roomId = await room(ana);
  const some = { roomId, generationId: roomId, messageId: roomId, id: roomId, message: "m", prompt: "count 1", type: "code" };
  const needs = {
    join_room: "rooms:read",
    leave_room: "rooms:read",
    send_message: "rooms:write",
    edit_message: "rooms:write",
    delete_message: "rooms:write",
    mark_read: "rooms:write",
    typing: "rooms:write",
    start_generation: "generations:write",
    cancel_generation: "generations:write",
    subscribe_generation: "generations:read",
  };
  for (const scope of ALL) {
    const holder = await key(ana, [scope]);
    const made = await connect(holder);
    for (const [event, needed] of Object.entries(needs)) {
      if (needed === scope) {
        const ack = await made.ask(event, { ...some, typing: true });
        assert.notEqual(ack.error?.code, "insufficient_scope", `${event} with ${scope}`);
      } else {
        await made.refused(event, { ...some, typing: true }, "insufficient_scope");
        await made.refused(event, {}, "insufficient_scope");
      }
    }
    await made.do("authenticate", { token: holder.token });
    await made.refused("no_such_event", {}, "unknown_event");
    made.close();
  }
}

async function aKeyThatMayDoesTheWork() {
  const roomId = await room(ben);
  const made = await connect(await key(ben, ALL));
  await made.do("join_room", { roomId });
  const { generationId } = await made.do("start_generation", { prompt: "count 40", type: "code", roomId });
  await whole(made, generationId);
  const { id } = await made.do("send_message", { roomId, message: "done" });
  await until("the message", () => made.of("message_received").some((one) => one.id === id));
  made.close();
}

async function onlyWhatItMayReadIsPushed() {
  const roomId = await room(ana);
  const [person, reader, chatter, mute] = await Promise.all([
    connect(ana),
    key(ana, ["generations:read"]).then((one) => connect(one)),
    key(ana, ["rooms:read", "rooms:write"]).then((one) => connect(one)),
    key(ana, ["profile:read", "generations:write"]).then((one) => connect(one)),
  ]);
  const held = await person.do("start_generation", { prompt: "hold", type: "code", roomId });
  await person.do("join_room", { roomId });
  const joined = await chatter.do("join_room", { roomId });
  assert.deepEqual(joined.activeGenerations, [], "not even their ids");
  await person.do("cancel_generation", { generationId: held.generationId });
  // One that it started itself is no exception.
  const own = await mute.do("start_generation", { prompt: "count 5", type: "code", roomId });
  const { generationId } = await person.do("start_generation", { prompt: "count 5", type: "code", roomId });
  for (const id of [held.generationId, own.generationId, generationId]) {
    await whole(reader, id);
    await whole(person, id);
  }
  const { id } = await person.do("send_message", { roomId, message: "later than all of it" });
  await until("the message", () => chatter.of("message_received").some((one) => one.id === id));
  const generations = (made) => made.told.filter((one) => one.event.startsWith("generation_"));
  await mute.refused("no_such_event", {}, "unknown_event");
  assert.deepEqual(generations(chatter), []);
  assert.deepEqual(mute.told.filter((one) => one.event !== "(ack)"), []);
  assert.deepEqual(reader.told.filter((one) => one.event.startsWith("message_")), []);
  for (const one of [person, reader, chatter, mute]) one.close();
}

async function aSocketKeepsToWhatItMay() {
  const [little, much] = [await key(ana, ["rooms:read"]), await key(ana, ALL)];
  const same = await key(ana, ["rooms:read"]);
  const [person, program] = [await connect(ana), await connect(little)];
  await person.refused("authenticate", { token: much.token }, "other_access");
  for (const other of [much.token, ana.token]) await program.refused("authenticate", { token: other }, "other_access");
  await program.refused("authenticate", { token: (await key(ben, ["rooms:read"])).token }, "not_found");
  await program.do("authenticate", { token: same.token });
  person.close();
  program.close();
}

async function aDeletedKeyIsOut() {
  const holder = await key(ana, ALL);
  const other = await connect(await key(ana, ALL));
  const sockets = [await connect(holder), await connect(holder, { node: 1 })];
  const gone = Promise.all(sockets.map(farewell));
  await post(`delete-key/${ana.id}/${holder.keyId}`);
  await post(`cut/${holder.keyId}`);
  assert.deepEqual(await gone, ["io server disconnect", "io server disconnect"]);
  for (const one of sockets) assert.equal(one.of("session_revoked").length, 1);
  await refused(holder);
  await other.refused("no_such_event", {}, "unknown_event");
  other.close();
}

async function aKeyThatWasDeletedUnheardIsFound() {
  const holder = await key(ana, ["rooms:read"]);
  const [made, other] = [await connect(holder), await connect(await key(ana, ["rooms:read"]))];
  const gone = farewell(made);
  await post(`delete-key/${ana.id}/${holder.keyId}`);
  await post("advance/300");
  assert.equal(await gone, "io server disconnect");
  assert.equal(made.of("session_revoked").length, 1);
  await other.refused("no_such_event", {}, "unknown_event");
  other.close();
}

async function aKeyEnds() {
  const holder = await key(ana, ALL, 60);
  const made = await connect(holder);
  const gone = farewell(made);
  await post("advance/59");
  await made.refused("no_such_event", {}, "unknown_event");
  assert.deepEqual(made.of("session_expired"), []);
  await post("advance/1");
  assert.equal(await gone, "io server disconnect");
  assert.equal(made.of("session_expired").length, 1);
  await refused(holder);
}

async function aShutOutOwnerIsOutWithEveryKey() {
  const made = await connect(await key(ben, ALL));
  const stays = await connect(await key(ana, ALL));
  const gone = farewell(made);
  await post(`cut/${ben.id}`);
  assert.equal(await gone, "io server disconnect");
  await stays.refused("no_such_event", {}, "unknown_event");
  stays.close();
}

function refused(person) {
  const made = socket(person);
  return new Promise((resolve, reject) => {
    made.once("connect_error", (error) => resolve(assert.equal(error.message, "unauthorized")));
    made.once("connect", () => reject(new Error("connected")));
  });
}

await story(
  eachEventNeedsItsScope,
  aKeyThatMayDoesTheWork,
  onlyWhatItMayReadIsPushed,
  aSocketKeepsToWhatItMay,
  aDeletedKeyIsOut,
  aKeyThatWasDeletedUnheardIsFound,
  aKeyEnds,
  aShutOutOwnerIsOutWithEveryKey,
);

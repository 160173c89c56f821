// Who is here: by user, not by socket, over all nodes.
import { ana, assert, ben, connect, NOBODY, room, story, until } from "./stand.mjs";

const online = (made, roomId) =>
  made
    .of("presence")
    .filter((one) => one.roomId === roomId)
    .at(-1)
    ?.members.map((one) => one.name)
    .sort()
    .join();

async function onceAUser() {
  const roomId = await room(ana, ben);
  const a = await connect(ana);
  await a.do("join_room", { roomId });
  const tabs = [await connect(ben), await connect(ben, { node: 1 })];
  for (const tab of tabs) await tab.do("join_room", { roomId });
  await until("Ben", () => online(a, roomId) === "Ana,Ben");
  assert.deepEqual(a.of("user_joined"), [{ roomId, userId: ben.id, name: "Ben" }]);
  assert.deepEqual(a.of("presence").at(-1).members.map((one) => one.state), ["online", "online"]);
  await tabs[0].do("leave_room", { roomId });
  await a.ask("no_such_event", {});
  assert.deepEqual(a.of("user_left"), [], "another tab is still there");
  const left = Date.now();
  await tabs[1].do("leave_room", { roomId });
  await until("Ben's departure", () => a.of("user_left").length === 1);
  assert.ok(Date.now() - left < 2_000, "at once on leave_room");
  assert.deepEqual(a.of("user_left"), [{ roomId, userId: ben.id, name: "Ben" }]);
  await until("Ana alone", () => online(a, roomId) === "Ana");
  assert.equal(a.of("user_joined").length, 1);
}

async function aReloadIsNoDeparture() {
  const roomId = await room(ana, ben);
  const a = await connect(ana);
  await a.do("join_room", { roomId });
  const before = await connect(ben);
  await before.do("join_room", { roomId });
  await until("Ben", () => online(a, roomId) === "Ana,Ben");
  before.close();
  const after = await connect(ben, { node: 1 });
  await after.do("join_room", { roomId });
  await until("both", () => online(after, roomId) === "Ana,Ben");
  assert.deepEqual(after.of("user_joined"), [], "who was there before did not join");
  after.close();
  const closed = Date.now();
  await until("Ben's departure", () => a.of("user_left").length === 1);
  // The grace of the second socket, and not of the first, which was gone earlier.
  assert.ok(Date.now() - closed > 4_500, "after the grace");
  assert.equal(a.of("user_joined").length, 1);
}

async function whoIsAwayAndWhatIsLookedAt() {
  const roomId = await room(ana, ben);
  const [a, b] = [await connect(ana), await connect(ben, { node: 1 })];
  for (const one of [a, b]) await one.do("join_room", { roomId });
  await until("both", () => online(a, roomId) === "Ana,Ben");
  const { generationId } = await b.do("start_generation", { type: "ui", prompt: "count 1", roomId });
  const elsewhere = await b.do("start_generation", { type: "ui", prompt: "count 1" });
  const joined = a.of("user_joined").length;
  const seen = () => a.of("presence").at(-1).members.find((one) => one.userId === ben.id);
  await b.do("set_presence", { roomId, watching: generationId });
  await until("what Ben looks at", () => seen().watching === generationId);
  await b.do("set_presence", { roomId, state: "away" });
  await until("Ben's absence", () => seen().state === "away");
  assert.equal("watching" in seen(), false);
  const members = (await a.do("join_room", { roomId })).members;
  assert.deepEqual(members.map((one) => one.state), ["online", "away"]);
  await b.do("set_presence", { roomId, state: "online" });
  await until("Ben's return", () => seen().state === "online");
  // What is not in the room is none of the others' business.
  await b.refused("set_presence", { roomId, watching: elsewhere.generationId }, "not_found");
  await b.refused("set_presence", { roomId, watching: NOBODY }, "not_found");
  await b.refused("set_presence", { roomId, state: "invisible" }, "invalid");
  assert.deepEqual([a.of("user_left").length, a.of("user_joined").length], [0, joined], "nobody left or came by that");
}

await story(onceAUser, aReloadIsNoDeparture, whoIsAwayAndWhatIsLookedAt);

// Who is here: by user, not by socket, over all nodes.
import { ana, assert, ben, connect, room, story, until } from "./stand.mjs";

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

await story(onceAUser, aReloadIsNoDeparture);

// Machines fail; who follows the protocol misses nothing.
import { ana, assert, ben, cem, connect, room, story, until, urls } from "./stand.mjs";
import { Reader } from "./reader.mjs";

const { control } = JSON.parse(process.env.STAND);
const order = async (path) => {
  const answer = await fetch(`${control}/test/${path}`, { method: "POST" });
  assert.equal(answer.status, 200, path);
  const text = await answer.text();
  return text ? JSON.parse(text) : null;
};
const write = async (person, roomId, count) => (await order(`write/${person.id}/${roomId}/${count}`)).id;

/** Says something, and again under the same id of one's own until it is kept. */
async function say(socket, roomId, message) {
  const clientId = crypto.randomUUID();
  return until(`${message} is kept`, async () => {
    const ack = await socket.ask("send_message", { roomId, message, clientId });
    return ack.ok ? ack.id : null;
  });
}

const ended = (reader, id, limit) =>
  until(`the end of ${id}`, () => {
    reader.check();
    return reader.run(id).end;
  }, limit);

async function aNodeIsKilled() {
  const roomId = await room(ana, ben, cem);
  const readers = [new Reader(ana, roomId), new Reader(ben, roomId)];
  await readers[0].come(0);
  await readers[1].come(1);
  const crashed = await connect(cem, { node: 1 });
  await crashed.do("join_room", { roomId });
  const { socket } = readers[0];
  await until("all three", () => socket.of("presence").at(-1)?.members.length === 3);
  const id = await write(ana, roomId, 600);
  await until("some of it", () => readers[1].run(id).seq > 50);
  const killed = Date.now();
  await order("kill/1");
  const sent = [];
  for (let index = 0; index < 30; index += 1) sent.push(await say(socket, roomId, `meanwhile ${index}`));
  await readers[1].come(0);
  for (const reader of readers) {
    assert.equal(await ended(reader, id), "completed");
    await until("what was said", () => reader.talk.ids.length >= sent.length);
    reader.check();
    assert.deepEqual(reader.talk.ids, sent, "each once, in order");
    assert.equal(reader.run(id).attempt, 1, "nothing was begun anew");
  }
  await until("who was on the node leaves", () => socket.of("user_left").some((one) => one.userId === cem.id), 35_000);
  assert.ok(Date.now() - killed < 30_000, "within 30 s of the crash");
  assert.deepEqual(socket.of("user_left").map((one) => one.name), ["Cem"], "who came back elsewhere did not leave");
  for (const reader of readers) reader.leave();
  urls[1] = (await order("start/1")).url;
}

async function redis(fault) {
  const roomId = await room(ana, ben);
  const readers = [new Reader(ana, roomId), new Reader(ben, roomId)];
  for (const [node, reader] of readers.entries()) await reader.come(node);
  const id = await write(ben, roomId, 400);
  await until("some of it", () => readers.every((reader) => reader.run(id).seq > 50));
  const [{ socket }] = readers;
  const sent = [await say(socket, roomId, "before")];
  const during = order(`redis/${fault}`);
  for (let index = 0; index < 10; index += 1) sent.push(await say(readers[index % 2].socket, roomId, `during ${index}`));
  await during;
  sent.push(await say(socket, roomId, "after"));
  for (const reader of readers) {
    assert.equal(await ended(reader, id, 60_000), "completed");
    await until("what was said", () => {
      reader.check();
      return reader.talk.ids.length >= sent.length;
    }, 30_000);
    assert.deepEqual(reader.talk.ids, [...sent].sort(), "each once, in order");
    assert.ok(reader.run(id).attempt <= 2, `attempt ${reader.run(id).attempt}`);
  }
  // And all is as before: what is said and who comes is told at once.
  const later = await connect(ben, { node: 1 });
  await later.do("join_room", { roomId });
  const last = await say(later, roomId, "all well");
  for (const reader of readers) {
    await until("the last word", () => reader.talk.ids.at(-1) === last);
    reader.check();
    reader.leave();
  }
}

const redisIsRestarted = () => redis("restart");
const redisIsEmptied = () => redis("wipe");

await story(aNodeIsKilled, redisIsRestarted, redisIsEmptied);

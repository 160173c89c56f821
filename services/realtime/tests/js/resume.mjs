// Who comes back has missed nothing.
import { ana, assert, ben, connect, room, story } from "./stand.mjs";

async function whatWasSaidMeanwhile() {
  const roomId = await room(ana, ben);
  const a = await connect(ana);
  await a.do("join_room", { roomId });
  const ids = [];
  for (let index = 0; index < 60; index += 1) {
    ids.push((await a.do("send_message", { roomId, message: `message ${index}` })).id);
  }
  assert.deepEqual(ids, [...ids].sort(), "ids grow");
  const b = await connect(ben, { node: 1 });
  const newest = await b.do("join_room", { roomId });
  assert.deepEqual(newest.messages.map((one) => one.id), ids.slice(10));
  assert.equal(newest.more, true);
  b.close();
  const back = await connect(ben);
  const missed = await back.do("join_room", { roomId, afterMessageId: ids[49] });
  assert.deepEqual(missed.messages.map((one) => one.id), ids.slice(50));
  assert.equal(missed.more, false);
}

async function whatIsSaidWhileJoining() {
  const roomId = await room(ana, ben);
  const a = await connect(ana);
  await a.do("join_room", { roomId });
  for (let round = 0; round < 10; round += 1) {
    const b = await connect(ben, { node: round % 2 });
    const sending = Promise.all(
      Array.from({ length: 10 }, (_, index) => a.do("send_message", { roomId, message: `${round}.${index}` })),
    );
    const joined = await b.do("join_room", { roomId });
    const sent = (await sending).map((one) => one.id);
    const after = await a.do("send_message", { roomId, message: "the last one" });
    const heard = () => [...joined.messages, ...b.of("message_received")].map((one) => one.id);
    while (!heard().includes(after.id)) await new Promise((resolve) => setTimeout(resolve, 5));
    const mine = heard().filter((id) => sent.includes(id));
    assert.deepEqual(mine, sent, "each once and in order");
    b.close();
  }
}

async function whatRunsInTheRoom() {
  const roomId = await room(ana, ben);
  const a = await connect(ana);
  const { generationId } = await a.do("start_generation", { type: "code", prompt: "hold", roomId });
  const b = await connect(ben);
  assert.deepEqual((await b.do("join_room", { roomId })).activeGenerations, [generationId]);
  await a.do("cancel_generation", { generationId });
}

await story(whatWasSaidMeanwhile, whatIsSaidWhileJoining, whatRunsInTheRoom);

// Two nodes are one service.
import { ana, assert, ben, connect, eventsOf, room, story, until, whole } from "./stand.mjs";

async function aStreamOnTheOtherNode() {
  const here = await connect(ana);
  const there = await connect(ana, { node: 1 });
  const { generationId } = await here.do("start_generation", { type: "code", prompt: "count 500" });
  await whole(here, generationId);
  await whole(there, generationId);
}

async function resumingOnTheOtherNode() {
  const here = await connect(ana);
  const { generationId } = await here.do("start_generation", { type: "code", prompt: "hold" });
  await until("three deltas", () => eventsOf(here, generationId).length === 4);
  const text = eventsOf(here, generationId).map((one) => one.payload.delta ?? "").join("");
  here.close();
  const there = await connect(ana, { node: 1 });
  const ack = await there.do("subscribe_generation", { generationId, attempt: 1, lastSeq: 4 });
  assert.equal(ack.recovered, true);
  const again = await connect(ana);
  await again.do("cancel_generation", { generationId });
  await whole(there, generationId, { from: 4, text });
  await until("the end", () => again.of("generation_cancelled").length === 1);
}

async function aRoomOverBothNodes() {
  const roomId = await room(ana, ben);
  const [a, b] = [await connect(ana), await connect(ben, { node: 1 })];
  for (const one of [a, b]) await one.do("join_room", { roomId });
  const sent = await b.do("send_message", { roomId, message: "from there" });
  for (const one of [a, b]) await until("the message", () => one.of("message_received")[0]?.id === sent.id);
  const { generationId } = await a.do("start_generation", { type: "ui", prompt: "count 100", roomId });
  await whole(a, generationId);
  await whole(b, generationId);
  for (const one of [a, b]) assert.equal(one.of("generation_started").length, 1);
}

async function twoNodesKeepOneOrder() {
  const roomId = await room(ana, ben);
  const people = [await connect(ana), await connect(ben, { node: 1 }), await connect(ana, { node: 1 })];
  for (const one of people) await one.do("join_room", { roomId });
  const sent = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      people[index % 2].do("send_message", { roomId, message: String(index) }),
    ),
  );
  const order = sent.map((one) => one.id).sort();
  for (const one of people) {
    await until("all messages", () => one.of("message_received").length >= 200);
    assert.deepEqual(one.of("message_received").map((told) => told.id), order, "each once, in the order of ids");
  }
}

await story(aStreamOnTheOtherNode, resumingOnTheOtherNode, aRoomOverBothNodes, twoNodesKeepOneOrder);

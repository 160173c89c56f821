// Whatever is asked with an ack is answered.
import { ana, assert, connect, NOBODY, story } from "./stand.mjs";

const EVENTS = [
  "join_room",
  "leave_room",
  "send_message",
  "edit_message",
  "delete_message",
  "mark_read",
  "start_generation",
  "cancel_generation",
  "subscribe_generation",
  "typing",
  "set_presence",
  "authenticate",
];

async function malformedPayloads() {
  const made = await connect(ana);
  for (const event of EVENTS) {
    for (const payload of [null, 1, "text", [], {}, { roomId: 7, generationId: {}, token: [] }]) {
      await made.refused(event, payload, "invalid");
    }
    const answer = await made.ask(event);
    assert.deepEqual([answer.ok, answer.error.code], [false, "invalid"], event);
  }
  let deep = "x";
  for (let depth = 0; depth < 200; depth += 1) deep = [deep];
  await made.refused("join_room", deep, "invalid");
  assert.equal(made.connected, true);
}

async function nothingOfOthers() {
  const made = await connect(ana);
  const at = { roomId: NOBODY };
  await made.refused("join_room", at, "not_found");
  await made.refused("leave_room", at, "not_found");
  await made.refused("send_message", { ...at, message: "x" }, "not_found");
  await made.refused("edit_message", { ...at, id: NOBODY, message: "x" }, "not_found");
  await made.refused("delete_message", { ...at, id: NOBODY }, "not_found");
  await made.refused("mark_read", { ...at, messageId: NOBODY }, "not_found");
  await made.refused("typing", { ...at, typing: true }, "not_found");
  await made.refused("set_presence", at, "not_found");
  await made.refused("cancel_generation", { generationId: NOBODY }, "not_found");
  await made.refused("subscribe_generation", { generationId: NOBODY }, "not_found");
  await made.refused("start_generation", { type: "code", prompt: " " }, "invalid");
  await made.refused("start_generation", { type: "poem", prompt: "x" }, "invalid");
}

async function unknownFieldsAreIgnored() {
  const made = await connect(ana);
  await made.do("start_generation", { type: "code", prompt: "count 1", colour: "red" });
}

async function answersComeInOrder() {
  const made = await connect(ana);
  const order = [];
  await Promise.all(
    Array.from({ length: 100 }, (_, index) => made.ask("no_such_event", { index }).then(() => order.push(index))),
  );
  assert.deepEqual(order, [...order].sort((a, b) => a - b));
}

async function aPayloadTooLarge() {
  const made = await connect(ana);
  const gone = new Promise((resolve) => made.once("disconnect", resolve));
  made.emit("send_message", { message: "x".repeat(2_000_000) });
  await gone;
}

await story(malformedPayloads, nothingOfOthers, unknownFieldsAreIgnored, answersComeInOrder, aPayloadTooLarge);

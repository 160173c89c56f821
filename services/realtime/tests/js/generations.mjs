// A prompt becomes events.
import { ackFirst, ana, assert, ben, connect, eventsOf, room, story, until, whole } from "./stand.mjs";

const start = (made, prompt, more = {}) => made.do("start_generation", { type: "code", prompt, ...more });

async function fromThePromptToTheResult() {
  const made = await connect(ana);
  const other = await connect(ana);
  const { generationId } = await start(made, "count 40");
  ackFirst(made, generationId);
  const { last, events } = await whole(made, generationId);
  assert.equal(last.event, "generation_complete");
  assert.equal(events[0].payload.status, "queued");
  assert.equal(last.payload.metadata.attempts, 1);
  await whole(other, generationId);
  for (const one of [made, other]) {
    const [told] = one.of("generation_started");
    assert.deepEqual(told, { generationId, type: "code", prompt: "count 40", userId: ana.id, roomId: null });
    assert.equal(one.of("generation_started").length, 1);
  }
}

async function theSameClientIdStartsOne() {
  const made = await connect(ana);
  const clientId = crypto.randomUUID();
  const first = await start(made, "count 3", { clientId });
  const second = await start(made, "count 3", { clientId });
  assert.equal(first.generationId, second.generationId);
  await whole(made, first.generationId);
}

async function subscribingAgainDoublesNothing() {
  const made = await connect(ana);
  const { generationId } = await start(made, "hold");
  await until("three deltas", () => eventsOf(made, generationId).length === 4);
  const ack = await made.do("subscribe_generation", { generationId });
  assert.deepEqual(ack, { ok: true, status: "queued", recovered: false });
  await made.do("cancel_generation", { generationId });
  const { last } = await whole(made, generationId);
  assert.equal(last.event, "generation_cancelled");
  assert.deepEqual(Object.keys(last.payload).sort(), ["attempt", "generationId", "seq"]);
  await made.refused("cancel_generation", { generationId }, "already_ended");
}

async function resumingIsExact() {
  const made = await connect(ana);
  const { generationId } = await start(made, "hold");
  await until("three deltas", () => eventsOf(made, generationId).length === 4);
  const seen = eventsOf(made, generationId).slice(0, 2);
  const text = seen.map((one) => one.payload.delta ?? "").join("");
  const back = await connect(ana);
  const ack = await back.do("subscribe_generation", { generationId, attempt: 1, lastSeq: 2 });
  ackFirst(back, generationId);
  assert.deepEqual(ack, { ok: true, status: "queued", recovered: true });
  await until("what was missed", () => eventsOf(back, generationId).length === 2);
  await made.do("cancel_generation", { generationId });
  await whole(back, generationId, { from: 2, text });
  await whole(made, generationId);
}

// Who names a position cannot know what is on its way meanwhile.
async function whatASocketWasToldIsNotToldAgain() {
  const made = await connect(ana);
  const { generationId } = await start(made, "hold");
  await until("three deltas", () => eventsOf(made, generationId).length === 4);
  for (const lastSeq of [0, 2, 3, 4]) {
    const ack = await made.do("subscribe_generation", { generationId, attempt: 1, lastSeq });
    assert.deepEqual(ack, { ok: true, status: "queued", recovered: true });
  }
  await made.do("cancel_generation", { generationId });
  const { last } = await whole(made, generationId);
  const ack = await made.do("subscribe_generation", { generationId, attempt: 1, lastSeq: 1 });
  assert.equal(ack.recovered, true);
  await made.ask("no_such_event", {});
  assert.equal(eventsOf(made, generationId).at(-1), last);
  assert.equal(eventsOf(made, generationId).length, 5);
}

// As after it was followed by another way: over SSE, say.
async function aPositionAheadOfTheSocketStartsThere() {
  const made = await connect(ana);
  const { generationId } = await start(made, "hold");
  await until("three deltas", () => eventsOf(made, generationId).length === 4);
  const ack = await made.do("subscribe_generation", { generationId, attempt: 1, lastSeq: 99 });
  assert.equal(ack.recovered, false, "nobody was ever told that position: all again");
  await until("all again", () => eventsOf(made, generationId).length === 8);
  await made.do("cancel_generation", { generationId });
  made.told.splice(0, made.told.findLastIndex((one) => one.payload.seq === 1));
  await whole(made, generationId);
}

async function aPositionThatIsNotKnown() {
  const made = await connect(ana);
  const { generationId } = await start(made, "hold");
  await until("three deltas", () => eventsOf(made, generationId).length === 4);
  const positions = [
    { attempt: 1, lastSeq: 99 },
    { attempt: 2, lastSeq: 1 },
    { attempt: -1, lastSeq: 1 },
    { attempt: 1, lastSeq: -5 },
    { attempt: "x", lastSeq: {} },
    { attempt: 1.5, lastSeq: 1 },
    { lastSeq: 2 },
    { attempt: 1e300, lastSeq: 1e300 },
  ];
  for (const position of positions) {
    const back = await connect(ana);
    const ack = await back.do("subscribe_generation", { generationId, ...position });
    assert.equal(ack.recovered, false, JSON.stringify(position));
    await until("all again", () => eventsOf(back, generationId).length === 4);
    assert.equal(eventsOf(back, generationId)[0].payload.seq, 1);
    back.close();
  }
  await made.do("cancel_generation", { generationId });
  await whole(made, generationId);
}

async function anEndedOneIsItsLastEvent() {
  const made = await connect(ana);
  for (const prompt of ["finish 5", "forget 5"]) {
    const { generationId } = await start(made, prompt);
    // A socket that is there before the node has heard of the start follows it unasked, and would be no witness.
    await until("its beginning", () => eventsOf(made, generationId).length > 0);
    const witness = await connect(ana);
    await made.do("cancel_generation", { generationId });
    // Once a socket that does not follow has the end, no later one gets it unasked.
    await until("the end", () => eventsOf(witness, generationId).length === 1);
    const again = await witness.do("subscribe_generation", { generationId });
    assert.deepEqual(again, { ok: true, status: "completed", recovered: false });
    await witness.ask("no_such_event", {});
    assert.equal(eventsOf(witness, generationId).length, 1, "what a socket has is not told again");
    for (const position of [{}, { attempt: 1, lastSeq: 99 }, { attempt: 3, lastSeq: 1 }]) {
      const back = await connect(ana);
      const ack = await back.do("subscribe_generation", { generationId, ...position });
      assert.equal(ack.status, "completed");
      assert.equal(ack.recovered, false);
      await until("the last event", () => eventsOf(back, generationId).length > 0);
      await back.ask("no_such_event", {});
      const [last, ...more] = eventsOf(back, generationId);
      assert.deepEqual(more, []);
      assert.equal(last.event, "generation_complete");
      assert.equal(last.payload.result, "0 ✓\n1 ✓\n2 ✓\n3 ✓\n4 ✓\n");
      assert.deepEqual([last.payload.attempt, last.payload.seq], [1, 7]);
      back.close();
    }
    const back = await connect(ana);
    const ack = await back.do("subscribe_generation", { generationId, attempt: 1, lastSeq: 7 });
    assert.equal(ack.recovered, true);
    await back.ask("no_such_event", {});
    assert.deepEqual(eventsOf(back, generationId), [], "who has the last event gets nothing");
    back.close();
  }
}

async function theEndReachesWhoDoesNotFollow() {
  const made = await connect(ana);
  const { generationId } = await start(made, "hold");
  const late = await connect(ana);
  await made.do("cancel_generation", { generationId });
  await until("the end", () => late.of("generation_cancelled").length === 1);
  await whole(made, generationId);
  assert.equal(eventsOf(late, generationId).length, 1, "the last event alone");
}

async function aRoomSeesWhatItsMembersStart() {
  const roomId = await room(ana, ben);
  const [starter, member, outside] = [await connect(ana), await connect(ben), await connect(ben)];
  for (const one of [starter, member]) await one.do("join_room", { roomId });
  const { generationId } = await start(starter, "count 30", { roomId });
  await whole(starter, generationId);
  await whole(member, generationId);
  for (const one of [starter, member]) {
    assert.equal(one.of("generation_started").length, 1);
    assert.equal(one.of("generation_started")[0].roomId, roomId);
  }
  await outside.ask("no_such_event", {});
  assert.deepEqual(eventsOf(outside, generationId), []);
  await outside.do("subscribe_generation", { generationId });
  await until("the last event", () => eventsOf(outside, generationId).length === 1);
}

async function othersMayNot() {
  const made = await connect(ana);
  const stranger = await connect(ben);
  const { generationId } = await start(made, "hold");
  await stranger.refused("subscribe_generation", { generationId }, "not_found");
  await stranger.refused("cancel_generation", { generationId }, "not_found");
  await made.do("cancel_generation", { generationId });
  await whole(made, generationId);
  assert.deepEqual(eventsOf(stranger, generationId), []);
}

await story(
  fromThePromptToTheResult,
  theSameClientIdStartsOne,
  subscribingAgainDoublesNothing,
  resumingIsExact,
  whatASocketWasToldIsNotToldAgain,
  aPositionAheadOfTheSocketStartsThere,
  aPositionThatIsNotKnown,
  anEndedOneIsItsLastEvent,
  theEndReachesWhoDoesNotFollow,
  aRoomSeesWhatItsMembersStart,
  othersMayNot,
);

// A flood is answered, then closed; nobody else notices.
import { ana, assert, ben, connect, room, story, until } from "./stand.mjs";

async function aFloodIsAnsweredThenClosed() {
  const roomId = await room(ben, ana);
  const [flood, b, tab] = [await connect(ana), await connect(ben), await connect(ana, { node: 1 })];
  for (const one of [flood, b, tab]) await one.do("join_room", { roomId });
  const gone = new Promise((resolve) => flood.once("disconnect", resolve));
  const answers = { heard: 0, refused: 0 };
  // In waves, as a client does that never learns.
  const wave = () =>
    new Promise((resolve) => {
      let open = 500;
      const answered = (ack) => {
        if (ack.ok) answers.heard += 1;
        else {
          assert.equal(ack.error.code, "rate_limited");
          assert.ok(ack.error.retryAfter >= 1);
          answers.refused += 1;
        }
        open -= 1;
        if (open === 0) resolve();
      };
      for (let index = 0; index < 500; index += 1) flood.emit("typing", { roomId, typing: true }, answered);
    });
  while (flood.connected && answers.refused < 5_000) await Promise.race([wave(), gone]);
  assert.equal(await gone, "io server disconnect");
  assert.equal(flood.of("too_many_events").length, 1);
  assert.equal(typeof flood.of("too_many_events")[0].reason, "string");
  assert.ok(answers.heard >= 900 && answers.heard < 2_500, `${answers.heard} were heard`);
  assert.ok(answers.refused >= 250, `${answers.refused} were refused, and told so`);
  // The others were served all the while, and the same person is in another tab.
  const { id } = await b.do("send_message", { roomId, message: "all well here" });
  await until("the message", () => tab.of("message_received").some((one) => one.id === id));
  await tab.do("typing", { roomId, typing: false });
  const again = await connect(ana);
  await again.do("join_room", { roomId });
  // Who does it again and again is not let in, for a while.
  let refusal = null;
  for (let round = 0; round < 5 && !refusal; round += 1) {
    const made = round === 0 ? again : await connect(ana).catch((error) => error);
    if (made instanceof Error) refusal = made.message;
    else {
      const closed = new Promise((resolve) => made.once("disconnect", resolve));
      for (let index = 0; index < 4_000; index += 1) made.emit("typing", { roomId, typing: true });
      await closed;
    }
  }
  assert.equal(refusal, "rate_limited");
  assert.equal(tab.connected, true, "what is open elsewhere stays");
}

async function joinsAreDearer() {
  const made = await connect(ben);
  const roomId = await room(ben);
  const codes = await Promise.all(Array.from({ length: 400 }, () => made.ask("join_room", { roomId })));
  const heard = codes.filter((one) => one.ok).length;
  assert.ok(heard >= 150 && heard < 400, `${heard} of 400 joins at once`);
  assert.ok(codes.filter((one) => !one.ok).every((one) => one.error.code === "rate_limited"));
  assert.equal(made.connected, true);
}

await story(aFloodIsAnsweredThenClosed, joinsAreDearer);

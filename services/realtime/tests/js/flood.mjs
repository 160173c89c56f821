// Nothing is dropped, however fast it comes.
import { ana, assert, connect, story, transports, until, whole } from "./stand.mjs";

async function fiveThousandFastDeltas() {
  const sockets = await Promise.all([connect(ana), connect(ana), connect(ana, { node: 1 })]);
  const { generationId } = await sockets[0].do("start_generation", { type: "code", prompt: "count 5000" });
  await Promise.all(sockets.map((one) => whole(one, generationId)));
}

async function severalAtOnce() {
  const made = await connect(ana);
  const started = await Promise.all(
    Array.from({ length: 8 }, () => made.do("start_generation", { type: "code", prompt: "count 1000" })),
  );
  await Promise.all(started.map(({ generationId }) => whole(made, generationId)));
}

async function aReaderThatPauses() {
  if (!transports.includes("websocket")) return;
  const made = await connect(ana);
  const { engine } = made.io;
  if (engine.transport.name !== "websocket") await new Promise((resolve) => engine.once("upgrade", resolve));
  const wire = engine.transport.ws._socket;
  // 60 000 events do not fit any buffer on the way.
  const { generationId } = await made.do("start_generation", { type: "code", prompt: "count 60000" });
  const other = await connect(ana);
  wire.pause();
  // Not for long: a client that answers no ping is gone.
  const enough = Date.now() + 3_000;
  await until("much of it, elsewhere", () => other.of("generation_progress").length > 50_000 || Date.now() > enough);
  wire.resume();
  await whole(made, generationId, { limit: 60_000 });
}

async function manyQuestionsAtOnce() {
  const made = await connect(ana);
  const answers = await Promise.all(Array.from({ length: 3000 }, () => made.ask("no_such_event", {})));
  for (const answer of answers) assert.equal(answer.error.code, "unknown_event");
}

await story(fiveThousandFastDeltas, severalAtOnce, aReaderThatPauses, manyQuestionsAtOnce);

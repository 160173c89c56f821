// Nothing is dropped, however fast it comes.
import { ana, connect, story, whole } from "./stand.mjs";

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

await story(fiveThousandFastDeltas, severalAtOnce);

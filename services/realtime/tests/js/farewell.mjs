// A node that stops sends its clients away so that they come back elsewhere by themselves.
import { ana, assert, connect, story, transports, urls } from "./stand.mjs";

async function theTransportIsClosed() {
  const made = await connect(ana);
  const { engine } = made.io;
  if (engine.transport.name !== transports.at(-1)) await new Promise((resolve) => engine.once("upgrade", resolve));
  const gone = new Promise((resolve) => made.once("disconnect", resolve));
  assert.equal((await fetch(`${urls[0]}/test/stop`, { method: "POST" })).status, 200);
  // After "io server disconnect" the official client would not come back by itself. By polling, a goodbye that falls between two
  // polls is met by the next one as an error; after both it comes back.
  const reasons = transports.at(-1) === "polling" ? ["transport close", "transport error"] : ["transport close"];
  assert.ok(reasons.includes(await gone));
}

await story(theTransportIsClosed);

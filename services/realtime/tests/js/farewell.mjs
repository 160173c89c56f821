// A node that stops sends its clients away so that they come back elsewhere by themselves.
import { ana, assert, connect, story, transports, urls } from "./stand.mjs";

async function theTransportIsClosed() {
  const made = await connect(ana);
  const { engine } = made.io;
  if (engine.transport.name !== transports.at(-1)) await new Promise((resolve) => engine.once("upgrade", resolve));
  const gone = new Promise((resolve) => made.once("disconnect", resolve));
  assert.equal((await fetch(`${urls[0]}/test/stop`, { method: "POST" })).status, 200);
  // After "io server disconnect" the official client would not reconnect.
  assert.equal(await gone, "transport close");
}

await story(theTransportIsClosed);

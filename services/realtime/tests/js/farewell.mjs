// A node that stops sends its clients away so that they come back elsewhere by themselves.
import { ana, assert, connect, story, transports, until, urls } from "./stand.mjs";

async function theTransportIsClosed() {
  const made = await connect(ana);
  const { engine } = made.io;
  if (engine.transport.name !== transports.at(-1)) await new Promise((resolve) => engine.once("upgrade", resolve));
  if (transports.at(-1) === "polling") {
    // What the server says at the beginning (its first ping) has come: the next poll is the one that waits for the goodbye.
    await made.ask("no_such_event", {});
    await until("a poll waits", () => engine.transport._polling && engine.writeBuffer.length === 0);
    assert.equal((await fetch(`${urls[0]}/health/live`)).status, 200, "an answer that comes after the poll was taken");
  }
  const gone = new Promise((resolve) => made.once("disconnect", resolve));
  assert.equal((await fetch(`${urls[0]}/test/stop`, { method: "POST" })).status, 200);
  // After "io server disconnect" the official client would not reconnect. Between two polls the goodbye is an error.
  const reasons = transports.at(-1) === "polling" ? ["transport close", "transport error"] : ["transport close"];
  assert.ok(reasons.includes(await gone), `${await gone}`);
  const [{ delayMs }] = made.of("restarting");
  assert.ok(Number.isInteger(delayMs) && delayMs >= 0 && delayMs <= 15_000, `a wait of its own: ${delayMs}`);
}

await story(theTransportIsClosed);

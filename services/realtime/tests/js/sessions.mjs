// A socket and its token.
import { ana, assert, ben, connect, story, until, urls } from "./stand.mjs";

async function advance(seconds) {
  assert.equal((await fetch(`${urls[0]}/test/advance/${seconds}`, { method: "POST" })).status, 200);
}

async function onlyTheSameUserRenews() {
  const made = await connect(ana);
  await made.refused("authenticate", { token: ben.token }, "not_found");
  await made.refused("authenticate", { token: "a.b.c" }, "unauthorized");
  await made.refused("authenticate", {}, "invalid");
  await made.do("authenticate", { token: ana.later });
  made.close();
}

async function aTokenEnds() {
  const made = await connect(ana);
  const gone = new Promise((resolve) => made.once("disconnect", resolve));
  await advance(900 + 29);
  await made.ask("no_such_event", {});
  assert.deepEqual(made.of("session_expired"), []);
  await advance(1);
  assert.equal(await gone, "io server disconnect");
  assert.equal(made.of("session_expired").length, 1);
  assert.equal(typeof made.of("session_expired")[0].reason, "string");
}

await story(onlyTheSameUserRenews, aTokenEnds);
void until;

// A socket and its token.
import { ana, assert, ben, connect, story, urls } from "./stand.mjs";

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

async function aSessionIsRevoked() {
  const [made, other] = [await connect(ben), await connect(ben, { node: 1 })];
  const stays = await connect(ben, { auth: { token: ben.later } });
  const gone = Promise.all([made, other].map((one) => new Promise((resolve) => one.once("disconnect", resolve))));
  const { sid } = JSON.parse(Buffer.from(ben.token.split(".")[1], "base64url"));
  const before = Date.now();
  assert.equal((await fetch(`${urls[0]}/test/revoke/${sid}`, { method: "POST" })).status, 200);
  assert.deepEqual(await gone, ["io server disconnect", "io server disconnect"]);
  assert.ok(Date.now() - before < 1_000, "within a second");
  for (const one of [made, other]) assert.deepEqual(one.of("session_revoked"), [{ reason: "The session has ended." }]);
  const signedOut = new Promise((resolve) => stays.once("disconnect", resolve));
  await stays.ask("no_such_event", {});
  assert.equal(stays.connected, true, "another session lives on");
  const later = JSON.parse(Buffer.from(ben.later.split(".")[1], "base64url")).sid;
  assert.equal((await fetch(`${urls[1]}/test/sign-out/${ben.id}/${later}`, { method: "POST" })).status, 200);
  assert.equal(await signedOut, "io server disconnect");
  assert.deepEqual(stays.of("session_revoked"), [{ reason: "You signed out." }]);
  await assert.rejects(connect(ben), { message: "unauthorized" });
}

await story(onlyTheSameUserRenews, aSessionIsRevoked, aTokenEnds);

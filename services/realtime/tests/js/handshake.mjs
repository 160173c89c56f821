// Who may connect.
import { ana, assert, connect, socket, story, transports } from "./stand.mjs";

function refused(made) {
  return new Promise((resolve, reject) => {
    made.once("connect_error", (error) => resolve(error.message));
    made.once("connect", () => reject(new Error("connected")));
  });
}

async function noToken() {
  const none = { alg: "none", typ: "at+jwt", kid: "test" };
  const body = ana.token.split(".")[1];
  const forged = `${Buffer.from(JSON.stringify(none)).toString("base64url")}.${body}.`;
  for (const auth of [{}, { token: "" }, { token: 7 }, { token: null }, { token: "a.b.c" }, { token: forged }]) {
    assert.equal(await refused(socket(ana, { auth })), "unauthorized", JSON.stringify(auth));
  }
}

async function aToken() {
  const made = await connect(ana);
  const { engine } = made.io;
  if (transports.length > 1 && engine.transport.name === "polling") {
    await new Promise((resolve) => engine.once("upgrade", resolve));
  }
  assert.equal(engine.transport.name, transports.at(-1));
  const answer = await made.ask("no_such_event", {});
  assert.deepEqual([answer.ok, answer.error.code], [false, "unknown_event"]);
}

await story(noToken, aToken);

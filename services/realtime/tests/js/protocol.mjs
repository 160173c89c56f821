// Engine.IO 4 and Socket.IO 5 on the wire, without a client library: what the official conformance suites ask, and more.
import { createRequire } from "node:module";
import { assert, story, until, urls } from "./stand.mjs";

const require = createRequire(new URL("../../../../frontend/package.json", import.meta.url));
const WebSocket = require("ws");
const [base] = urls;
const PATHS = ["/socket.io/", "/engine.io/"];

const at = (path, query) => `${base}${path}?${query}`;
const poll = (path, sid, options) => fetch(at(path, `EIO=4&transport=polling${sid ? `&sid=${sid}` : ""}`), options);
const push = (path, sid, body) => poll(path, sid, { method: "POST", body });

async function openPolling(path = "/socket.io/") {
  const answer = await poll(path);
  assert.equal(answer.status, 200);
  const text = await answer.text();
  assert.equal(text[0], "0");
  return JSON.parse(text.slice(1));
}

/** A websocket with all that it was told. */
async function open(query = "EIO=4&transport=websocket", path = "/socket.io/") {
  const ws = new WebSocket(at(path, query).replace("http", "ws"));
  const made = { ws, told: [], closed: false };
  ws.on("message", (data, binary) => made.told.push(binary ? data : data.toString()));
  ws.on("close", () => {
    made.closed = true;
  });
  // A refused handshake is an error before it is an end.
  ws.on("error", () => {});
  await until("an answer", () => made.told.length > 0 || made.closed || ws.readyState === WebSocket.OPEN);
  // Heartbeats are apart.
  made.talk = () => made.told.filter((one) => one !== "2");
  return made;
}

async function connected() {
  const made = await open();
  await until("the handshake", () => made.told.length > 0);
  made.ws.send("40");
  await until("the welcome", () => made.talk().length >= 3);
  made.told.splice(0);
  return made;
}

async function theHandshakeSaysWhatHolds() {
  for (const path of PATHS) {
    const { sid, ...rest } = await openPolling(path);
    assert.equal(typeof sid, "string");
    assert.deepEqual(rest, { upgrades: ["websocket"], pingInterval: 300, pingTimeout: 200, maxPayload: 1000000 });
    const ws = await open(undefined, path);
    await until("the handshake", () => ws.told.length > 0);
    const { sid: other, ...same } = JSON.parse(ws.told[0].slice(1));
    assert.notEqual(other, sid);
    assert.deepEqual(same, { ...rest, upgrades: [] });
    ws.ws.close();
  }
}

async function whatIsNoHandshakeIsRefused() {
  for (const path of PATHS) {
    for (const query of ["transport=polling", "EIO=abc&transport=polling", "EIO=4", "EIO=4&transport=abc"]) {
      assert.equal((await fetch(at(path, query))).status, 400, query);
    }
    assert.equal((await poll(path, "", { method: "POST" })).status, 400);
    assert.equal((await poll(path, "no-such-session")).status, 400);
    for (const query of ["transport=websocket", "EIO=abc&transport=websocket", "EIO=4&transport=abc"]) {
      const made = await open(query, path);
      await until("the refusal", () => made.closed);
    }
  }
}

async function packetsTravelOverPolling() {
  const path = "/engine.io/";
  const { sid } = await openPolling(path);
  const hear = async (...packets) => {
    const heard = [];
    while (heard.length < packets.length) {
      const some = (await (await poll(path, sid)).text()).split("\x1e");
      heard.push(...some.filter((one) => one !== "2"));
    }
    assert.deepEqual(heard, packets);
  };
  assert.equal(await (await push(path, sid, "4hello")).text(), "ok");
  await hear("4hello");
  await push(path, sid, "4test1\x1e4test2\x1e4test3");
  await hear("4test1", "4test2", "4test3");
  await push(path, sid, "4hello\x1ebAQIDBA==");
  await hear("4hello", "bAQIDBA==");
  assert.equal((await push(path, sid, "abc")).status, 400);
  assert.equal((await poll(path, sid)).status, 400, "the session is closed");
}

async function onePollAtATime() {
  const path = "/engine.io/";
  const { sid } = await openPolling(path);
  // The first ping comes at once (docs/protocol.md); after it there is nothing to be said for a while.
  assert.equal(await (await poll(path, sid)).text(), "2");
  const answers = await Promise.all([poll(path, sid), poll(path, sid)]);
  assert.ok(answers.some((one) => one.status === 400), "two polls at once are one too many");
  assert.equal((await poll(path, sid)).status, 400, "the session is closed");
}

async function theHeartBeats() {
  const made = await open();
  for (let beat = 1; beat <= 3; beat += 1) {
    await until(`ping ${beat}`, () => made.told.filter((one) => one === "2").length >= beat);
    made.ws.send("3");
  }
  await until("the end, without a pong", () => made.closed);
  const { sid } = await openPolling();
  await until("the end of a session that does not poll", async () => {
    const answer = await poll("/socket.io/", sid);
    if (answer.status === 400) return true;
    await answer.text();
    return false;
  });
}

async function aSessionMovesToWebsocket() {
  const { sid } = await openPolling("/engine.io/");
  const made = await open(`EIO=4&transport=websocket&sid=${sid}`, "/engine.io/");
  made.ws.send("2probe");
  await until("the probe's answer", () => made.told.includes("3probe"));
  made.ws.send("5");
  made.ws.send("4hello");
  await until("the echo", () => made.told.includes("4hello"));
  assert.equal((await poll("/engine.io/", sid)).status, 400, "the old way is shut");
  made.told.splice(0);
  const other = await open(`EIO=4&transport=websocket&sid=${sid}`, "/engine.io/");
  await until("the other is shut", () => other.closed);
  made.ws.send("4still here");
  await until("the echo", () => made.told.includes("4still here"));
  made.ws.close();
}

async function namespacesAreEntered() {
  for (const [hello, welcome, auth] of [
    ["40", /^40\{"sid":"[^"]+"\}$/, '42["auth",{}]'],
    ['40{"token":"123"}', /^40\{"sid":"[^"]+"\}$/, '42["auth",{"token":"123"}]'],
    ["40/custom,", /^40\/custom,\{"sid":"[^"]+"\}$/, '42/custom,["auth",{}]'],
    ['40/custom,{"token":"abc"}', /^40\/custom,\{"sid":"[^"]+"\}$/, '42/custom,["auth",{"token":"abc"}]'],
  ]) {
    const made = await open();
    made.ws.send(hello);
    await until(`the welcome of ${hello}`, () => made.talk().length >= 3);
    const [, second, third] = made.talk();
    assert.match(second, welcome);
    assert.equal(third, auth);
    made.ws.close();
  }
  const unknown = await open();
  unknown.ws.send("40/random");
  await until("the refusal", () => unknown.talk().length >= 2);
  assert.equal(unknown.talk()[1], '44/random,{"message":"Invalid namespace"}');
  const silent = await open();
  await until("the end of who never says hello", () => silent.closed);
  const wrong = await open();
  wrong.ws.send("4abc");
  await until("the end", () => wrong.closed);
}

async function messagesComeBack() {
  const made = await connected();
  const bytes = Buffer.from([1, 2, 3]);
  for (const [packets, expected] of [
    [['42["message",1,"2",{"3":[true]}]'], ['42["message-back",1,"2",{"3":[true]}]']],
    [['42456["message-with-ack",1,"2",{"3":[false]}]'], ['43456[1,"2",{"3":[false]}]']],
    [
      ['452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', bytes, bytes],
      ['452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', bytes, bytes],
    ],
    [
      ['452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', bytes, bytes],
      ['462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', bytes, bytes],
    ],
  ]) {
    made.told.splice(0);
    for (const packet of packets) made.ws.send(packet);
    await until(expected[0], () => made.talk().length >= expected.length);
    assert.deepEqual(made.talk(), expected);
  }
}

async function aNamespaceIsLeft() {
  const made = await connected();
  made.ws.send("41");
  made.ws.send("40/custom");
  await until("the other namespace", () => made.talk().some((one) => one.startsWith("40/custom,")));
  assert.equal(made.closed, false);
  made.ws.close();
}

async function whatIsNoPacketEndsTheConnection() {
  for (const packet of ["4abc", "42{}", '42abc["message-with-ack",1]', "9", "42[1]x"]) {
    const made = await connected();
    made.ws.send(packet);
    await until(`the end after ${packet}`, () => made.closed);
  }
}

await story(
  theHandshakeSaysWhatHolds,
  whatIsNoHandshakeIsRefused,
  packetsTravelOverPolling,
  onePollAtATime,
  theHeartBeats,
  aSessionMovesToWebsocket,
  namespacesAreEntered,
  messagesComeBack,
  aNamespaceIsLeft,
  whatIsNoPacketEndsTheConnection,
);

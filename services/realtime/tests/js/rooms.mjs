// People talk.
import { ana, assert, ben, cem, connect, letIn, rest, room, story, until } from "./stand.mjs";

async function whatIsSaidReachesAll() {
  const roomId = await room(ana, ben);
  const [a, b, outside] = [await connect(ana), await connect(ben), await connect(cem)];
  const joined = await a.do("join_room", { roomId, userId: ana.id });
  assert.equal(joined.room.id, roomId);
  assert.equal(joined.room.role, "owner");
  assert.deepEqual([joined.messages, joined.more, joined.activeGenerations], [[], false, []]);
  assert.deepEqual(joined.members.map((one) => [one.name, one.role, one.state]), [
    ["Ana", "owner", "online"],
    ["Ben", "editor", "away"],
  ]);
  await b.do("join_room", { roomId });
  await outside.refused("join_room", { roomId }, "not_found");
  const clientId = crypto.randomUUID();
  const first = await a.do("send_message", { roomId, message: "Hello 👋", clientId });
  const again = await a.do("send_message", { roomId, message: "Hello 👋", clientId });
  assert.deepEqual(again, first);
  for (const one of [a, b]) {
    await until("the message", () => one.of("message_received").length === 1);
    assert.deepEqual(one.of("message_received")[0], {
      id: first.id,
      roomId,
      userId: ana.id,
      name: "Ana",
      message: "Hello 👋",
      clientId,
      timestamp: first.timestamp,
    });
  }
  await b.do("send_message", { roomId, message: "second" });
  await until("the second message", () => a.of("message_received").length === 2);
  assert.equal(a.of("message_received")[1].clientId, null);
  assert.deepEqual(outside.of("message_received"), []);
}

async function identityIsTheTokens() {
  const roomId = await room(ana, ben);
  const a = await connect(ana);
  await a.refused("join_room", { roomId, userId: ben.id }, "not_found");
  await a.refused("send_message", { roomId, message: "before joining" }, "not_found");
  await a.do("join_room", { roomId });
  await a.refused("send_message", { roomId, message: "x", userId: ben.id }, "not_found");
  for (const message of ["", " \n", "a\u0000b", "x".repeat(16_001), 7, null]) {
    await a.refused("send_message", { roomId, message }, "invalid");
  }
  await a.refused("send_message", { roomId, message: "x", clientId: "" }, "invalid");
  await a.do("send_message", { roomId, message: "é".repeat(16_000) });
}

async function manyAtOnceKeepTheirOrder() {
  const roomId = await room(ana, ben);
  const [a, b] = [await connect(ana), await connect(ben, { node: 1 })];
  for (const one of [a, b]) await one.do("join_room", { roomId });
  const words = Array.from({ length: 200 }, (_, index) => String(index));
  await Promise.all(words.map((message) => a.do("send_message", { roomId, message })));
  for (const one of [a, b]) {
    await until("all messages", () => one.of("message_received").length === 200);
    assert.deepEqual(one.of("message_received").map((told) => told.message), words);
  }
}

async function messagesChangeAndGo() {
  const roomId = await room(ana, ben);
  const [a, b] = [await connect(ana), await connect(ben)];
  for (const one of [a, b]) await one.do("join_room", { roomId });
  const { id } = await b.do("send_message", { roomId, message: "frist" });
  await a.refused("edit_message", { roomId, id, message: "mine" }, "forbidden");
  await b.do("edit_message", { roomId, id, message: "first" });
  await until("the edit", () => a.of("message_edited").length === 1);
  const [{ timestamp, ...edited }] = a.of("message_edited");
  assert.deepEqual(edited, { id, roomId, message: "first" });
  assert.ok(Date.parse(timestamp));
  const mine = await a.do("send_message", { roomId, message: "mine" });
  await b.refused("delete_message", { roomId, id: mine.id }, "forbidden");
  await a.do("delete_message", { roomId, id });
  const kept = (await rest(ana, "GET", `/api/rooms/${roomId}/messages`)).body.items;
  assert.deepEqual(kept.map((one) => [one.message, "editedAt" in one]), [["mine", false]]);
  await a.do("edit_message", { roomId, id: mine.id, message: "mine, still" });
  assert.ok(Date.parse((await rest(ana, "GET", `/api/rooms/${roomId}/messages`)).body.items[0].editedAt));
  await until("the deletion", () => b.of("message_deleted").length === 1);
  assert.deepEqual(b.of("message_deleted")[0], { id, roomId });
  await b.refused("edit_message", { roomId, id, message: "gone" }, "not_found");
}

async function whatIsUnreadIsCounted() {
  const roomId = await room(ana, ben);
  const [a, b] = [await connect(ana), await connect(ben)];
  await a.do("join_room", { roomId });
  const sent = [];
  for (const message of ["1", "2", "3"]) sent.push(await a.do("send_message", { roomId, message }));
  const joined = await b.do("join_room", { roomId });
  assert.equal(joined.room.unread, 3);
  assert.equal((await b.do("mark_read", { roomId, messageId: sent[1].id })).unread, 1);
  assert.equal((await b.do("mark_read", { roomId, messageId: sent[0].id })).unread, 1);
  assert.equal((await a.do("mark_read", { roomId, messageId: sent[2].id })).unread, 0);
}

async function whoIsSpokenOfIsTold() {
  const roomId = await room(ana, ben);
  const [a, b, outside] = [await connect(ana), await connect(ben, { node: 1 }), await connect(cem)];
  await a.do("join_room", { roomId });
  // Ben is not in the room now: he is told all the same.
  const message = "Ben, look at this";
  const { id } = await a.do("send_message", { roomId, message, mentions: [ben.id, ana.id, ben.id] });
  await until("the mention", () => b.of("mentioned").length === 1);
  assert.deepEqual([b.of("mentioned")[0].id, b.of("mentioned")[0].message], [id, message]);
  const mentions = [ana.id, ben.id].sort();
  assert.deepEqual(b.of("mentioned")[0].mentions.sort(), mentions);
  assert.deepEqual(a.of("mentioned"), [], "nobody is told of what they said themselves");
  await a.do("send_message", { roomId, message: "and of nobody" });
  const joined = await b.do("join_room", { roomId });
  assert.deepEqual([joined.room.unread, joined.room.unreadMentions], [2, 1]);
  assert.deepEqual(joined.messages.map((one) => one.mentions?.sort()), [mentions, undefined]);
  await b.do("mark_read", { roomId, messageId: id });
  assert.equal((await rest(ben, "GET", `/api/rooms/${roomId}`)).body.unreadMentions, 0);
  for (const mentions of [[cem.id], ["x"], "all", Array.from({ length: 51 }, () => crypto.randomUUID())]) {
    await a.refused("send_message", { roomId, message: "x", mentions }, "invalid");
  }
  const newest = (await rest(ana, "GET", `/api/rooms/${roomId}/messages`)).body.items;
  assert.equal(newest.length, 2, "what was refused is not kept");
  assert.deepEqual(outside.of("mentioned"), []);
}

async function whatIsReadIsSeen() {
  const roomId = await room(ana, ben);
  const [a, b, tab] = [await connect(ana), await connect(ben, { node: 1 }), await connect(ben)];
  for (const one of [a, b, tab]) await one.do("join_room", { roomId });
  const sent = [];
  for (const message of ["1", "2"]) sent.push(await a.do("send_message", { roomId, message }));
  await b.do("mark_read", { roomId, messageId: sent[1].id });
  const marker = { roomId, userId: ben.id, messageId: sent[1].id };
  for (const one of [a, tab]) {
    await until("the marker", () => one.of("message_read").length === 1);
    assert.deepEqual(one.of("message_read"), [marker]);
  }
  await b.do("mark_read", { roomId, messageId: sent[0].id });
  const members = (await rest(ana, "GET", `/api/rooms/${roomId}/members`)).body.items;
  assert.deepEqual(
    members.map((one) => [one.name, one.lastReadId]),
    [
      ["Ana", null],
      ["Ben", sent[1].id],
    ],
  );
  assert.equal(a.of("message_read").length, 1, "a marker never goes back");
}

async function typingReachesTheOthers() {
  const roomId = await room(ana, ben);
  const [a, b] = [await connect(ana), await connect(ben)];
  for (const one of [a, b]) await one.do("join_room", { roomId });
  await a.do("typing", { roomId, typing: true });
  await until("typing", () => b.of("typing").length === 1);
  assert.deepEqual(b.of("typing")[0], { roomId, userId: ana.id, name: "Ana", typing: true });
  assert.deepEqual(a.of("typing"), []);
}

async function aViewerReads() {
  const roomId = await room(ana);
  await letIn(ana, roomId, cem, "viewer");
  const [a, c] = [await connect(ana), await connect(cem)];
  for (const one of [a, c]) await one.do("join_room", { roomId });
  await c.refused("send_message", { roomId, message: "x" }, "forbidden");
  await c.refused("typing", { roomId, typing: true }, "forbidden");
  await a.do("send_message", { roomId, message: "read this" });
  await until("the message", () => c.of("message_received").length === 1);
}

async function whoIsPutOutHearsNothingMore() {
  const roomId = await room(ana, ben);
  const [a, b] = [await connect(ana), await connect(ben, { node: 1 })];
  for (const one of [a, b]) await one.do("join_room", { roomId });
  const { generationId } = await a.do("start_generation", { type: "code", prompt: "hold", roomId });
  await until("the stream", () => b.of("generation_progress").length === 4);
  assert.equal((await rest(ana, "DELETE", `/api/rooms/${roomId}/members/${ben.id}`)).status, 204);
  await until("the word to look again", () => b.of("resync_required").some((one) => one.roomId === roomId));
  await a.do("send_message", { roomId, message: "secret" });
  await a.do("cancel_generation", { generationId });
  await until("the end", () => a.of("generation_cancelled").length === 1);
  await b.refused("send_message", { roomId, message: "still here?" }, "not_found");
  await b.refused("join_room", { roomId }, "not_found");
  assert.deepEqual(b.of("message_received"), []);
  assert.deepEqual(b.of("generation_cancelled"), []);
  await until("the departure", () => a.of("user_left").some((one) => one.userId === ben.id));
}

async function whoLeavesHearsNothingMore() {
  const roomId = await room(ana, ben);
  const [a, b] = [await connect(ana), await connect(ben)];
  for (const one of [a, b]) await one.do("join_room", { roomId });
  const { generationId } = await a.do("start_generation", { type: "code", prompt: "hold", roomId });
  await until("the stream", () => b.of("generation_progress").length === 4);
  await b.do("leave_room", { roomId });
  await b.refused("leave_room", { roomId }, "not_found");
  await a.do("send_message", { roomId, message: "is Ben gone?" });
  await a.do("cancel_generation", { generationId });
  await until("the end", () => a.of("generation_cancelled").length === 1);
  const joined = await b.do("join_room", { roomId });
  assert.equal(joined.messages.length, 1, "a member may come back");
  assert.deepEqual([b.of("message_received"), b.of("generation_cancelled")], [[], []]);
}

await story(
  whatIsSaidReachesAll,
  identityIsTheTokens,
  manyAtOnceKeepTheirOrder,
  messagesChangeAndGo,
  whatIsUnreadIsCounted,
  whoIsSpokenOfIsTold,
  whatIsReadIsSeen,
  typingReachesTheOthers,
  aViewerReads,
  whoIsPutOutHearsNothingMore,
  whoLeavesHearsNothingMore,
);

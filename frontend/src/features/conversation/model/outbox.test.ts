import { beforeEach, expect, it } from "vitest";
import { enqueue, nextToSend, openOutbox, removeFromOutbox, updateInOutbox, useOutbox } from "./outbox";

beforeEach(() => {
  localStorage.clear();
  openOutbox("ana");
});

const waiting = () => useOutbox.getState().waiting;

it("keeps a prompt over a reload, with the same clientId", () => {
  enqueue({ roomId: "r", prompt: "a todo app", type: "ui" });
  const before = waiting();
  openOutbox(null);
  expect(waiting()).toEqual([]);
  openOutbox("ana");
  expect(waiting()).toEqual(before);
});

it("shows one user nothing of another", () => {
  enqueue({ roomId: "r", prompt: "a todo app", type: "ui" });
  openOutbox("jonas");
  expect(waiting()).toEqual([]);
});

it("sends the prompts of a conversation one after the other", () => {
  enqueue({ roomId: "r", prompt: "first", type: "ui" });
  enqueue({ roomId: "r", prompt: "second", type: "ui" });
  enqueue({ roomId: "s", prompt: "elsewhere", type: "ui" });
  expect(nextToSend(waiting()).map((item) => item.prompt)).toEqual(["first", "elsewhere"]);
  const first = waiting()[0]?.clientId ?? "";
  updateInOutbox(first, { refused: "Too long" });
  expect(nextToSend(waiting()).map((item) => item.prompt)).toEqual(["elsewhere"]);
  removeFromOutbox(first);
  expect(nextToSend(waiting()).map((item) => item.prompt)).toEqual(["second", "elsewhere"]);
});

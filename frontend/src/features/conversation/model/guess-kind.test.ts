import { expect, it } from "vitest";
import { guessKind } from "./guess-kind";
import { roomName } from "./room-name";

it.each([
  ["a todo app with due dates", "ui"],
  ["An API for lending tools", "api"],
  ["Rename photos by date taken", "cli"],
  ["a function that makes a slug", "code"],
  ["something nice for my mother", "ui"],
])("takes %j as %s", (prompt, kind) => {
  expect(guessKind(prompt)).toBe(kind);
});

it("names a conversation after the first words asked", () => {
  expect(roomName("a todo app with due dates")).toBe("A todo app with due dates");
  expect(roomName("  \n make it\nsecond line")).toBe("Make it");
  expect(roomName("word ".repeat(40)).length).toBeLessThanOrEqual(60);
});

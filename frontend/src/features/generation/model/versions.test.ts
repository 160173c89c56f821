import { expect, it } from "vitest";
import { versionAt, versionsAfter } from "./versions";

const items = [
  { id: "a", status: "completed" },
  { id: "b", status: "failed" },
  { id: "c", status: "completed" },
  { id: "d", status: "cancelled" },
  { id: "e", status: "running" },
] as const;

it("counts what ended well or may still", () => {
  expect(items.map((_, index) => versionAt(items, index))).toEqual([1, 1, 2, 2, 3]);
});

it("knows what came after", () => {
  expect(versionsAfter(items, "a").map(({ id }) => id)).toEqual(["c", "e"]);
  expect(versionsAfter(items, "e")).toEqual([]);
  expect(versionsAfter(items, "gone")).toEqual([]);
});

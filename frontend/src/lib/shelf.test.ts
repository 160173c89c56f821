import { beforeEach, expect, it, vi } from "vitest";
import { Shelf } from "./shelf";

beforeEach(() => localStorage.clear());

it("gives back what was put there, and nothing else", () => {
  const shelf = new Shelf("a.", 1_000);
  localStorage.setItem("a.bad", "{");
  expect(shelf.write("one", { x: 1 })).toBe(true);
  expect(shelf.read("one")).toEqual({ x: 1 });
  expect(shelf.read("two")).toBeUndefined();
  expect(shelf.read("bad")).toBeUndefined();
  shelf.remove("one");
  expect(shelf.read("one")).toBeUndefined();
});

it("lets go of what was written longest ago when there is no more room", () => {
  localStorage.setItem("b.other", "x".repeat(500));
  const shelf = new Shelf("a.", 300);
  const clock = vi.spyOn(Date, "now");
  for (const [at, name] of [
    [3, "old"],
    [1, "oldest"],
    [2, "older"],
  ] as const) {
    clock.mockReturnValue(at);
    shelf.write(name, "x".repeat(60));
  }
  clock.mockReturnValue(4);
  expect(shelf.write("new", "x".repeat(140))).toBe(true);
  expect(["oldest", "older", "old", "new"].filter((name) => shelf.read(name) !== undefined)).toEqual(["old", "new"]);
  expect(localStorage.getItem("b.other")).not.toBeNull();
});

it("says when something was not kept, and then holds no older state of it", () => {
  const shelf = new Shelf("a.", 100);
  expect(shelf.write("one", "short")).toBe(true);
  expect(shelf.write("one", "x".repeat(200))).toBe(false);
  expect(shelf.read("one")).toBeUndefined();
  const full = {
    getItem: () => null,
    setItem: () => {
      throw new DOMException("full", "QuotaExceededError");
    },
  };
  expect(new Shelf("a.", 100, () => full as unknown as Storage).write("one", "x")).toBe(false);
});

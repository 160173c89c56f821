import { beforeEach, expect, it } from "vitest";
import { AppStorage, readEntries } from "./app-storage";

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
});

it("keeps what each app wrote, apart from the others", () => {
  const one = new AppStorage("ana.one");
  expect(one.write("local", [["theme", "dark"]])).toBe(true);
  expect(one.write("session", [["step", "2"]])).toBe(true);
  expect(new AppStorage("ana.one").all()).toEqual([
    ["local", [["theme", "dark"]]],
    ["session", [["step", "2"]]],
  ]);
  expect(new AppStorage("ana.two").read("local")).toEqual([]);
  expect(new AppStorage("eve.one").read("local")).toEqual([]);
  // What lasts as long as a tab is in the tab's own storage.
  expect(Object.keys(localStorage)).toEqual(["aether.app.ana.one"]);
  expect(Object.keys(sessionStorage)).toEqual(["aether.app.ana.one"]);
  one.write("local", []);
  expect(localStorage).toHaveLength(0);
});

it("takes entries only, and only so much", () => {
  expect(readEntries([["a", "b"]])).toEqual([["a", "b"]]);
  for (const bad of [null, "x", {}, [["a"]], [["a", 1]], [["a", "b", "c"]], [{ 0: "a", 1: "b", length: 2 }]]) {
    expect(readEntries(bad)).toBeNull();
  }
  expect(readEntries([["a", "x".repeat(256 * 1024 - 1)]])).not.toBeNull();
  expect(readEntries([["a", "x".repeat(256 * 1024)]])).toBeNull();
  expect(readEntries(Array.from({ length: 1_001 }, (_, at) => [String(at), ""]))).toBeNull();
});

it("takes nothing from a storage that somebody else has written to", () => {
  localStorage.setItem("aether.app.ana.one", '{"at":1,"value":[["a",{}]]}');
  expect(new AppStorage("ana.one").read("local")).toEqual([]);
});

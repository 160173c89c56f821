import { beforeEach, expect, it, vi } from "vitest";

/** As after a reload: what is in memory is gone, what is kept is there. */
async function fresh() {
  vi.resetModules();
  return import("./edits");
}

beforeEach(() => localStorage.clear());

it("keeps what was changed, for each version and file, over a reload", async () => {
  const edits = await fresh();
  edits.setEdit("v1", "a.ts", "new", "old");
  edits.setEdit("v1", "b.ts", "more", "old");
  edits.setEdit("v2", "a.ts", "other", "old");
  const again = await fresh();
  expect(again.editsOf("v1")).toEqual({ "a.ts": "new", "b.ts": "more" });
  expect(again.editsOf("v2")).toEqual({ "a.ts": "other" });
  expect(again.editsOf("v3")).toEqual({});
});

it("holds no edit of a file that is again what it was", async () => {
  const edits = await fresh();
  edits.setEdit("v1", "a.ts", "new", "old");
  edits.setEdit("v1", "a.ts", "old", "old");
  expect(edits.isEmpty(edits.editsOf("v1"))).toBe(true);
  expect(Object.keys(localStorage)).toEqual([]);
});

it("gives discarded edits back", async () => {
  const edits = await fresh();
  edits.setEdit("v1", "a.ts", "new", "old");
  const before = edits.editsOf("v1");
  edits.setEdits("v1", {});
  expect(edits.editsOf("v1")).toEqual({});
  edits.setEdits("v1", before);
  expect((await fresh()).editsOf("v1")).toEqual({ "a.ts": "new" });
});

it("takes nothing from the storage that is no text", async () => {
  localStorage.setItem("aether.edits..v1", '{"at":1,"value":{"a.ts":3,"b.ts":"x"}}');
  localStorage.setItem("aether.edits..v2", '{"at":1,"value":"x"}');
  const edits = await fresh();
  expect(edits.editsOf("v1")).toEqual({ "b.ts": "x" });
  expect(edits.editsOf("v2")).toEqual({});
});

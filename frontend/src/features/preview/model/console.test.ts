import { expect, it } from "vitest";
import { type ConsoleEntry, MAX_ENTRIES, withEntry } from "./console";

it("counts what is said again, and keeps only the last", () => {
  let entries: readonly ConsoleEntry[] = [];
  for (let n = 0; n < 3; n += 1) entries = withEntry(entries, "log", "same");
  expect(entries).toEqual([{ id: 1, level: "log", text: "same", times: 3 }]);
  for (let n = 0; n < 2 * MAX_ENTRIES; n += 1) entries = withEntry(entries, "log", String(n));
  expect(entries).toHaveLength(MAX_ENTRIES);
  expect(new Set(entries.map((entry) => entry.id)).size).toBe(MAX_ENTRIES);
});

import { expect, it } from "vitest";
import { layoutBars, leftBars, makingBars, settledBars } from "./grain-bars";

const file = (path: string, weight: number, closed = true) => ({ path, weight, closed });

it("gives each file its share of the width, and uses all of it", () => {
  const rects = layoutBars(settledBars([file("a.ts", 30), file("b.ts", 10)]), 400);
  const [a, b] = rects;
  expect((a?.width ?? 0) / (b?.width ?? 1)).toBeCloseTo(3, 1);
  expect((b?.x ?? 0) + (b?.width ?? 0)).toBeCloseTo(400, 0);
});

it("shows the tip only where something is being written", () => {
  const bars = makingBars([file("a.ts", 30), file("b.ts", 10, false)], 40, false);
  expect(layoutBars(bars, 400).map((rect) => rect.tone)).toEqual(["made", "made", "tip", "plan"]);
  expect(layoutBars(makingBars([file("a.ts", 30)], 96, true), 400).map((rect) => rect.tone)).toEqual(["made"]);
});

it("keeps the bars in place when copper turns to verdigris, so that each can change its colour", () => {
  const made = layoutBars(makingBars([file("a.ts", 3), file("b.css", 1)], 96, true), 400).map((rect) => rect.key);
  expect(layoutBars(settledBars([file("a.ts", 3), file("b.css", 1)]), 400).map((rect) => rect.key)).toEqual(made);
});

it("marks where a failure cut a file off", () => {
  expect(leftBars([file("a", 1), file("b", 1, false)], true).map((bar) => bar.tone)).toEqual(["left", "bad", "plan"]);
  expect(leftBars([file("a", 1), file("b", 1, false)], false).map((bar) => bar.tone)).toEqual(["left", "left", "plan"]);
});

it("still shows a file when there are very many", () => {
  const rects = layoutBars(settledBars(Array.from({ length: 200 }, (_, n) => file(`${n}.ts`, n))), 72);
  expect(Math.min(...rects.map((rect) => rect.width))).toBeGreaterThan(0);
});

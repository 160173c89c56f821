import { expect, it } from "vitest";
import { blocksOf } from "./blocks";
import { treeRows } from "./tree";

it("splits at blank lines, but never inside a fence or a list", () => {
  const text = "One.\n\n```sh\na\n\nb\n```\n\n- x\n\n- y\n\n  more of y\n\nTwo.";
  expect(blocksOf(text)).toEqual(["One.\n", "```sh\na\n\nb\n```\n\n- x\n\n- y\n\n  more of y\n", "Two."]);
});

it("gives the same blocks for the text so far as for the whole text, but for the last", () => {
  const text = "One.\n\nTwo.\n\n```js\n1\n\n2\n```\n\nThree.";
  const whole = blocksOf(text);
  for (let end = 1; end <= text.length; end += 1) {
    const part = blocksOf(text.slice(0, end));
    expect(whole.slice(0, part.length - 1)).toEqual(part.slice(0, -1));
  }
});

it("puts folders before files, each in order", () => {
  const rows = treeRows(["src/App.tsx", "README.md", "src/lib/a.ts", "src/components/List.tsx"]);
  expect(rows.map((row) => `${" ".repeat(row.depth)}${row.name}`)).toEqual([
    "src",
    " components",
    "  List.tsx",
    " lib",
    "  a.ts",
    " App.tsx",
    "README.md",
  ]);
});

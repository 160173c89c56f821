import { expect, it } from "vitest";
import { LineInk, languageFor, loadLanguage } from "./highlight";

const code =
  'import { a } from "b";\n\n/* a note\n   over lines */\nexport function twice(n: number) {\n  return n * 2 + 1;\n}\n';

it("colours a text that grows as it colours the whole", async () => {
  const highlighter = await loadLanguage("tsx");
  if (!highlighter) throw new Error("no highlighter");
  // The first text makes the grammar's patterns: on a busy machine that is longer than a line may take to be coloured.
  new LineInk(highlighter, "tsx").update(code, 100);
  const whole = new LineInk(highlighter, "tsx").update(code, 100).lines;
  const growing = new LineInk(highlighter, "tsx");
  for (let end = 1; end <= code.length; end += 1) growing.update(code.slice(0, end), 100);
  expect(growing.update(code, 100).lines).toEqual(whole);
  expect(whole[0]?.map((token) => token.ink)).toContain("k");
  expect(whole[3]?.every((token) => token.ink === "c")).toBe(true);
  expect(whole.map((line) => line.map((token) => token.text).join("")).join("\n")).toBe(code.trimEnd());
});

it("takes a bounded number of lines at a time", async () => {
  const highlighter = await loadLanguage("tsx");
  if (!highlighter) throw new Error("no highlighter");
  const ink = new LineInk(highlighter, "tsx");
  expect(ink.update(code, 2)).toMatchObject({ lines: { length: 2 }, more: true });
  expect(ink.update(code, 100)).toMatchObject({ lines: { length: 7 }, more: false });
});

it("goes by the fence's word, else by the file's ending", () => {
  expect([
    languageFor("ts"),
    languageFor("", "a/b.py"),
    languageFor("", "Dockerfile"),
    languageFor("brainfog", "x.zzz"),
  ]).toEqual(["typescript", "python", "dockerfile", null]);
});

import { expect, it } from "vitest";
import { Flood, outsideLink, readMessage } from "./messages";

it("reads what a frame says", () => {
  expect(readMessage({ type: "boot", more: 1 })).toEqual({ type: "boot" });
  expect(readMessage({ type: "console", level: "warn", texts: ["a", "b"] })).toEqual({
    type: "console",
    level: "warn",
    text: "a b",
  });
  expect(readMessage({ type: "network", id: 1, method: "GET", url: "/x" })).toMatchObject({ url: "/x" });
  expect(readMessage({ type: "storage", area: "local", entries: [["a", "b"]] })).toMatchObject({
    entries: [["a", "b"]],
  });
  expect(readMessage({ type: "key", key: "f8" })).toEqual({ type: "key", key: "f8" });
  expect(readMessage({ type: "dialog", kind: "confirm", text: "Sure?", answer: "OK" })).toEqual({
    type: "dialog",
    dialog: { kind: "confirm", text: "Sure?", answer: "OK" },
  });
  expect(readMessage({ type: "error", kind: "render", message: "no", line: "4" })).toEqual({
    type: "error",
    error: {
      kind: "render",
      message: "no",
      stack: "",
      componentStack: "",
      file: "",
      line: undefined,
      column: undefined,
    },
  });
});

it("hears nothing of another shape, and nothing that is too long", () => {
  const long = "x".repeat(10_000);
  const strange: unknown[] = [
    null,
    undefined,
    1,
    "ready",
    [],
    {},
    { type: "eval", code: "1" },
    { type: "ready", ms: "1" },
    { type: "ready", ms: Number.NaN },
    { type: "pong", n: {} },
    { type: "error", kind: "compile", message: "x" },
    { type: "error", kind: "runtime", message: long },
    { type: "console", level: "log", texts: "x" },
    { type: "console", level: "log", texts: [1] },
    { type: "console", level: "log", texts: [long] },
    { type: "console", level: "log", texts: Array(21).fill("x") },
    { type: "link", href: long },
    { type: "network", id: 1, method: "GET" },
    { type: "storage", area: "other", entries: [] },
    { type: "storage", area: "local", entries: [["a", 1]] },
    { type: "storage", area: "local", entries: [["a", "x".repeat(300_000)]] },
    { type: "key", key: "w" },
    { type: "key", key: ["s"] },
    { type: "dialog", kind: "print", text: "x", answer: null },
    { type: "dialog", kind: "alert", text: long, answer: null },
    { type: "dialog", kind: "prompt", text: "x", answer: 1 },
    Object.create({ type: "boot" }, { type: { value: undefined } }),
  ];
  for (const one of strange) expect(readMessage(one)).toBeNull();
});

it("counts messages by the second", () => {
  const flood = new Flood(2);
  expect([0, 1, 2, 999, 1_000, 1_001, 1_002].map((now) => flood.admits(now))).toEqual([
    true,
    true,
    false,
    false,
    true,
    true,
    false,
  ]);
});

it("leads to web pages only", () => {
  expect(outsideLink("https://example.com/a?b")).toBe("https://example.com/a?b");
  for (const href of ["javascript:alert(1)", "data:text/html,x", "blob:null/1", "/relative", "file:///etc", ""]) {
    expect(outsideLink(href)).toBeNull();
  }
});

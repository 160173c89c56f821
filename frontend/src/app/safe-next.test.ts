import { expect, it } from "vitest";
import { safeNext } from "./safe-next";

it("goes where the user wanted to go", () => {
  expect(safeNext("/c/1?x=2")).toBe("/c/1?x=2");
  expect(safeNext(null)).toBe("/");
});

it.each([
  "https://evil.example",
  "//evil.example",
  "/\\evil.example",
  "javascript:alert(1)",
  "/sign-in",
  "/oauth/callback/github?code=x",
  "c/1",
])("never follows %j", (next) => {
  expect(safeNext(next)).toBe("/");
});

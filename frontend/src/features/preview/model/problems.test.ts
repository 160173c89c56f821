import { expect, it } from "vitest";
import type { FrameError } from "./messages";
import { fixPrompt, placeWords, problemOf, withProblem } from "./problems";

const error = (fields: Partial<FrameError>): FrameError => ({
  kind: "runtime",
  message: "x is not a function",
  stack: "",
  componentStack: "",
  file: "",
  line: undefined,
  column: undefined,
  ...fields,
});
const known = new Set(["src/App.tsx", "src/Boom.tsx"]);

it("finds the app's own place in a stack", () => {
  const stack =
    "TypeError: x\n    at n (react-dom/client:1:200)\n    at Boom (src/Boom.tsx:4:18)\n    at App (src/App.tsx:1:2)";
  expect(problemOf(error({ stack }), known)).toMatchObject({ file: "src/Boom.tsx", line: 4, column: 18 });
  expect(problemOf(error({ stack: "load@src/Boom.tsx:7:1" }), known)).toMatchObject({ line: 7 });
  expect(problemOf(error({ componentStack: "\n    at Boom (src/Boom.tsx:9:1)" }), known)).toMatchObject({ line: 9 });
  expect(problemOf(error({ file: "src/App.tsx", line: 3 }), known)).toMatchObject({ file: "src/App.tsx", line: 3 });
  expect(problemOf(error({ stack: "at x (elsewhere/Evil.tsx:1:1)" }), known).file).toBeUndefined();
});

it("names each problem once, and not without end", () => {
  const problem = { kind: "runtime", message: "x" } as const;
  expect(withProblem([problem], { ...problem })).toHaveLength(1);
  let all: readonly { kind: "runtime"; message: string }[] = [];
  for (let n = 0; n < 500; n += 1) all = withProblem(all, { kind: "runtime", message: String(n) }) as typeof all;
  expect(all).toHaveLength(50);
});

it("asks for a repair with file and line, in bounded length", () => {
  expect(placeWords({ kind: "import", message: "", file: "a.ts" })).toBe("a.ts");
  expect(fixPrompt([{ kind: "syntax", message: "Unexpected\n token", file: "src/App.tsx", line: 4 }])).toBe(
    "The preview shows an error. Fix it and keep everything else as it is.\n- src/App.tsx:4: Unexpected token",
  );
  const many = Array.from({ length: 50 }, (_, n) => ({ kind: "runtime", message: "y".repeat(5_000) + n }) as const);
  expect(fixPrompt(many).length).toBeLessThan(4_000);
  expect(fixPrompt(many)).toContain("- and 40 more");
});

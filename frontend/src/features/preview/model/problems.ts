// From what the frame tells of an error to a problem with file and line, and from problems to a prompt. Pure.
import type { FrameError } from "./messages";
import type { Problem } from "./program";

/** The same error in a loop is one problem, and so many different ones are enough. */
const MAX_PROBLEMS = 50;
const MAX_MESSAGE = 1_000;
const MAX_STACK = 100;

export function problemOf(error: FrameError, known: ReadonlySet<string>): Problem {
  const place = placeIn(error.stack, known) ?? placeIn(error.componentStack, known) ?? placeOf(error, known);
  return { kind: error.kind, message: error.message.slice(0, MAX_MESSAGE), ...place };
}

type Place = Pick<Problem, "file" | "line" | "column">;

/** The first place in a stack that is a file of the app: after its name stand line and column. */
function placeIn(stack: string, known: ReadonlySet<string>): Place | undefined {
  for (const line of stack.split("\n").slice(0, MAX_STACK)) {
    for (const file of known) {
      // White space is no part of a name that a script goes by.
      const at = line.indexOf(`${file.replace(/\s/g, "_")}:`);
      if (at < 0 || /[\w/.-]/.test(line.charAt(at - 1))) continue;
      const [, row, column] = /^:(\d+)(?::(\d+))?/.exec(line.slice(at + file.length)) ?? [];
      if (row !== undefined) return { file, line: Number(row), column: Number(column) || undefined };
    }
  }
  return undefined;
}

function placeOf(error: FrameError, known: ReadonlySet<string>): Place | undefined {
  if (!known.has(error.file)) return undefined;
  return { file: error.file, line: error.line || undefined, column: error.column || undefined };
}

export function withProblem(problems: readonly Problem[], next: Problem): readonly Problem[] {
  const isKnown = problems.some(
    (one) => one.message === next.message && one.file === next.file && one.line === next.line,
  );
  return isKnown || problems.length >= MAX_PROBLEMS ? problems : [...problems, next];
}

/** "src/App.tsx:4", "src/App.tsx", or nothing. */
export function placeWords({ file, line }: Problem): string {
  if (file === undefined) return "";
  return line === undefined ? file : `${file}:${line}`;
}

const MAX_IN_PROMPT = 10;
const MAX_PROMPT_MESSAGE = 300;

/** What is sent to the model. An app's own words are in it, cut short; they reach the model that wrote the app, nobody else. */
export function fixPrompt(problems: readonly Problem[]): string {
  const lines = problems.slice(0, MAX_IN_PROMPT).map((problem) => {
    const place = placeWords(problem);
    const message = problem.message.replace(/\s+/g, " ").slice(0, MAX_PROMPT_MESSAGE);
    return place === "" ? `- ${message}` : `- ${place}: ${message}`;
  });
  const rest = problems.length - lines.length;
  if (rest > 0) lines.push(`- and ${rest} more`);
  return `The preview shows ${problems.length === 1 ? "an error" : "errors"}. Fix ${problems.length === 1 ? "it" : "them"} and keep everything else as it is.\n${lines.join("\n")}`;
}

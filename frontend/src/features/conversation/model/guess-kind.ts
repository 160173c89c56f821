// Picks a kind by simple words of the prompt. What it picked is shown, and the user's own choice always wins. Pure.
import type { Kind } from "@/api/types";

const signs: readonly [Kind, RegExp][] = [
  ["cli", /\b(cli|command[- ]line|terminal|shell script|script that|rename (all|my|photos|files)|batch)\b/i],
  ["api", /\b(api|rest|endpoint|openapi|swagger|backend|webhook|microservice|crud)\b/i],
  ["code", /\b(function|class|algorithm|library|helper|module|snippet|regex|unit tests?|parser|hook)\b/i],
  [
    "ui",
    /\b(app|page|screen|dashboard|form|website|site|game|board|calculator|planner|plan|tracker|list|chart|ui|calendar|timer|quiz)\b/i,
  ],
];

export function guessKind(prompt: string): Kind {
  for (const [kind, words] of signs) {
    if (words.test(prompt)) return kind;
  }
  return "ui";
}

// What an app wrote to its console: the last so many entries, equal ones in a row counted. Pure.
import type { ConsoleLevel } from "./messages";

export interface ConsoleEntry {
  readonly id: number;
  readonly level: ConsoleLevel;
  readonly text: string;
  readonly times: number;
}

export const MAX_ENTRIES = 300;

export function withEntry(
  entries: readonly ConsoleEntry[],
  level: ConsoleLevel,
  text: string,
): readonly ConsoleEntry[] {
  const last = entries.at(-1);
  if (last?.level === level && last.text === text) return [...entries.slice(0, -1), { ...last, times: last.times + 1 }];
  const next = { id: (last?.id ?? 0) + 1, level, text, times: 1 };
  return [...entries.slice(-MAX_ENTRIES + 1), next];
}

// What of a conversation counts as a version. Pure.
import type { GenerationSummary } from "@/api/types";

type Listed = Pick<GenerationSummary, "id" | "status">;

/** A version is a generation that came to its end well, or may still. */
export function isVersion({ status }: Listed): boolean {
  return status !== "failed" && status !== "cancelled";
}

/** The versions that came after this one, oldest first. */
export function versionsAfter<T extends Listed>(items: readonly T[], id: string): readonly T[] {
  const at = items.findIndex((item) => item.id === id);
  return at < 0 ? [] : items.slice(at + 1).filter(isVersion);
}

/** The number of the version at this place. */
export function versionAt(items: readonly Listed[], index: number): number {
  return Math.max(1, items.slice(0, index + 1).filter(isVersion).length);
}

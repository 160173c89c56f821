// What a key for a program may do, in words, and how long it is good for. Pure.
import type { Scope } from "@/api/types";

export const scopes: readonly (readonly [scope: Scope, may: string, what: string])[] = [
  ["generations:read", "See what I have made", "Apps, APIs, commands and code, with their files."],
  ["generations:write", "Make and change things", "Start, stop, name and delete them. It uses your quota."],
  ["rooms:read", "Read my rooms", "Their members and what is written in them."],
  ["rooms:write", "Take part in my rooms", "Write, invite, and make new rooms."],
  ["profile:read", "See who I am", "Name, e-mail and role."],
];

export function scopeWords(scope: Scope): string {
  return scopes.find(([known]) => known === scope)?.[1] ?? scope;
}

export const lifetimes: readonly (readonly [days: string, words: string])[] = [
  ["7", "for 7 days"],
  ["30", "for 30 days"],
  ["90", "for 90 days"],
  ["365", "for a year"],
  ["", "until I delete it"],
];

/** The moment after so many days; undefined for a key without an end. */
export function endAfter(days: string, now: number): string | undefined {
  return days === "" ? undefined : new Date(now + Number(days) * 86_400_000).toISOString();
}

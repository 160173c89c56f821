// What the frame says. The app in it may be hostile and can say anything: each message is measured here, and what has another
// shape, or is too long, is not heard. Nothing in it is believed beyond that an app says so.

import { readEntries, STORAGE_AREAS, type StorageArea, type StorageEntries } from "./app-storage";

export type FrameMessage =
  | { type: "boot" | "painted" | "failed" }
  | { type: "ready"; ms: number }
  | { type: "pong"; n: number }
  | { type: "error"; error: FrameError }
  | { type: "console"; level: ConsoleLevel; text: string }
  | { type: "blocked"; directive: string; url: string }
  | { type: "network"; id: number; method: string; url: string }
  | { type: "link"; href: string }
  | { type: "storage"; area: StorageArea; entries: StorageEntries }
  | { type: "dialog"; dialog: FrameDialog }
  | { type: "key"; key: FrameKey };

export type ConsoleLevel = "debug" | "log" | "info" | "warn" | "error";

/** Something an app asked or said in a dialog, and what it was answered: nothing, to what is only said. */
export interface FrameDialog {
  readonly kind: "alert" | "confirm" | "prompt";
  readonly text: string;
  readonly answer: string | null;
}

/** Keys of the page that were pressed in the frame; all but F8 with Control or Command. */
export type FrameKey = (typeof KEYS)[number];

export interface FrameError {
  readonly kind: "runtime" | "render" | "promise";
  readonly message: string;
  readonly stack: string;
  readonly componentStack: string;
  readonly file: string;
  readonly line: number | undefined;
  readonly column: number | undefined;
}

const MAX_TEXT = 8_000;
const MAX_TEXTS = 20;
const LEVELS: readonly ConsoleLevel[] = ["debug", "log", "info", "warn", "error"];
const DIALOGS: readonly FrameDialog["kind"][] = ["alert", "confirm", "prompt"];
const KEYS = ["f8", "s", "1", "2", "3", "4", "5", "6"] as const;
const ERROR_KINDS: readonly FrameError["kind"][] = ["runtime", "render", "promise"];

/** The message, or null when it is none. */
export function readMessage(data: unknown): FrameMessage | null {
  if (typeof data !== "object" || data === null) return null;
  const said = data as Record<string, unknown>;
  switch (said.type) {
    case "boot":
    case "painted":
    case "failed":
      return { type: said.type };
    case "ready":
      return isNumber(said.ms) ? { type: "ready", ms: said.ms } : null;
    case "pong":
      return isNumber(said.n) ? { type: "pong", n: said.n } : null;
    case "error":
      return readError(said);
    case "console":
      return readConsole(said);
    case "blocked":
      return isText(said.directive) && isText(said.url)
        ? { type: "blocked", directive: said.directive, url: said.url }
        : null;
    case "network":
      return isNumber(said.id) && isText(said.method) && isText(said.url)
        ? { type: "network", id: said.id, method: said.method, url: said.url }
        : null;
    case "link":
      return isText(said.href) ? { type: "link", href: said.href } : null;
    case "storage": {
      const area = STORAGE_AREAS.find((one) => one === said.area);
      const entries = readEntries(said.entries);
      return area && entries ? { type: "storage", area, entries } : null;
    }
    case "dialog": {
      const kind = DIALOGS.find((one) => one === said.kind);
      const { text, answer } = said;
      if (!kind || !isText(text) || !(answer === null || isText(answer))) return null;
      return { type: "dialog", dialog: { kind, text, answer } };
    }
    case "key": {
      const key = KEYS.find((one) => one === said.key);
      return key ? { type: "key", key } : null;
    }
    default:
      return null;
  }
}

function readError(said: Record<string, unknown>): FrameMessage | null {
  const kind = ERROR_KINDS.find((one) => one === said.kind);
  if (!kind || !isText(said.message)) return null;
  const error: FrameError = {
    kind,
    message: said.message,
    stack: isText(said.stack) ? said.stack : "",
    componentStack: isText(said.componentStack) ? said.componentStack : "",
    file: isText(said.file) ? said.file : "",
    line: isNumber(said.line) ? said.line : undefined,
    column: isNumber(said.column) ? said.column : undefined,
  };
  return { type: "error", error };
}

function readConsole(said: Record<string, unknown>): FrameMessage | null {
  const level = LEVELS.find((one) => one === said.level);
  const { texts } = said;
  if (!level || !Array.isArray(texts) || texts.length > MAX_TEXTS || !texts.every(isText)) return null;
  return { type: "console", level, text: texts.join(" ").slice(0, MAX_TEXT) };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_TEXT;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** Counts messages: so many in a second are heard, the rest is dropped. */
export class Flood {
  private since = Number.NEGATIVE_INFINITY;
  private heard = 0;

  constructor(private readonly perSecond: number) {}

  /** Whether one more is heard at this time, in milliseconds. */
  admits(now: number): boolean {
    if (now - this.since >= 1_000) {
      this.since = now;
      this.heard = 0;
    }
    this.heard += 1;
    return this.heard <= this.perSecond;
  }
}

/** An outside address that a link of an app may lead to, or null. */
export function outsideLink(href: string): string | null {
  try {
    const url = new URL(href);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

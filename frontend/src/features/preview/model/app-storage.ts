// What an app keeps in its localStorage and sessionStorage: in the browser of whoever uses it, for each object and user apart, and
// through all versions of the object. The frame is told it when it begins, and tells what became of it.
import { Shelf } from "@/lib/shelf";

export type StorageEntries = readonly (readonly [key: string, value: string])[];
export const STORAGE_AREAS = ["local", "session"] as const;
export type StorageArea = (typeof STORAGE_AREAS)[number];

/** Of one app and area, in characters. The frame holds itself to the same; an app need not. */
const ROOM = 256 * 1024;
const MAX_KEYS = 1_000;
/** Of all apps together: those that wrote longest ago lose what they kept. */
const ROOM_FOR_ALL = 2 * 1024 * 1024;

const shelves: Record<StorageArea, Shelf> = {
  local: new Shelf("aether.app.", ROOM_FOR_ALL),
  // The browser's own, which lasts as long as its tab.
  session: new Shelf("aether.app.", ROOM_FOR_ALL, () => sessionStorage),
};

/** The entries, or null when it is something else, or too much. */
export function readEntries(value: unknown): StorageEntries | null {
  if (!Array.isArray(value) || value.length > MAX_KEYS) return null;
  let size = 0;
  for (const entry of value) {
    if (!Array.isArray(entry) || entry.length !== 2) return null;
    const [key, text] = entry as unknown[];
    if (typeof key !== "string" || typeof text !== "string") return null;
    size += key.length + text.length;
    if (size > ROOM) return null;
  }
  return value as unknown as StorageEntries;
}

export class AppStorage {
  /** `name` is of one user and one object. */
  constructor(private readonly name: string) {}

  read(area: StorageArea): StorageEntries {
    return readEntries(shelves[area].read(this.name)) ?? [];
  }

  all(): readonly (readonly [StorageArea, StorageEntries])[] {
    return STORAGE_AREAS.map((area) => [area, this.read(area)] as const);
  }

  /** False when the browser has no room for it. */
  write(area: StorageArea, entries: StorageEntries): boolean {
    if (entries.length > 0) return shelves[area].write(this.name, entries);
    shelves[area].remove(this.name);
    return true;
  }
}

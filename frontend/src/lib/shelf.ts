// Values kept in the browser under one name each, bounded together: when they grow too long, those that were written longest ago
// go. A blocked or full storage is the same as an empty one.

interface Kept {
  at: number;
  value: unknown;
}

export class Shelf {
  constructor(
    private readonly prefix: string,
    /** Of all values together, in characters. */
    private readonly room: number,
    private readonly storage: () => Storage = () => localStorage,
  ) {}

  read(name: string): unknown {
    try {
      const text = this.storage().getItem(this.prefix + name);
      return text === null ? undefined : (JSON.parse(text) as Kept).value;
    } catch {
      return undefined;
    }
  }

  /** False when it could not be kept. */
  write(name: string, value: unknown): boolean {
    const key = this.prefix + name;
    const text = JSON.stringify({ at: Date.now(), value } satisfies Kept);
    try {
      const storage = this.storage();
      if (text.length > this.room) {
        storage.removeItem(key);
        return false;
      }
      this.makeRoom(storage, key, text.length);
      storage.setItem(key, text);
      return true;
    } catch {
      return false;
    }
  }

  remove(name: string): void {
    try {
      this.storage().removeItem(this.prefix + name);
    } catch {
      // Then there is nothing to remove either.
    }
  }

  private makeRoom(storage: Storage, key: string, wanted: number): void {
    const others = Object.keys(storage)
      .filter((other) => other.startsWith(this.prefix) && other !== key)
      .map((other) => ({ key: other, text: storage.getItem(other) ?? "" }));
    let left = this.room - wanted - others.reduce((all, { text }) => all + text.length, 0);
    if (left >= 0) return;
    const byAge = others.sort((a, b) => writtenAt(a.text) - writtenAt(b.text));
    for (const oldest of byAge) {
      if (left >= 0) return;
      storage.removeItem(oldest.key);
      left += oldest.text.length;
    }
  }
}

function writtenAt(text: string): number {
  try {
    return (JSON.parse(text) as Kept).at;
  } catch {
    return 0;
  }
}

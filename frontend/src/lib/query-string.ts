// The part of an address after the question mark. Pure.

/** "?limit=20&q=x", or nothing; what is empty is left out. */
export function query(params: Record<string, string | number | boolean | null | undefined>): string {
  const set = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== null && value !== "" && value !== false) set.set(name, String(value));
  }
  return set.size === 0 ? "" : `?${set}`;
}

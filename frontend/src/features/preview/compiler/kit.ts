// The parts that an app may import from "@/components/ui/…" without bringing them. Files of its own at these paths come first.

const sources: Record<string, string> = import.meta.glob("../kit/*.{ts,tsx}", {
  query: "?raw",
  import: "default",
  eager: true,
});

/** A folder that no artifact has: parentheses are no part of a path there. */
const FOLDER = "(kit)/";

/** The file of the kit that the specifier means in the file `from`, if any. */
export function kitFile(from: string, specifier: string): { path: string; text: string } | undefined {
  const inside = from.startsWith(FOLDER) ? /^\.\/([a-z-]+)$/.exec(specifier)?.[1] : undefined;
  const part = inside ?? /^@\/components\/ui\/([a-z-]+)$/.exec(specifier)?.[1];
  const name = specifier === "@/lib/utils" || inside === "utils" ? "utils.ts" : `${part}.tsx`;
  const text = sources[`../kit/${name}`];
  return text === undefined ? undefined : { path: FOLDER + name, text };
}

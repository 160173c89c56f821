// Which file of the artifact an import means. Pure.

const ENDINGS = [".tsx", ".ts", ".jsx", ".js", ".mjs", ".json", ".css", ".svg"];
const INDEXES = ["/index.tsx", "/index.ts", "/index.jsx", "/index.js"];

export type Files = ReadonlyMap<string, string>;

/** The path that `specifier` means in the file `from`, or undefined when there is no such file. */
export function resolveFile(files: Files, from: string, specifier: string): string | undefined {
  // `./logo.svg?raw` is the file without what follows the question mark.
  const bare = specifier.replace(/[?#].*$/, "");
  const base = basePath(files, from, bare);
  if (base === undefined) return undefined;
  const candidates = [base, ...ENDINGS.map((end) => base + end), ...INDEXES.map((end) => base + end)];
  // TypeScript imports `./a.js` and means `./a.ts`.
  const stem = /^(.*)\.(?:m?js|jsx)$/.exec(base)?.[1];
  if (stem !== undefined) candidates.push(`${stem}.ts`, `${stem}.tsx`, `${stem}.jsx`);
  return candidates.map((path) => path.replace(/^\//, "")).find((path) => files.has(path));
}

/** Whether the specifier means a file of the artifact at all, there or not. */
export function isLocal(specifier: string): boolean {
  return /^(?:\.{1,2}(?:\/|$)|@\/|~\/|\/)/.test(specifier);
}

function basePath(files: Files, from: string, specifier: string): string | undefined {
  if (specifier.startsWith("@/") || specifier.startsWith("~/")) {
    const rest = specifier.slice(2);
    const inSource = [...files.keys()].some((path) => path.startsWith("src/"));
    return join("", inSource ? `src/${rest}` : rest);
  }
  if (specifier.startsWith("/")) return join("", specifier.slice(1));
  return join(from, specifier);
}

/** Undefined when the path leaves the artifact. */
function join(from: string, specifier: string): string | undefined {
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/");
}

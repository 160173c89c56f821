// The styles of an app: its own style sheets, and what Tailwind makes of the classes in its files.
import { compile } from "tailwindcss";
import indexCss from "tailwindcss/index.css?raw";
import preflightCss from "tailwindcss/preflight.css?raw";
import themeCss from "tailwindcss/theme.css?raw";
import utilitiesCss from "tailwindcss/utilities.css?raw";
import type { Files } from "./resolve";

const SHEETS: ReadonlyMap<string, string> = new Map([
  ["tailwindcss", indexCss],
  ...[
    ["index.css", indexCss],
    ["theme.css", themeCss],
    ["preflight.css", preflightCss],
    ["utilities.css", utilitiesCss],
  ].flatMap(([name, text]) =>
    [`tailwindcss/${name}`, `./${name}`, `tailwindcss/${name?.replace(".css", "")}`].map(
      (id) => [id, text] as [string, string],
    ),
  ),
]);

/** Dark by a class, which the preview's own switch sets: by the system's setting it could not be switched. */
const DARK = "@custom-variant dark (&:where(.dark, .dark *));";

type Build = Awaited<ReturnType<typeof compile>>["build"];
let last: { css: string; build: Build } | undefined;

/** All style sheets of the artifact in one, or an error that says why not. */
export async function compileStyles(files: Files, withTailwind: boolean): Promise<string> {
  const own = [...files].filter(([path]) => /\.css$/i.test(path)).map(([, text]) => text);
  const text = own.join("\n");
  if (!withTailwind) return text;
  const css = prepare(text);
  if (last?.css !== css) {
    const { build } = await compile(css, {
      loadStylesheet: async (id, base) => {
        const content = SHEETS.get(id);
        if (content !== undefined) return { path: id, base, content };
        // A sheet of the artifact is in here anyway; one from elsewhere is not to be had.
        return { path: id, base, content: "" };
      },
      loadModule: async (id) => {
        throw new Error(`The Tailwind plugin ${id} is not available in previews`);
      },
    });
    last = { css, build };
  }
  return last.build(candidates(files));
}

function prepare(own: string): string {
  // As in Tailwind 3, which many a model still writes.
  const text = own
    .replace(/@tailwind\s+(?:base|components|utilities|variants)\s*;/g, "")
    .replace(/@import\s+url\([^)]*\)[^;]*;/g, "");
  const imports = /@import\s+["']tailwindcss/.test(text) ? "" : '@import "tailwindcss";\n';
  const dark = /@custom-variant\s+dark\b/.test(text) ? "" : `\n${DARK}`;
  return `${imports}${text}${dark}`;
}

/** Everything that may be a class; Tailwind knows which are. */
function candidates(files: Files): string[] {
  const found = new Set<string>();
  for (const [path, text] of files) {
    if (!/\.(?:[mc]?[jt]sx?|html?)$/i.test(path)) continue;
    for (const [word] of text.matchAll(/[^\s"'`<>{}=;,]+/g)) found.add(word);
    // Arbitrary values may hold what the other leaves out.
    for (const [word] of text.matchAll(/[^\s"'`]*\[[^\s"'`]+\][^\s"'`]*/g)) found.add(word);
  }
  return [...found];
}

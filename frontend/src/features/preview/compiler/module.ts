// One file of code to CommonJS, and what it imports. The one place that knows sucrase and the lexer: another compiler would
// stand behind the same function. Lines stay where they are, so that errors can name them.
import { parse } from "es-module-lexer/js";
import { transform } from "sucrase";

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** What is imported by name; null when it may be anything. */
  readonly names: readonly string[] | null;
}

export interface CompiledModule {
  readonly code: string;
  readonly imports: readonly Import[];
}

/** A file that does not parse. */
export class SourceError extends Error {
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(message: string, line?: number, column?: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

const META = '({env:{MODE:"production",PROD:true,DEV:false,BASE_URL:"/"},url:"preview:"})';

export function compileModule(path: string, text: string): CompiledModule {
  try {
    // Generics read as JSX in a .ts file, and casts as generics in a .tsx file: the name decides.
    const withJsx = !/\.m?ts$/.test(path);
    const options = { filePath: path, disableESTransforms: true } as const;
    const plain = transform(text, {
      ...options,
      transforms: withJsx ? ["typescript", "jsx"] : ["typescript"],
      jsxRuntime: "automatic",
      production: true,
    }).code;
    const [found] = parse(plain, path);
    const imports: Import[] = [];
    let bare = plain;
    for (const one of [...found].reverse()) {
      if (one.type === "import-meta") {
        bare = bare.slice(0, one.importStart) + META + bare.slice(one.importEnd);
        continue;
      }
      if (typeof one.specifier !== "string") continue;
      imports.push({
        specifier: one.specifier,
        line: lineAt(plain, one.start),
        names: one.type === "static" ? namesIn(plain.slice(one.importStart, one.importEnd)) : null,
      });
    }
    const { code } = transform(bare, { ...options, transforms: ["imports"] });
    return { code, imports: imports.reverse() };
  } catch (error) {
    throw toSourceError(error, text);
  }
}

/** `import { A, B as C } from "x"` asks for A and B. */
function namesIn(statement: string): string[] | null {
  const list = /^(?:import|export)\s*\{([^}]*)\}/.exec(statement)?.[1];
  if (list === undefined) return null;
  const names = list.split(",").map((item) => item.trim().split(/\s+as\s+/)[0] ?? "");
  return names.filter((name) => name !== "");
}

function lineAt(text: string, at: number): number {
  let line = 1;
  for (let next = text.indexOf("\n"); next >= 0 && next < at; next = text.indexOf("\n", next + 1)) line += 1;
  return line;
}

function toSourceError(error: unknown, text: string): SourceError {
  const { message, loc, idx } = error as { message?: string; loc?: { line: number; column: number }; idx?: number };
  // "src/App.tsx: Unexpected token (3:4)", or "Parse error src/App.tsx:3:4" from the lexer.
  const words = (message ?? String(error)).replace(/^(?:Error transforming )?\S+?: /, "").replace(/ \(\d+:\d+\)$/, "");
  if (loc) return new SourceError(words, loc.line, loc.column);
  if (idx !== undefined) return new SourceError("This cannot be read as code", lineAt(text, idx));
  return new SourceError(words);
}

// What goes into the preview, what the compiler makes of it, and what can be wrong with it. Types only.

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export type ProblemKind = "syntax" | "import" | "style" | "entry" | "runtime" | "render" | "promise";

/** Something wrong with an app, and where it stands as far as that is known. */
export interface Problem {
  readonly kind: ProblemKind;
  readonly message: string;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** An app ready to run: what is sent to the frame, but for the packages, which the page adds. */
export interface Program {
  /** The module to begin with; null for a page of HTML with scripts of its own only. */
  readonly entry: string | null;
  /** Name and CommonJS code of each. */
  readonly modules: readonly (readonly [name: string, code: string])[];
  /** For each module, what its imports mean. */
  readonly imports: readonly (readonly [name: string, targets: readonly (readonly [string, string])[]])[];
  readonly css: string;
  /** The page, where there is one. */
  readonly html: string | null;
  /** Scripts of the page that are files of the artifact, as they stand in it. */
  readonly pageScripts: readonly (readonly [src: string, text: string])[];
  /** Style sheets of the page that are in `css` already. */
  readonly pageStyles: readonly string[];
  /** What the page asks for that is there in another way: the entry, Tailwind. */
  readonly answered: readonly string[];
  readonly packages: readonly string[];
  /** Names of icons; null for all of them. */
  readonly icons: readonly string[] | null;
}

export interface Compilation {
  /** Null when something is wrong that leaves nothing to run. */
  readonly program: Program | null;
  readonly problems: readonly Problem[];
  readonly ms: number;
}

// Colours code, line by line, as it grows: a finished line is read once. The engine and each language are loaded when first needed.
// Gives classes of the design's six inks, never styles and never HTML.
import type { GrammarState, HighlighterCore, LanguageInput, ThemedToken, ThemeRegistration } from "@shikijs/core";

export interface Token {
  readonly text: string;
  readonly ink: string;
}
export type Line = readonly Token[];

const inks: Record<string, string> = {
  "#000001": "k",
  "#000002": "s",
  "#000003": "f",
  "#000004": "n",
  "#000005": "t",
  "#000006": "c",
};

// Sentinel colours: they only carry which ink a token has from the grammar to the class name.
const theme: ThemeRegistration = {
  name: "aether",
  type: "light",
  fg: "#000000",
  bg: "#ffffff",
  settings: [
    { settings: { foreground: "#000000" } },
    { scope: ["comment", "punctuation.definition.comment"], settings: { foreground: "#000006" } },
    {
      scope: ["string", "constant.other.symbol", "markup.inline.raw", "markup.inserted"],
      settings: { foreground: "#000002" },
    },
    {
      scope: ["constant.numeric", "constant.language", "keyword.other.unit", "constant.character"],
      settings: { foreground: "#000004" },
    },
    {
      scope: [
        "keyword",
        "storage",
        "keyword.operator.new",
        "keyword.operator.expression",
        "entity.name.tag.yaml",
        "markup.heading",
        "markup.deleted",
      ],
      settings: { foreground: "#000001" },
    },
    { scope: ["keyword.operator", "punctuation", "meta.brace"], settings: { foreground: "#000000" } },
    { scope: ["storage.type.function.arrow"], settings: { foreground: "#000000" } },
    {
      scope: [
        "entity.name.function",
        "support.function",
        "meta.function-call entity.name",
        "entity.other.attribute-name",
      ],
      settings: { foreground: "#000003" },
    },
    {
      scope: [
        "entity.name.type",
        "entity.name.class",
        "support.class",
        "support.type",
        "entity.name.tag",
        "support.type.property-name.json",
        "support.type.property-name.css",
      ],
      settings: { foreground: "#000005" },
    },
  ],
};

const languages: Record<string, () => Promise<{ default: LanguageInput }>> = {
  tsx: () => import("@shikijs/langs/tsx") as never,
  typescript: () => import("@shikijs/langs/typescript") as never,
  jsx: () => import("@shikijs/langs/jsx") as never,
  javascript: () => import("@shikijs/langs/javascript") as never,
  html: () => import("@shikijs/langs/html") as never,
  css: () => import("@shikijs/langs/css") as never,
  json: () => import("@shikijs/langs/json") as never,
  yaml: () => import("@shikijs/langs/yaml") as never,
  toml: () => import("@shikijs/langs/toml") as never,
  python: () => import("@shikijs/langs/python") as never,
  rust: () => import("@shikijs/langs/rust") as never,
  go: () => import("@shikijs/langs/go") as never,
  java: () => import("@shikijs/langs/java") as never,
  c: () => import("@shikijs/langs/c") as never,
  csharp: () => import("@shikijs/langs/csharp") as never,
  sql: () => import("@shikijs/langs/sql") as never,
  bash: () => import("@shikijs/langs/bash") as never,
  markdown: () => import("@shikijs/langs/markdown") as never,
  dockerfile: () => import("@shikijs/langs/dockerfile") as never,
};

const aliases: Record<string, string> = {
  ts: "typescript",
  mts: "typescript",
  cts: "typescript",
  js: "javascript",
  mjs: "javascript",
  cjs: "javascript",
  py: "python",
  rs: "rust",
  yml: "yaml",
  sh: "bash",
  shell: "bash",
  zsh: "bash",
  console: "bash",
  md: "markdown",
  htm: "html",
  svg: "html",
  xml: "html",
  cs: "csharp",

  h: "c",
  docker: "dockerfile",
  openapi: "yaml",
  jsonc: "json",
};

/** The language to colour with, from the fence's word or else the file's ending; null: plain text. */
export function languageFor(word: string, path = ""): string | null {
  for (const candidate of [
    word.toLowerCase(),
    path.slice(path.lastIndexOf(".") + 1).toLowerCase(),
    path.toLowerCase(),
  ]) {
    const name = aliases[candidate] ?? candidate;
    if (name in languages) return name;
  }
  return null;
}

let core: Promise<HighlighterCore> | null = null;
const loads = new Map<string, Promise<HighlighterCore | null>>();

/** Ready when the language can be used; null when it cannot (the code then stays plain). */
export function loadLanguage(language: string): Promise<HighlighterCore | null> {
  const known = loads.get(language);
  if (known) return known;
  const load = (async () => {
    core ??= makeCore();
    const [highlighter, module] = await Promise.all([core, languages[language]?.()]);
    if (!module) return null;
    await highlighter.loadLanguage(module.default);
    return highlighter;
  })().catch(() => {
    loads.delete(language);
    return null;
  });
  loads.set(language, load);
  return load;
}

async function makeCore(): Promise<HighlighterCore> {
  const [{ createHighlighterCore }, { createJavaScriptRegexEngine }] = await Promise.all([
    import("@shikijs/core"),
    import("@shikijs/engine-javascript"),
  ]);
  return createHighlighterCore({
    themes: [theme],
    langs: [],
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  });
}

/** Remembers how far a text has been coloured. One per text that grows. */
export class LineInk {
  private readonly highlighter: HighlighterCore;
  private readonly language: string;
  private done = "";
  private state: GrammarState | undefined;
  private lines: Line[] = [];

  constructor(highlighter: HighlighterCore, language: string) {
    this.highlighter = highlighter;
    this.language = language;
  }

  /** Colours at most `budget` more lines of `text`; `more` says whether some are left. */
  update(text: string, budget: number): { lines: readonly Line[]; more: boolean } {
    if (!text.startsWith(this.done)) {
      this.done = "";
      this.state = undefined;
      this.lines = [];
    }
    let end = this.done.length;
    for (let taken = 0; taken < budget; taken += 1) {
      const next = text.indexOf("\n", end);
      if (next < 0) break;
      end = next + 1;
    }
    if (end > this.done.length) {
      const piece = text.slice(this.done.length, end - 1);
      const tokens = this.highlighter.codeToTokensBase(piece, this.options());
      this.lines = [...this.lines, ...tokens.map(inkedLine)];
      // The state belongs to these very tokens: asking with the text would read it a second time.
      this.state = this.highlighter.getLastGrammarState(tokens);
      this.done = text.slice(0, end);
    }
    return { lines: this.lines, more: text.indexOf("\n", end) >= 0 };
  }

  private options() {
    return {
      lang: this.language,
      theme: "aether",
      tokenizeMaxLineLength: 2_000,
      ...(this.state ? { grammarState: this.state } : {}),
    };
  }
}

function inkedLine(tokens: readonly ThemedToken[]): Line {
  return tokens.map((token) => ({ text: token.content, ink: inks[token.color?.toLowerCase() ?? ""] ?? "" }));
}

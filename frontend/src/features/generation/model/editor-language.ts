// How the editor reads a file: the grammars that it knows, by the name that the highlighter has for the language. Each comes when
// it is first needed.
import type { Extension } from "@codemirror/state";

const script = (options: { jsx?: boolean; typescript?: boolean }) => async () =>
  (await import("@codemirror/lang-javascript")).javascript(options);

const grammars: Record<string, () => Promise<Extension>> = {
  tsx: script({ jsx: true, typescript: true }),
  typescript: script({ typescript: true }),
  jsx: script({ jsx: true }),
  javascript: script({}),
  html: async () => (await import("@codemirror/lang-html")).html(),
  css: async () => (await import("@codemirror/lang-css")).css(),
  json: async () => (await import("@codemirror/lang-json")).json(),
};

/** Nothing for a language that it does not know, or that cannot be fetched now: the text is then plain. */
export async function grammarFor(language: string | null): Promise<Extension> {
  try {
    return (language === null ? undefined : await grammars[language]?.()) ?? [];
  } catch {
    return [];
  }
}

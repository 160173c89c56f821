// The editor in the design's colours. It lives in a shadow root: the page's policy admits no style element, and the sheets that
// CodeMirror puts into a shadow root are no elements. Custom properties reach in there; classes do not.
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags as t } from "@lezer/highlight";

const inks = HighlightStyle.define([
  { tag: [t.keyword, t.modifier, t.operatorKeyword, t.heading], color: "var(--ink-key)" },
  { tag: [t.string, t.regexp, t.attributeValue, t.monospace, t.inserted], color: "var(--ink-str)" },
  { tag: [t.function(t.variableName), t.function(t.propertyName), t.attributeName], color: "var(--ink-fn)" },
  { tag: [t.number, t.bool, t.null, t.unit, t.color], color: "var(--ink-num)" },
  { tag: [t.typeName, t.className, t.namespace, t.tagName, t.definition(t.typeName)], color: "var(--ink-type)" },
  { tag: [t.comment, t.meta], color: "var(--ink-note)", fontStyle: "italic" },
]);

const look = EditorView.theme({
  "&": { height: "100%", fontSize: "var(--t-12)", color: "var(--text)", backgroundColor: "var(--sunken)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    fontFamily: "var(--font-code)",
    fontVariantLigatures: "none",
    lineHeight: "1.25rem",
    overscrollBehavior: "contain",
  },
  ".cm-content": { caretColor: "var(--text)", padding: "var(--s-4) 0" },
  ".cm-line": { padding: "0 var(--s-6) 0 var(--s-4)" },
  ".cm-gutters": { backgroundColor: "var(--sunken)", color: "var(--text-3)", border: "0" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "2.4rem", padding: "0 var(--s-2) 0 0" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--selected)",
  },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": {
    backgroundColor: "transparent",
    outline: "1px solid var(--edge)",
  },
  ".cm-problem, .cm-problem.cm-activeLine": {
    backgroundColor: "var(--danger-soft)",
    boxShadow: "inset 2px 0 var(--danger)",
  },
});

export const editorLook: Extension = [look, syntaxHighlighting(inks)];

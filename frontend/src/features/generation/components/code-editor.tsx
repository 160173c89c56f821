// The editor for one file. Comes when somebody begins to edit: it is as large as the rest of the first screen.
import "@/styles/editor.css";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { Compartment, EditorState, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { useEffect, useRef } from "react";
import { grammarFor } from "../model/editor-language";
import { editorLook } from "../model/editor-look";
import { languageFor } from "../model/highlight";

interface CodeEditorProps {
  path: string;
  language: string;
  /** What it begins with. Another text from outside, such as after "Discard", takes the place of the one there. */
  text: string;
  onText: (text: string) => void;
  /** Lines in which something is wrong. */
  wrong: readonly number[];
  /** The line to go to; the same line once more is another wish. */
  goTo: { line: number } | undefined;
  /** Caret and undo of each file, for when it is opened again. */
  places: Map<string, EditorState>;
  /** Puts the caret into it at once: somebody asked to edit. */
  caret: boolean;
}

export default function CodeEditor(props: CodeEditorProps) {
  const { path, language, wrong, goTo } = props;
  const text = props.text.replace(/\r\n?/g, "\n");
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef({ ...props, text });
  latest.current = { ...props, text };
  useEffect(() => {
    if (!box.current) return;
    const root = box.current.shadowRoot ?? box.current.attachShadow({ mode: "open" });
    const { places, caret, text: doc } = latest.current;
    const before = places.get(path);
    const made = new EditorView({
      root,
      parent: root,
      state: before?.doc.toString() === doc ? before : EditorState.create({ doc, extensions: extensionsFor(path) }),
      dispatchTransactions: (transactions, editor) => {
        editor.update(transactions);
        if (transactions.some(({ docChanged }) => docChanged)) latest.current.onText(editor.state.doc.toString());
      },
    });
    view.current = made;
    if (before) made.dispatch({ effects: EditorView.scrollIntoView(made.state.selection.main, { y: "center" }) });
    if (caret) made.focus();
    void grammarFor(languageFor(language, path)).then((found) => {
      if (view.current === made) made.dispatch({ effects: grammar.reconfigure(found) });
    });
    return () => {
      places.set(path, made.state);
      made.destroy();
      view.current = null;
    };
  }, [path, language]);
  useEffect(() => {
    const { current } = view;
    if (!current || current.state.doc.toString() === text) return;
    current.dispatch({ changes: { from: 0, to: current.state.doc.length, insert: text } });
  }, [text]);
  useEffect(() => view.current?.dispatch({ effects: setWrong.of(wrong) }), [wrong]);
  useEffect(() => {
    const { current } = view;
    if (!current || !goTo) return;
    const { from } = current.state.doc.line(Math.min(Math.max(goTo.line, 1), current.state.doc.lines));
    current.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
    current.focus();
  }, [goTo]);
  return <div className="code-editor" ref={box} />;
}

const grammar = new Compartment();

function extensionsFor(path: string) {
  return [
    lineNumbers(),
    highlightActiveLineGutter(),
    highlightActiveLine(),
    highlightSpecialChars(),
    history(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    EditorState.tabSize.of(2),
    keymap.of([indentWithTab, ...defaultKeymap, ...historyKeymap]),
    grammar.of([]),
    editorLook,
    wrongLines,
    // Tab indents here: whoever has no mouse is told how to leave.
    EditorView.contentAttributes.of({
      "aria-label": `${path}, being edited. Escape, then Tab leaves the editor.`,
      // An editable element can have the focus anyway; tools that look for what scrolls want to read it.
      tabindex: "0",
      spellcheck: "false",
      autocapitalize: "off",
    }),
  ];
}

const setWrong = StateEffect.define<readonly number[]>();
const wrongLine = Decoration.line({ class: "cm-problem" });

const wrongLines = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (marks, { changes, effects, state }) => {
    let now = marks.map(changes);
    for (const effect of effects) {
      if (!effect.is(setWrong)) continue;
      const lines = [...new Set(effect.value)].filter((line) => line >= 1 && line <= state.doc.lines);
      now = Decoration.set(lines.sort((a, b) => a - b).map((line) => wrongLine.range(state.doc.line(line).from)));
    }
    return now;
  },
  provide: (field) => EditorView.decorations.from(field),
});

// What was changed by hand and is not saved yet, for each version and file. Kept in the browser, so that neither a reload nor
// another tab of the pane takes it away. Beside it, what is wrong with it, as far as somebody runs it and says so.
import { create } from "zustand";
import { useSession } from "@/lib/auth-session";
import { Shelf } from "@/lib/shelf";

/** Text by path. */
export type FileTexts = Readonly<Record<string, string>>;

export interface EditProblem {
  readonly message: string;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
}

/** Of all edits together, in characters: those of other versions that were left longest ago go first. */
const ROOM = 2 * 1024 * 1024;
const NONE: FileTexts = {};
const NO_PROBLEMS: readonly EditProblem[] = [];
const shelf = new Shelf("aether.edits.", ROOM);

const useEdits = create<{
  readonly texts: Readonly<Record<string, FileTexts>>;
  readonly problems: Readonly<Record<string, readonly EditProblem[]>>;
}>(() => ({ texts: {}, problems: {} }));

export function editsOf(id: string): FileTexts {
  const key = keyOf(useSession.getState().user?.id, id);
  return useEdits.getState().texts[key] ?? keptOf(key);
}

export function useEditsOf(id: string): FileTexts {
  const key = useSession(({ user }) => keyOf(user?.id, id));
  return useEdits(({ texts }) => texts[key]) ?? keptOf(key);
}

/** The newest of these versions, given oldest first, that has edits. */
export function useEditedAmong(ids: readonly string[]): string | undefined {
  const userId = useSession(({ user }) => user?.id);
  return useEdits(({ texts }) =>
    ids.findLast((id) => {
      const key = keyOf(userId, id);
      return !isEmpty(texts[key] ?? keptOf(key));
    }),
  );
}

/** The file holds this text from now on; the text that the version has itself is no edit. */
export function setEdit(id: string, path: string, text: string, original: string): void {
  const { [path]: _, ...others } = editsOf(id);
  setEdits(id, text === original ? others : { ...others, [path]: text });
}

/** All edits of a version at once. */
export function setEdits(id: string, edits: FileTexts): void {
  const key = keyOf(useSession.getState().user?.id, id);
  if (isEmpty(edits)) shelf.remove(key);
  else shelf.write(key, edits);
  useEdits.setState(({ texts }) => ({ texts: { ...texts, [key]: isEmpty(edits) ? NONE : edits } }));
}

export function isEmpty(edits: FileTexts): boolean {
  return Object.keys(edits).length === 0;
}

export function setProblems(id: string, problems: readonly EditProblem[]): void {
  useEdits.setState((state) => ({ problems: { ...state.problems, [id]: problems } }));
}

export function useProblemsOf(id: string): readonly EditProblem[] {
  return useEdits(({ problems }) => problems[id] ?? NO_PROBLEMS);
}

function keyOf(userId: string | undefined, id: string): string {
  return `${userId ?? ""}.${id}`;
}

const kept = new Map<string, FileTexts>();

/** What an earlier visit left; the storage is asked once. */
function keptOf(key: string): FileTexts {
  const known = kept.get(key);
  if (known) return known;
  const texts = textsIn(shelf.read(key));
  kept.set(key, texts);
  return texts;
}

/** Anything may lie in a storage. */
function textsIn(value: unknown): FileTexts {
  if (typeof value !== "object" || value === null) return NONE;
  const texts = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return texts.length === 0 ? NONE : Object.fromEntries(texts);
}

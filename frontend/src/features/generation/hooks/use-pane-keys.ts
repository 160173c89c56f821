// The keys of the pane: mod+1, 2, 3 for its tabs, mod+S saves an edit, F8 goes to the next problem. They work wherever the focus is
// on the screen, in a running app too: the preview passes them on.
import { type RefObject, useEffect, useRef } from "react";
import type { OpenFile, Tab } from "../components/pane";
import type { EditProblem } from "../model/edits";

/** Frames in which a tab that was chosen is waited for. */
const PATIENCE = 30;

interface PaneKeys {
  tabs: readonly Tab[];
  choose: (tab: Tab) => void;
  save: () => void;
  problems: readonly EditProblem[];
  openFile: OpenFile;
}

export function usePaneKeys(root: RefObject<HTMLElement | null>, keys: PaneKeys): void {
  const latest = useRef(keys);
  latest.current = keys;
  const problemAt = useRef(-1);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const pane = root.current;
      // A pane that is out of sight, and one below a dialog, has no keys.
      if (!pane?.checkVisibility() || event.altKey || document.querySelector("dialog[open]")) return;
      const { tabs, choose, save, problems, openFile } = latest.current;
      if (event.key === "F8") {
        const places = problems.filter(({ file }) => file !== undefined);
        problemAt.current = (problemAt.current + 1) % Math.max(places.length, 1);
        const next = places[problemAt.current];
        if (next?.file === undefined) return;
        event.preventDefault();
        openFile(next.file, next.line);
        return;
      }
      if (!(event.ctrlKey || event.metaKey) || event.shiftKey) return;
      const tab = /^[1-6]$/.test(event.key) ? tabs[Number(event.key) - 1] : undefined;
      if (tab !== undefined) {
        event.preventDefault();
        const isInApp = tab === "preview" && document.activeElement === liveFrame(pane);
        choose(tab);
        moveFocus(() => (isInApp ? openTab(pane) : insideOf(pane, tab)), PATIENCE);
      } else if (event.key.toLowerCase() === "s") {
        event.preventDefault();
        save();
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [root]);
}

/** From an app that has the focus already, out to its tab. */
function openTab(pane: HTMLElement): HTMLElement | null {
  return pane.querySelector<HTMLElement>('[role="tab"][data-state="active"]');
}

/** What the tab shows, when it is on the screen: the app itself, the editor, or the panel. */
function insideOf(pane: HTMLElement, tab: Tab): HTMLElement | null {
  const panel = pane.querySelector<HTMLElement>(`[role="tabpanel"][data-state="active"][id$="-content-${tab}"]`);
  const editor = panel?.querySelector(".code-editor")?.shadowRoot?.querySelector<HTMLElement>(".cm-content");
  return (tab === "preview" ? liveFrame(pane) : null) ?? editor ?? panel;
}

function liveFrame(pane: HTMLElement): HTMLElement | null {
  return pane.querySelector<HTMLElement>('iframe[data-state="live"]');
}

/** What has just been chosen may not be drawn yet, and takes no focus before: it is tried again at the next frames. */
function moveFocus(find: () => HTMLElement | null, tries: number): void {
  const target = find();
  target?.focus();
  const root = target?.getRootNode();
  const isThere = root instanceof Document || root instanceof ShadowRoot ? root.activeElement === target : false;
  if (!isThere && tries > 0) requestAnimationFrame(() => moveFocus(find, tries - 1));
}

// The keys of the pane: mod+1, 2, 3 for its tabs, mod+S saves an edit, F8 goes to the next problem. They work wherever the focus is
// on the screen, in a running app too: the preview passes them on.
import { type RefObject, useEffect, useRef } from "react";
import type { OpenFile, Tab } from "../components/pane";
import type { EditProblem } from "../model/edits";

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
        choose(tab);
        // When it is on the screen.
        setTimeout(() => moveFocus(pane), 0);
      } else if (event.key.toLowerCase() === "s") {
        event.preventDefault();
        save();
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [root]);
}

/** Into what the tab shows: the app itself, the editor, or the panel. From an app that has the focus already, out to its tab. */
function moveFocus(pane: HTMLElement): void {
  const panel = pane.querySelector<HTMLElement>('[role="tabpanel"][data-state="active"]');
  const frame = panel?.querySelector<HTMLElement>('iframe[data-state="live"]');
  if (frame && document.activeElement === frame) {
    pane.querySelector<HTMLElement>('[role="tab"][data-state="active"]')?.focus();
    return;
  }
  const editor = panel
    ?.querySelector<HTMLElement>(".code-editor")
    ?.shadowRoot?.querySelector<HTMLElement>(".cm-content");
  (frame ?? editor ?? panel)?.focus();
}

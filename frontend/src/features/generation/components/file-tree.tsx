// The files of an artifact as a tree: folders first, the file being written in copper. Arrow keys move, Enter opens.
import { File, FolderOpen } from "lucide-react";
import { type KeyboardEvent, useMemo } from "react";
import { treeRows } from "../model/tree";
import type { ViewFile } from "../model/view";

interface FileTreeProps {
  files: readonly ViewFile[];
  selected: string | undefined;
  writing: boolean;
  onSelect: (path: string) => void;
}

export function FileTree({ files, selected, writing, onSelect }: FileTreeProps) {
  const rows = useMemo(() => treeRows(files.map((file) => file.path)), [files]);
  const byPath = new Map(files.map((file) => [file.path, file]));
  function onKeyDown(event: KeyboardEvent<HTMLElement>) {
    const paths = rows.filter((row) => row.path !== null).map((row) => row.path);
    const at = paths.indexOf(selected ?? null);
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -at, End: paths.length - 1 - at }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = paths[Math.min(Math.max(at + step, 0), paths.length - 1)];
    if (!next) return;
    onSelect(next);
    event.currentTarget.querySelector<HTMLElement>(`[data-path="${CSS.escape(next)}"]`)?.focus();
  }
  return (
    <div className="tree" role="tree" aria-label="Files" onKeyDown={onKeyDown}>
      {rows.map((row) => {
        const file = row.path === null ? undefined : byPath.get(row.path);
        const indent = row.depth === 0 ? "" : row.depth === 1 ? "in" : `in${Math.min(row.depth, 4)}`;
        if (!file) {
          return (
            <div
              className={`tree-row ${indent}`}
              role="treeitem"
              aria-expanded="true"
              aria-selected="false"
              tabIndex={-1}
              key={row.key}
            >
              <FolderOpen className="i" aria-hidden="true" />
              <span className="clip">{row.name}</span>
            </div>
          );
        }
        const chosen = file.path === selected;
        return (
          <button
            type="button"
            role="treeitem"
            key={row.key}
            data-path={file.path}
            className={`tree-row ${indent} ${writing && !file.closed ? "now" : ""}`}
            aria-selected={chosen}
            tabIndex={chosen || (!selected && file === files[0]) ? 0 : -1}
            title={file.path}
            onClick={() => onSelect(file.path)}
          >
            <File className="i" aria-hidden="true" />
            <span className="clip">{row.name}</span>
            {!writing && file.status && file.status !== "complete" && (
              <span className="m er">{file.status === "truncated" ? "cut" : "bad"}</span>
            )}
          </button>
        );
      })}
    </div>
  );
}

// Rows of a file tree from a flat list of paths: folders before files, names in order. Pure.

export interface TreeRow {
  readonly key: string;
  readonly name: string;
  readonly depth: number;
  /** The file's path; null for a folder. */
  readonly path: string | null;
}

interface Folder {
  readonly folders: Map<string, Folder>;
  readonly files: string[];
}

export function treeRows(paths: readonly string[]): TreeRow[] {
  const root: Folder = { folders: new Map(), files: [] };
  for (const path of paths) {
    const parts = path.split("/");
    let folder = root;
    for (const part of parts.slice(0, -1)) {
      const inner = folder.folders.get(part) ?? { folders: new Map(), files: [] };
      folder.folders.set(part, inner);
      folder = inner;
    }
    folder.files.push(path);
  }
  const rows: TreeRow[] = [];
  walk(root, "", 0, rows);
  return rows;
}

function walk(folder: Folder, prefix: string, depth: number, rows: TreeRow[]): void {
  for (const name of [...folder.folders.keys()].sort()) {
    const inner = folder.folders.get(name);
    if (!inner) continue;
    rows.push({ key: `${prefix}${name}/`, name, depth, path: null });
    walk(inner, `${prefix}${name}/`, depth + 1, rows);
  }
  for (const path of [...folder.files].sort()) {
    rows.push({ key: path, name: path.slice(prefix.length), depth, path });
  }
}

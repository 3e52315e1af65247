/** Paths -> a tree, and the rows of it that are open. */

export interface TreeFile {
  path: string;
}

export interface Row<T extends TreeFile> {
  path: string;
  name: string;
  depth: number;
  /** Absent for a folder. */
  file?: T;
  open: boolean;
}

interface Folder<T> {
  folders: Map<string, Folder<T>>;
  files: T[];
}

const order = new Intl.Collator("en", { numeric: true });
/** The stages come in their order, before anything else. */
const first = ["eda", "prep", "train"];

function compareFolders(a: string, b: string, depth: number): number {
  const rank = (name: string) => (depth === 0 && first.includes(name) ? first.indexOf(name) : first.length);
  return rank(a) - rank(b) || order.compare(a, b);
}

/** The rows to show, folders first, with those in `closed` folded. */
export function rowsOf<T extends TreeFile>(files: readonly T[], closed: ReadonlySet<string>): Row<T>[] {
  const root: Folder<T> = { folders: new Map(), files: [] };
  for (const file of files) {
    let folder = root;
    for (const part of file.path.split("/").slice(0, -1)) {
      const known = folder.folders.get(part);
      const next = known ?? { folders: new Map(), files: [] };
      if (!known) folder.folders.set(part, next);
      folder = next;
    }
    folder.files.push(file);
  }
  const rows: Row<T>[] = [];
  walk(root, "", 0);
  return rows;

  function walk(folder: Folder<T>, prefix: string, depth: number) {
    for (const name of [...folder.folders.keys()].sort((a, b) => compareFolders(a, b, depth))) {
      const path = prefix + name;
      const open = !closed.has(path);
      rows.push({ path, name, depth, open });
      const inside = folder.folders.get(name);
      if (open && inside) walk(inside, `${path}/`, depth + 1);
    }
    for (const file of [...folder.files].sort((a, b) => order.compare(a.path, b.path))) {
      rows.push({ path: file.path, name: file.path.slice(prefix.length), depth, file, open: false });
    }
  }
}

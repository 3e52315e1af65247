import { Box, ChartColumn, ChevronRight, FileCode, FileCog, FileText, Sheet } from "lucide-react";
import { type KeyboardEvent, useRef, useState } from "react";
import type { ArtifactType } from "@/api/gql/graphql";
import { cx } from "@/lib/cx";
import { formatBytes } from "@/lib/format";
import { type Row, rowsOf } from "./tree";

const icons: Record<ArtifactType, typeof Box> = {
  REPORT: FileText,
  CHART: ChartColumn,
  DATASET: Sheet,
  MODEL: Box,
  SCRIPT: FileCode,
  METADATA: FileCog,
  FILE: FileText,
};

interface Entry {
  path: string;
  size: number;
  type: ArtifactType;
}

interface Props {
  files: readonly Entry[];
  chosen: string | undefined;
  onChoose: (path: string) => void;
}

export function FileTree({ files, chosen, onChoose }: Props) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set(["superseded"]));
  const [focused, setFocused] = useState<string | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const rows = rowsOf(files, closed);
  const current = rows.find(({ path }) => path === (focused ?? chosen)) ?? rows[0];

  const toggle = (path: string, open: boolean) => {
    const next = new Set(closed);
    if (open) next.delete(path);
    else next.add(path);
    setClosed(next);
  };
  const focus = (row: Row<Entry> | undefined) => {
    if (!row) return;
    setFocused(row.path);
    list.current?.querySelector<HTMLElement>(`[data-path="${CSS.escape(row.path)}"]`)?.focus();
  };
  const act = (row: Row<Entry>) => (row.file ? onChoose(row.path) : toggle(row.path, !row.open));

  const onKeyDown = (event: KeyboardEvent) => {
    if (!current) return;
    const at = rows.indexOf(current);
    const parent = rows.slice(0, at).findLast(({ depth }) => depth < current.depth);
    const moves: Record<string, () => void> = {
      ArrowDown: () => focus(rows[at + 1]),
      ArrowUp: () => focus(rows[at - 1]),
      Home: () => focus(rows[0]),
      End: () => focus(rows.at(-1)),
      ArrowRight: () => (current.file ? undefined : current.open ? focus(rows[at + 1]) : toggle(current.path, true)),
      ArrowLeft: () => (!current.file && current.open ? toggle(current.path, false) : focus(parent)),
      Enter: () => act(current),
      " ": () => act(current),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  };

  return (
    <div ref={list} role="tree" aria-label="Files" className="py-1" onKeyDown={onKeyDown}>
      {rows.map((row) => {
        const Icon = row.file ? icons[row.file.type] : ChevronRight;
        return (
          <div
            key={row.path}
            role="treeitem"
            data-path={row.path}
            aria-level={row.depth + 1}
            aria-selected={row.path === chosen}
            {...(row.file ? {} : { "aria-expanded": row.open })}
            tabIndex={row === current ? 0 : -1}
            onClick={() => {
              setFocused(row.path);
              act(row);
            }}
            onKeyDown={() => {}}
            className={cx(
              "flex h-7 cursor-pointer items-center gap-1.5 pr-2 outline-offset-[-2px] hover:bg-hover",
              row.path === chosen && "bg-accent-wash font-medium",
            )}
            style={{ paddingLeft: 12 + row.depth * 14 }}
          >
            <Icon
              size={14}
              aria-hidden
              className={cx("shrink-0 text-faint transition-transform", !row.file && row.open && "rotate-90")}
            />
            <span className="min-w-0 flex-1 truncate">{row.name}</span>
            {row.file && <span className="shrink-0 text-small text-muted">{formatBytes(row.file.size)}</span>}
          </div>
        );
      })}
    </div>
  );
}

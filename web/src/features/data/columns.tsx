import { useState } from "react";
import { graphql } from "@/api/gql";
import type { ColumnFragment as Column } from "@/api/gql/graphql";
import { cx } from "@/lib/cx";
import { formatCount, formatPercent, formatValue } from "@/lib/format";
import { Button } from "@/ui/button";

export const ColumnFragment = graphql(`
  fragment Column on DatasetColumn {
    name
    dtype
    kind
    missing
    unique
    min
    max
    mean
    top {
      value
      count
    }
    examples
  }
`);

/** Columns drawn before the reader asks for more. */
const STEP = 200;

interface Props {
  columns: readonly Column[];
  rows: number;
  target: string | null;
}

export function Columns({ columns, rows, target }: Props) {
  const [limit, setLimit] = useState(STEP);
  return (
    <div
      className="overflow-x-auto rounded-lg border border-line bg-surface"
      tabIndex={0}
      role="group"
      aria-label="Columns"
    >
      <table className="w-full border-collapse text-left">
        <caption className="sr-only">Columns of the table</caption>
        <thead>
          <tr className="border-b border-control text-small text-muted [&>th]:px-3 [&>th]:py-1.5 [&>th]:font-medium [&>th]:whitespace-nowrap">
            <th scope="col">Column</th>
            <th scope="col">Type</th>
            <th scope="col" className="text-right">
              Missing
            </th>
            <th scope="col" className="text-right">
              Unique
            </th>
            <th scope="col">Values</th>
          </tr>
        </thead>
        <tbody>
          {columns.slice(0, limit).map((column, at) => (
            <tr key={at} className="border-b border-line align-top last:border-b-0 [&>*]:px-3 [&>*]:py-1.5">
              <th scope="row" className="max-w-56 min-w-32 font-medium [overflow-wrap:anywhere]">
                {column.name}
                {column.name === target && <span className="ml-2 text-small font-normal text-accent">target</span>}
              </th>
              <td className="whitespace-nowrap text-muted">
                {column.kind}
                <span className="block font-mono text-small">{column.dtype}</span>
              </td>
              <td className={cx("text-right whitespace-nowrap", column.missing === 0 && "text-muted")}>
                {column.missing === 0 ? "none" : formatPercent(rows > 0 ? column.missing / rows : 0)}
              </td>
              <td className="text-right">{column.unique === null ? "unknown" : formatCount(column.unique)}</td>
              <td className="min-w-52">
                <Values column={column} rows={rows} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {columns.length > limit && (
        <div className="border-t border-line p-2 text-center">
          <Button look="quiet" onClick={() => setLimit(limit + STEP)}>
            Show more of {formatCount(columns.length)} columns
          </Button>
        </div>
      )}
    </div>
  );
}

function Values({ column: { min, max, mean, top, examples }, rows }: { column: Column; rows: number }) {
  const ranged = min !== null && max !== null && top.length === 0;
  if (mean !== null || ranged) {
    return (
      <span className="text-muted">
        {min !== null && max !== null && `${shorten(min)} to ${shorten(max)}`}
        {mean !== null && `, mean ${formatValue(mean)}`}
      </span>
    );
  }
  if (top.length === 0) return <span className="text-muted">{examples.slice(0, 3).map(shorten).join(", ")}</span>;
  const most = top[0]?.count || 1;
  return (
    <ul className="flex flex-col gap-1">
      {top.slice(0, 3).map(({ value, count }) => (
        <li key={value} className="grid grid-cols-[minmax(0,1fr)_3.5rem] items-center gap-2 text-small">
          <span className="relative truncate px-1" title={value}>
            <span
              className="absolute inset-y-0 left-0 rounded-[3px] bg-accent-wash"
              style={{ width: `${(count / most) * 100}%` }}
              aria-hidden
            />
            <span className="relative">{value === "" ? "(empty)" : value}</span>
          </span>
          <span className="text-right text-muted">{formatPercent(rows > 0 ? count / rows : 0)}</span>
        </li>
      ))}
    </ul>
  );
}

function shorten(text: string): string {
  const number = Number(text);
  if (text.trim() !== "" && Number.isFinite(number)) return formatValue(number);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

/** A table file, page by page from the server as the reader scrolls to it. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import { type RequestPolicy, useQuery } from "urql";
import { troubleFrom } from "@/api/errors";
import { graphql } from "@/api/gql";
import { cx } from "@/lib/cx";
import { formatCount, plural } from "@/lib/format";
import { Empty, Failure, Skeleton } from "@/ui/pane";

const TablePageQuery = graphql(`
  query TablePage($id: ID!, $path: String!, $offset: Long!, $first: Int!) {
    session(id: $id) {
      id
      file(path: $path) {
        path
        preview(offset: $offset, first: $first) {
          totalRows
          rows
          columns {
            name
            dtype
          }
        }
      }
    }
  }
`);

const PAGE = 100;
const ROW = 28;
/** Columns drawn at once; a table with thousands is scrolled faster than it is read. */
const MOST_COLUMNS = 200;

interface Props {
  sessionId: string;
  path: string;
  version: string;
}

/** Which version of a file each page in the cache was read from. */
const read = new Map<string, string>();

function usePage({ sessionId, path, version }: Props, page: number) {
  const key = `${sessionId}\n${path}\n${page}`;
  const [requestPolicy] = useState<RequestPolicy>(() => (read.get(key) === version ? "cache-first" : "network-only"));
  const variables = { id: sessionId, path, offset: page * PAGE, first: PAGE };
  const query = useQuery({ query: TablePageQuery, variables, requestPolicy });
  const arrived = query[0].data !== undefined && !query[0].fetching;
  useEffect(() => {
    if (arrived) read.set(key, version);
  }, [arrived, key, version]);
  return query;
}

export function TableView(props: Props) {
  const { path } = props;
  const [{ data, error }, again] = usePage(props, 0);
  const scroller = useRef<HTMLDivElement>(null);
  const preview = data?.session?.file?.preview;
  const pages = preview ? Math.ceil(preview.totalRows / PAGE) : 0;
  const virtual = useVirtualizer({
    count: pages,
    getScrollElement: () => scroller.current,
    estimateSize: (page) => ROW * Math.min(PAGE, (preview?.totalRows ?? 0) - page * PAGE),
    overscan: 0,
    scrollMargin: ROW,
  });

  if (!data) {
    if (!error) return <Skeleton lines={8} />;
    return <Failure title="The table could not be read" trouble={troubleFrom(error)} retry={() => again()} />;
  }
  if (!preview) return <Empty title="This file cannot be read as a table">Download it to look into it.</Empty>;
  if (preview.columns.length === 0) return <Empty title="The table is empty">It has no columns.</Empty>;

  const shown = preview.columns.slice(0, MOST_COLUMNS);
  const widths = shown.map(({ name }, at) => {
    const longest = Math.max(name.length, ...preview.rows.slice(0, 50).map((row) => row[at]?.length ?? 4));
    return `${Math.min(320, Math.max(64, longest * 7.6 + 24))}px`;
  });
  const grid = { gridTemplateColumns: [`${String(preview.totalRows).length * 8 + 24}px`, ...widths].join(" ") };

  return (
    <>
      <div
        ref={scroller}
        className="min-h-0 flex-1 overflow-auto font-mono text-code"
        tabIndex={0}
        role="table"
        aria-label={path}
        aria-rowcount={preview.totalRows + 1}
      >
        <div
          role="row"
          aria-rowindex={1}
          className="sticky top-0 z-10 grid w-max min-w-full border-b border-control bg-surface"
          style={grid}
        >
          <span role="columnheader" className="px-3 leading-7 text-muted">
            #
          </span>
          {shown.map(({ name, dtype }, at) => (
            <span
              key={at}
              role="columnheader"
              title={`${name}: ${dtype}`}
              className="truncate px-3 leading-7 font-semibold"
            >
              {name}
            </span>
          ))}
        </div>
        <div className="relative w-max min-w-full" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => (
            <div key={index} className="absolute inset-x-0 top-0" style={{ transform: `translateY(${start - ROW}px)` }}>
              <Page {...props} page={index} columns={shown.length} grid={grid} />
            </div>
          ))}
        </div>
      </div>
      <p className="flex shrink-0 gap-2 border-t border-line px-4 py-1 text-small text-muted">
        {plural(preview.totalRows, "row")} × {plural(preview.columns.length, "column")}
        {preview.columns.length > MOST_COLUMNS && ` (the first ${MOST_COLUMNS} are shown)`}
      </p>
    </>
  );
}

interface PageProps extends Props {
  page: number;
  columns: number;
  grid: { gridTemplateColumns: string };
}

function Page({ page, columns, grid, ...props }: PageProps) {
  const [{ data, error }, again] = usePage(props, page);
  const rows = data?.session?.file?.preview?.rows;
  if (!rows) {
    if (error)
      return <Failure title="These rows could not be read" trouble={troubleFrom(error)} retry={() => again()} />;
    return <Skeleton lines={4} className="w-full" />;
  }
  return rows.map((row, at) => (
    <div
      key={at}
      role="row"
      aria-rowindex={page * PAGE + at + 2}
      className={cx("grid w-max min-w-full border-b border-line", at % 2 === 1 && "bg-sunken")}
      style={{ ...grid, height: ROW }}
    >
      <span role="rowheader" className="px-3 leading-[27px] text-muted">
        {formatCount(page * PAGE + at + 1)}
      </span>
      {Array.from({ length: columns }, (_, column) => {
        const value = row[column] ?? null;
        return (
          <span key={column} role="cell" className="truncate px-3 leading-[27px]" title={value ?? "missing"}>
            {value ?? <span className="text-muted italic">null</span>}
          </span>
        );
      })}
    </div>
  ));
}

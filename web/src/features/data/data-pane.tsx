/** What the table is: its columns and their quality, how it was split, and how the model did. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Info, Table2, TriangleAlert } from "lucide-react";
import { useEffect } from "react";
import { useQuery } from "urql";
import { sentence, troubleFrom } from "@/api/errors";
import { graphql, readFragment } from "@/api/gql";
import { formatBytes, formatCount, plural } from "@/lib/format";
import { useView } from "@/stream/use-session";
import { Empty, Failure, Skeleton } from "@/ui/pane";
import { Segments } from "@/ui/segments";
import { ColumnFragment, Columns } from "./columns";
import { Outcome } from "./outcome";

const DataQuery = graphql(`
  query Data($id: ID!) {
    session(id: $id) {
      id
      experiment {
        id
        target
        files {
          name
          size
        }
        dataset {
          mainTable
          notes
          warnings {
            code
            message
            column
            file
          }
          tables {
            name
            fileNames
            rows
            duplicates
            columns {
              ...Column
            }
          }
        }
      }
      ...Outcome
    }
  }
`);

export function DataPane({ sessionId }: { sessionId: string }) {
  const { table: chosen } = useSearch({ from: "/e/$experiment/s/$session" });
  const navigate = useNavigate({ from: "/e/$experiment/s/$session" });
  const [{ data, error }, again] = useQuery({
    query: DataQuery,
    variables: { id: sessionId },
    requestPolicy: "cache-and-network",
  });
  const stateSeq = useView((view) => (view.caughtUp ? view.stateSeq : 0));
  useEffect(() => {
    if (stateSeq > 0) again({ requestPolicy: "network-only" });
  }, [stateSeq, again]);

  if (!data) {
    if (!error) return <Skeleton lines={10} />;
    return <Failure title="The data could not be described" trouble={troubleFrom(error)} retry={() => again()} />;
  }
  if (!data.session) return null;
  const { target, files, dataset } = data.session.experiment;
  const table =
    dataset.tables.find(({ name }) => name === chosen) ??
    dataset.tables.find(({ name }) => name === dataset.mainTable) ??
    dataset.tables[0];
  if (!table) {
    return (
      <Empty icon={<Table2 size={28} aria-hidden />} title="No table">
        Nothing in the files could be read as one.
      </Empty>
    );
  }
  const columns = readFragment(ColumnFragment, table.columns);
  const cells = table.rows * columns.length;
  const missing = columns.reduce((sum, column) => sum + column.missing, 0);
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-5 overflow-y-auto p-4" tabIndex={0} role="group" aria-label="Data">
      <Outcome session={data.session} />
      {dataset.tables.length > 1 && (
        <Segments
          label="Table"
          value={table.name}
          options={dataset.tables.map(({ name }) => ({ value: name, label: name }))}
          onChange={(name) => void navigate({ search: (old) => ({ ...old, tab: "data", table: name }), replace: true })}
        />
      )}
      <dl className="flex flex-wrap gap-x-8 gap-y-3">
        <Fact name="Rows" value={formatCount(table.rows)} />
        <Fact name="Columns" value={formatCount(columns.length)} />
        {table.duplicates !== null && <Fact name="Duplicate rows" value={formatCount(table.duplicates)} />}
        <Fact name="Missing cells" value={`${formatCount(missing)} of ${formatCount(cells)}`} />
        {target && <Fact name="Target" value={target} />}
        <Fact
          name={files.length === 1 ? "File" : "Files"}
          value={
            files.length === 1
              ? `${files[0]?.name} · ${formatBytes(files[0]?.size ?? 0)}`
              : `${plural(files.length, "file")} · ${formatBytes(files.reduce((sum, { size }) => sum + size, 0))}`
          }
        />
      </dl>
      {(dataset.warnings.length > 0 || dataset.notes.length > 0) && (
        <ul className="flex flex-col gap-1">
          {dataset.warnings.map((warning) => (
            <li key={warning.message} className="flex gap-2">
              <TriangleAlert size={14} className="mt-[3px] shrink-0 text-warn" aria-hidden />
              <span>{sentence(warning.message)}</span>
            </li>
          ))}
          {dataset.notes.map((note) => (
            <li key={note} className="flex gap-2">
              <Info size={14} className="mt-[3px] shrink-0 text-info" aria-hidden />
              <span className="text-muted">{sentence(note)}</span>
            </li>
          ))}
        </ul>
      )}
      <Columns columns={columns} rows={table.rows} target={target} />
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div className="min-w-0">
      <dt className="text-small text-muted">{name}</dt>
      <dd className="font-medium [overflow-wrap:anywhere]">{value}</dd>
    </div>
  );
}

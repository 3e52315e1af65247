import { Link } from "@tanstack/react-router";
import { type FragmentType, graphql } from "@/api/gql";
import type { ExperimentRowFragment as Data } from "@/api/gql/graphql";
import { useNow } from "@/lib/browser";
import { formatBytes, formatCompact, formatValue, formatWhen, plural } from "@/lib/format";
import { StateBadge } from "../words";
import { ExperimentMenu } from "./experiment-menu";

export const ExperimentRowFragment = graphql(`
  fragment ExperimentRow on Experiment {
    id
    name
    target
    createdAt
    files {
      name
      size
    }
    dataset {
      mainTable
      tables {
        name
        rows
        columns {
          name
        }
      }
    }
    latestSession {
      id
      state
      updatedAt
      result {
        bestModel
        metrics {
          name
          value
        }
      }
    }
  }
`);

export type ExperimentRowRef = FragmentType<typeof ExperimentRowFragment>;

export function ExperimentRow({ experiment }: { experiment: Data }) {
  const now = useNow(true);
  const { id, name, target, createdAt, latestSession } = experiment;
  const title = <span className="truncate font-medium group-hover:underline">{name}</span>;
  return (
    <li className="group relative grid items-center gap-x-4 gap-y-1 border-t border-line px-4 py-2.5 transition-colors first:border-t-0 hover:bg-hover md:grid-cols-[minmax(0,2fr)_9rem_minmax(0,1fr)_6rem_auto] max-md:grid-cols-[minmax(0,1fr)_minmax(0,auto)]">
      <div className="flex min-w-0 flex-col max-md:order-1">
        {latestSession ? (
          <Link
            to="/e/$experiment/s/$session"
            params={{ experiment: id, session: latestSession.id }}
            className="flex after:absolute after:inset-0"
          >
            {title}
          </Link>
        ) : (
          <Link to="/e/$experiment" params={{ experiment: id }} className="flex after:absolute after:inset-0">
            {title}
          </Link>
        )}
        <span className="truncate text-small text-muted">
          {datasetLine(experiment)}
          {target && ` · target ${target}`}
        </span>
      </div>
      <div className="text-muted max-md:order-3">
        {latestSession ? <StateBadge state={latestSession.state} /> : "No session"}
      </div>
      <div className="min-w-0 truncate max-md:order-4 max-md:justify-self-end">
        <Best result={latestSession?.result ?? null} />
      </div>
      <time dateTime={createdAt} className="text-small text-muted max-md:hidden">
        {formatWhen(new Date(createdAt), new Date(now))}
      </time>
      <div className="relative z-10 max-md:order-2 max-md:justify-self-end">
        <ExperimentMenu id={id} name={name} />
      </div>
    </li>
  );
}

function datasetLine({ files, dataset }: Data): string {
  const table = dataset.tables.find(({ name }) => name === dataset.mainTable) ?? dataset.tables[0];
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const what = files.length === 1 ? files[0]?.name : plural(files.length, "file");
  const shape = table && `${formatCompact(table.rows)} rows × ${formatCompact(table.columns.length)} columns`;
  return [what, shape, formatBytes(size)].filter(Boolean).join(" · ");
}

function Best({ result }: { result: NonNullable<Data["latestSession"]>["result"] }) {
  const [metric] = result?.metrics ?? [];
  if (!result || !metric || metric.value === null) return <span className="text-faint">no model yet</span>;
  return (
    <>
      <span className="font-medium">{formatValue(metric.value)}</span>{" "}
      <span className="text-small text-muted">
        {metric.name} · {result.bestModel}
      </span>
    </>
  );
}

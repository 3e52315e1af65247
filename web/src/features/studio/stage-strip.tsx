/** EDA -> Prep -> Train: how each stands and for how long, and what the session would do next. */
import { Link } from "@tanstack/react-router";
import { ChevronRight } from "lucide-react";
import { type FragmentType, graphql, readFragment } from "@/api/gql";
import type { StageStripFragment as Data } from "@/api/gql/graphql";
import { useNow } from "@/lib/browser";
import { cx } from "@/lib/cx";
import { formatDuration } from "@/lib/format";
import { MoodIcon, moodWord, stageName, stageTitle } from "../words";
import { StageActions } from "./stage-actions";

export const StageStripFragment = graphql(`
  fragment StageStrip on Session {
    id
    stages {
      stage
      state
      current {
        id
        startedAt
        endedAt
        error
        provider
      }
    }
    ...StageActions
  }
`);

interface Props {
  session: FragmentType<typeof StageStripFragment>;
  title: { id: string; name: string };
}

export function StageStrip({ session, title }: Props) {
  const data = readFragment(StageStripFragment, session);
  return (
    <div className="flex min-h-12 shrink-0 flex-wrap items-center gap-x-4 gap-y-1 border-b border-line bg-surface px-3 py-1.5">
      <h1 className="min-w-0 max-w-72 truncate font-semibold" title={title.name}>
        <Link to="/e/$experiment" params={{ experiment: title.id }} className="hover:underline">
          {title.name}
        </Link>
      </h1>
      <ol className="flex min-w-0 items-center gap-1" aria-label="Stages">
        {data.stages.map((status, at) => (
          <li key={status.stage} className="flex items-center gap-1">
            {at > 0 && <ChevronRight size={14} className="text-faint" aria-hidden />}
            <StageChip status={status} />
          </li>
        ))}
      </ol>
      <div className="flex-1" />
      <StageActions session={data} name={title.name} />
    </div>
  );
}

function StageChip({ status: { stage, state, current } }: { status: Data["stages"][number] }) {
  return (
    <Link
      from="/e/$experiment/s/$session"
      to="."
      search={(old) => ({ ...old, tab: "report", stage })}
      title={`${stageTitle[stage]}: ${moodWord(state)}${current?.error ? `: ${current.error}` : ""}`}
      className={cx(
        "flex h-8 items-center gap-1.5 rounded-sm px-2 whitespace-nowrap transition-colors hover:bg-hover",
        state === "RUNNING" && "bg-accent-wash",
      )}
    >
      <MoodIcon mood={state} />
      <span className="font-medium">{stageName[stage]}</span>
      <span className="text-small text-muted max-sm:sr-only">
        {current && state !== "PENDING" ? <Elapsed run={current} /> : null}
        <span className={cx((state === "RUNNING" || state === "DONE") && "sr-only")}> {moodWord(state)}</span>
      </span>
    </Link>
  );
}

function Elapsed({ run: { startedAt, endedAt } }: { run: { startedAt: string; endedAt: string | null } }) {
  const now = useNow(endedAt === null);
  const end = endedAt === null ? now : Date.parse(endedAt);
  return <span className="tabular-nums">{formatDuration(end - Date.parse(startedAt))}</span>;
}

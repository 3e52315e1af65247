/** The session's metrics as they are measured, in the charts that the agent's code asked for. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ChartLine } from "lucide-react";
import { useMemo } from "react";
import { type FragmentType, graphql, readFragment } from "@/api/gql";
import type { StudioSearch } from "@/app/search";
import { cx } from "@/lib/cx";
import { useView } from "@/stream/use-session";
import { Empty, Skeleton } from "@/ui/pane";
import { Segments } from "@/ui/segments";
import { ChartCard } from "./chart-card";
import { COLORS, layOut } from "./layout";

const MetricsSessionFragment = graphql(`
  fragment MetricsSession on Session {
    id
    stages {
      stage
      runs {
        id
        superseded
      }
    }
  }
`);

export function MetricsPane({ session }: { session: FragmentType<typeof MetricsSessionFragment> }) {
  const { stages } = readFragment(MetricsSessionFragment, session);
  const { x, log, smooth, runs: visible } = useSearch({ from: "/e/$experiment/s/$session" });
  const navigate = useNavigate({ from: "/e/$experiment/s/$session" });
  const series = useView((view) => view.series);
  const charts = useView((view) => view.charts);
  const stageOf = useView((view) => view.runs);
  const caughtUp = useView((view) => view.caughtUp);
  const layout = useMemo(() => {
    const superseded = new Set(stages.flatMap(({ runs }) => runs.filter((run) => run.superseded).map(({ id }) => id)));
    return layOut({ series, charts, stages: stageOf, superseded, visible });
  }, [series, charts, stageOf, stages, visible]);

  if (layout.charts.length === 0) {
    if (!caughtUp) return <Skeleton />;
    return (
      <Empty icon={<ChartLine size={28} aria-hidden />} title="No metrics yet">
        Training measures itself here, live, step by step.
      </Empty>
    );
  }
  const set = (change: Partial<StudioSearch>, drop?: keyof StudioSearch) =>
    void navigate({
      search: (old) => {
        const next: StudioSearch = { ...old, tab: "metrics", ...change };
        if (drop) delete next[drop];
        return next;
      },
      replace: true,
    });

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-3 py-1.5 text-small">
        <Segments
          label="Horizontal axis"
          value={x ?? "step"}
          options={[
            { value: "step", label: "Step" },
            { value: "time", label: "Time" },
          ]}
          onChange={(value) => (value === "time" ? set({ x: "time" }) : set({}, "x"))}
        />
        <label className="flex items-center gap-1.5">
          <input
            type="checkbox"
            className="accent-accent"
            checked={log ?? false}
            onChange={(event) => (event.target.checked ? set({ log: true }) : set({}, "log"))}
          />
          Log scale
        </label>
        <label className="flex items-center gap-2">
          Smoothing
          <input
            type="range"
            min={0}
            max={0.98}
            step={0.02}
            value={smooth ?? 0}
            onChange={(event) => {
              const value = Number(event.target.value);
              if (value > 0) set({ smooth: value });
              else set({}, "smooth");
            }}
            className="w-28 accent-accent"
          />
          <span className="w-8 tabular-nums">{(smooth ?? 0).toFixed(2)}</span>
        </label>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto p-3" tabIndex={0} role="group" aria-label="Charts">
        {layout.runs.length > 1 && (
          <Runs
            runs={layout.runs}
            visible={visible}
            onChange={(next) => (next ? set({ runs: next }) : set({}, "runs"))}
          />
        )}
        <div className="grid grid-cols-[repeat(auto-fill,minmax(min(100%,340px),1fr))] gap-3">
          {layout.charts.map((plan) => (
            <ChartCard key={plan.key} plan={plan} axis={x ?? "step"} log={log ?? false} weight={smooth ?? 0} />
          ))}
        </div>
      </div>
    </div>
  );
}

interface RunsProps {
  runs: string[];
  visible: string[] | undefined;
  onChange: (visible: string[] | undefined) => void;
}

function Runs({ runs, visible, onChange }: RunsProps) {
  const on = (run: string) => visible === undefined || visible.includes(run);
  const toggle = (run: string) => {
    const next = runs.filter((one) => (one === run ? !on(one) : on(one)));
    onChange(next.length === runs.length ? undefined : next);
  };
  return (
    <fieldset className="mb-3 flex flex-wrap gap-1.5">
      <legend className="sr-only">Runs that are drawn</legend>
      {runs.map((run, at) => (
        <button
          key={run}
          type="button"
          aria-pressed={on(run)}
          onClick={() => toggle(run)}
          className={cx(
            "flex h-6 items-center gap-1.5 rounded-full border px-2.5 text-small transition-colors hover:bg-hover",
            on(run) ? "border-control bg-surface" : "border-line bg-sunken text-muted line-through",
          )}
        >
          <span
            className="size-2 rounded-full"
            style={{ background: on(run) ? `var(--series-${(at % COLORS) + 1})` : "var(--control)" }}
            aria-hidden
          />
          {run}
        </button>
      ))}
    </fieldset>
  );
}

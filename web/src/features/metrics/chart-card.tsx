import { useMemo, useState } from "react";
import type uPlot from "uplot";
import { formatValue } from "@/lib/format";
import { useTheme } from "@/lib/theme";
import type { ChartPlan, Line } from "./layout";
import { Plot, type PlotLine } from "./plot";
import { type Axis, align, best, columnsOf, direction, type Series, smooth } from "./series";

interface Props {
  plan: ChartPlan;
  axis: Axis;
  log: boolean;
  weight: number;
}

export function ChartCard({ plan, axis, log, weight }: Props) {
  const [hovered, setHovered] = useState<number | null>(null);
  const theme = useTheme();
  const { lines, type } = plan;
  const drawn = useMemo(() => drawing(lines, axis, log, weight), [lines, axis, log, weight]);
  const step = hovered === null ? null : (drawn.data[0][hovered] ?? null);
  return (
    <section aria-label={plan.title} className="flex min-w-0 flex-col rounded-lg border border-line bg-surface p-3">
      <h2 className="mb-1 flex items-baseline gap-2 font-semibold">
        <span className="min-w-0 truncate">{plan.title}</span>
        {step !== null && (
          <span className="ml-auto text-small font-normal text-muted">
            {axis === "time" ? `${formatValue(step)} s` : `step ${formatValue(step)}`}
          </span>
        )}
      </h2>
      {lines.length === 0 ? (
        <p className="flex h-[208px] items-center justify-center text-muted">
          Every run of this chart is switched off.
        </p>
      ) : type === "bar" ? (
        <Bars lines={lines} />
      ) : (
        <Plot
          label={`${plan.title}: ${lines.map(({ label }) => label).join(", ")}`}
          type={type}
          data={drawn.data}
          lines={drawn.lines}
          log={log}
          axis={axis}
          theme={theme}
          onHover={setHovered}
        />
      )}
      {type !== "bar" && (
        <Legend
          title={plan.title}
          lines={lines}
          hovering={hovered !== null}
          valueAt={(at) => (hovered === null ? undefined : drawn.shown[at]?.[hovered])}
        />
      )}
    </section>
  );
}

type Values = (number | null | undefined)[];

/** What the plot draws, and for each line of the plan the values that a hover tells. */
function drawing(lines: Line[], axis: Axis, log: boolean, weight: number) {
  const start = Math.min(...lines.map(({ series }) => series.times[0] ?? 0));
  const [xs, ...raw] = align(lines.map(({ series }) => columnsOf(series, axis, start)));
  const positive = (values: Values) =>
    log ? values.map((value) => (typeof value === "number" && value <= 0 ? null : value)) : values;
  const measured = raw.map((values) => positive(values));
  const smoothed = weight > 0 ? measured.map((values) => smoothWithHoles(values, weight)) : measured;
  const look = ({ color, dash }: Line, faint: boolean): PlotLine => ({ color, dash, faint });
  const behind = weight > 0 ? measured : [];
  return {
    data: [xs, ...behind, ...smoothed] as uPlot.AlignedData,
    lines: [...(weight > 0 ? lines.map((line) => look(line, true)) : []), ...lines.map((line) => look(line, false))],
    shown: smoothed,
  };
}

/** Smooths over the holes that aligning made, which are no measurements, and keeps them holes. */
function smoothWithHoles(values: Values, weight: number): Values {
  const there = values.filter((value) => value !== undefined);
  const done = smooth(there, weight);
  let at = 0;
  return values.map((value) => (value === undefined ? undefined : done[at++]));
}

function latestText({ latest }: Series): string {
  return latest.value === null ? (latest.odd ?? "none") : formatValue(latest.value);
}

interface LegendProps {
  title: string;
  lines: Line[];
  hovering: boolean;
  valueAt: (at: number) => number | null | undefined;
}

function Legend({ title, lines, hovering, valueAt }: LegendProps) {
  return (
    <div className="mt-1 max-h-40 overflow-y-auto" tabIndex={0} role="group" aria-label="Legend">
      <table className="w-full text-small">
        <thead>
          <tr className="text-left text-muted [&>th]:font-normal">
            <th scope="col">
              <span className="sr-only">Line</span>
            </th>
            <th scope="col" className="w-16 text-right">
              <span className={hovering ? "" : "sr-only"}>here</span>
            </th>
            <th scope="col" className="w-16 text-right">
              latest
            </th>
            <th scope="col" className="w-16 text-right">
              best
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line, at) => {
            const top = best(line.series, title);
            const here = valueAt(at);
            return (
              <tr key={`${line.series.stageRun} ${line.label}`}>
                <th scope="row" className="max-w-0 text-left font-normal">
                  <span className="flex items-center gap-1.5">
                    <Swatch line={line} />
                    <span className="truncate" title={line.label}>
                      {line.label}
                    </span>
                  </span>
                </th>
                <td className="text-right text-muted">{typeof here === "number" ? formatValue(here) : ""}</td>
                <td className="text-right">{latestText(line.series)}</td>
                <td
                  className="text-right"
                  title={
                    { down: "the lowest", up: "the highest" }[direction(line.series.name) ?? direction(title) ?? "up"]
                  }
                >
                  {top === null ? "–" : formatValue(top)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Swatch({ line: { color, dash } }: { line: Line }) {
  const pattern = ["", "4 3", "2 2", "6 2 2 2"][dash % 4];
  return (
    <svg width="16" height="4" aria-hidden="true" className="shrink-0">
      <line
        x1="0"
        x2="16"
        y1="2"
        y2="2"
        strokeWidth="3"
        stroke={`var(--series-${color + 1})`}
        strokeDasharray={pattern}
      />
    </svg>
  );
}

/** The latest value of each line, as bars on one scale that begins at zero. */
function Bars({ lines }: { lines: Line[] }) {
  const most = Math.max(...lines.map(({ series }) => Math.abs(series.latest.value ?? 0)), Number.MIN_VALUE);
  return (
    <ul className="flex max-h-64 flex-col gap-1.5 overflow-y-auto py-1">
      {lines.map(({ series, label, color }) => (
        <li
          key={`${series.stageRun} ${label}`}
          className="grid grid-cols-[minmax(0,2fr)_minmax(0,3fr)_4.5rem] items-center gap-2 text-small"
        >
          <span className="truncate" title={label}>
            {label}
          </span>
          <span
            className="h-3 rounded-[3px]"
            style={{
              width: `${(Math.abs(series.latest.value ?? 0) / most) * 100}%`,
              background: `var(--series-${color + 1})`,
            }}
            aria-hidden
          />
          <span className="text-right">{latestText(series)}</span>
        </li>
      ))}
    </ul>
  );
}

/** Which charts there are and which series each draws: as the agent's code asked, then whatever it left out. */
import type { Chart, Stage } from "@/api/gql/graphql";
import type { Series } from "./series";

export interface Line {
  series: Series;
  /** The run as the reader knows it. */
  run: string;
  /** What the legend says: only what tells the line from its neighbours. */
  label: string;
  /** Index of the colour, from 0. */
  color: number;
  /** Index of the dash pattern, from 0 for a whole line. */
  dash: number;
}

export interface ChartPlan {
  key: string;
  title: string;
  type: "line" | "area" | "scatter" | "bar";
  lines: Line[];
}

export interface Layout {
  charts: ChartPlan[];
  /** Every run there is, in the order they began. */
  runs: string[];
}

export const COLORS = 8;

interface Input {
  series: ReadonlyMap<string, Series>;
  charts: ReadonlyMap<string, readonly Pick<Chart, "title" | "metrics" | "type">[]>;
  /** Which stage each stage run ran. */
  stages: ReadonlyMap<string, Stage>;
  /** Stage runs that a later one took the place of. */
  superseded: ReadonlySet<string>;
  /** The runs to draw; absent means all. */
  visible?: readonly string[] | undefined;
}

const stageLabel: Record<Stage, string> = { EDA: "EDA", PREP: "Prep", TRAIN: "Train" };

export function layOut({ series, charts, stages, superseded, visible }: Input): Layout {
  const current = [...series.values()].filter(({ stageRun }) => !superseded.has(stageRun));
  const runOf = ({ run, stageRun }: Series) => {
    if (run) return run;
    const stage = stages.get(stageRun);
    return stage ? stageLabel[stage] : "run";
  };
  const runs = [...new Set(current.map(runOf))];
  const plans: ChartPlan[] = [];
  const placed = new Set<Series>();

  const plan = (key: string, title: string, type: string, members: Series[]) => {
    for (const member of members) placed.add(member);
    const names = [...new Set(members.map(({ name }) => name))];
    const lines = members.map((member): Line => {
      const run = runOf(member);
      const metric = names.indexOf(member.name);
      const color = runs.length > 1 ? runs.indexOf(run) : metric;
      return {
        series: member,
        run,
        label: [runs.length > 1 && run, names.length > 1 && member.name].filter(Boolean).join(" · ") || member.name,
        color: color % COLORS,
        // A run keeps its colour in every chart; its metrics differ by their dashes. Past the eighth colour, likewise.
        dash: (runs.length > 1 ? metric : 0) + Math.floor(color / COLORS),
      };
    });
    const shown = visible ? lines.filter(({ run }) => visible.includes(run)) : lines;
    plans.push({ key, title, type: typeOf(type), lines: shown });
  };

  for (const [stageRun, asked] of charts) {
    if (superseded.has(stageRun)) continue;
    asked.forEach(({ title, metrics, type }, at) => {
      const members = current.filter((one) => one.stageRun === stageRun && metrics.includes(one.name));
      members.sort((a, b) => metrics.indexOf(a.name) - metrics.indexOf(b.name));
      if (members.length > 0) plan(`${stageRun} ${at}`, title, type, members);
    });
  }
  for (const name of new Set(current.map((one) => one.name))) {
    const members = current.filter((one) => one.name === name && !placed.has(one));
    if (members.length > 0) plan(`left ${name}`, name, "line", members);
  }
  return { charts: plans, runs };
}

function typeOf(type: string): ChartPlan["type"] {
  return type === "area" || type === "scatter" || type === "bar" ? type : "line";
}

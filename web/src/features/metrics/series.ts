/**
 * Metric points as columns. A series only ever grows at its end, so an older value of it stays true: it knows its own
 * length and shares the columns with the newer ones.
 */

export interface Point {
  step: number;
  /** Milliseconds since 1970. */
  at: number;
  /** Null where nothing finite was measured; `odd` says what it was. */
  value: number | null;
  odd?: "NaN" | "∞" | "−∞" | undefined;
}

/** Whose points they are: those of two stage runs, or of two runs inside one, never share a line. */
export interface SeriesName {
  stageRun: string;
  /** The run's tag as the agent's code gave it, such as a model's name; empty where it gave none. */
  run: string;
  name: string;
}

export interface Series extends SeriesName {
  steps: number[];
  times: number[];
  values: (number | null)[];
  length: number;
  /** Whether the steps never went backwards. */
  ordered: boolean;
  latest: Point;
  lowest: number | null;
  highest: number | null;
}

export function seriesKey(stageRun: string, run: string, name: string): string {
  return `${stageRun}\u0000${run}\u0000${name}`;
}

/** The series with `points` at its end; without points it stays as it is. */
export function extend(series: Series | undefined, owner: SeriesName, points: readonly Point[]): Series | undefined {
  const last = points.at(-1);
  if (!last) return series;
  const length = series?.length ?? 0;
  const steps = take(series?.steps ?? [], length);
  const times = take(series?.times ?? [], length);
  const values = take(series?.values ?? [], length);
  let { ordered, lowest, highest } = series ?? { ordered: true, lowest: null, highest: null };
  let before = series?.latest.step ?? Number.NEGATIVE_INFINITY;
  for (const { step, at, value } of points) {
    steps.push(step);
    times.push(at);
    values.push(value);
    if (step < before) ordered = false;
    before = step;
    if (value === null) continue;
    if (lowest === null || value < lowest) lowest = value;
    if (highest === null || value > highest) highest = value;
  }
  const { stageRun, run, name } = owner;
  const grown = length + points.length;
  return { stageRun, run, name, steps, times, values, length: grown, ordered, latest: last, lowest, highest };
}

/**
 * The first `length` of a column: itself where nobody has grown it since, else a copy. Whoever grows a series from an
 * older value of it thereby gets columns of their own.
 */
function take<T>(column: T[], length: number): T[] {
  return column.length === length ? column : column.slice(0, length);
}

export interface Columns {
  xs: number[];
  ys: (number | null)[];
}

export type Axis = "step" | "time";

/** The series in the order of its steps, over them or over the seconds since `start`. */
export function columnsOf(series: Series, axis: Axis = "step", start = 0): Columns {
  const steps = take(series.steps, series.length);
  const ys = take(series.values, series.length);
  if (axis === "time") return { xs: take(series.times, series.length).map((at) => (at - start) / 1000), ys };
  if (series.ordered) return { xs: steps, ys };
  const order = steps.map((_, at) => at).sort((a, b) => (steps[a] ?? 0) - (steps[b] ?? 0) || a - b);
  return { xs: order.map((at) => steps[at] ?? 0), ys: order.map((at) => ys[at] ?? null) };
}

/**
 * An exponential moving average that is fair to the first points: without the correction the start would be drawn
 * towards zero. `weight` from 0 (raw) to below 1; gaps stay gaps.
 */
export function smooth(values: (number | null)[], weight: number): (number | null)[] {
  if (weight <= 0) return values;
  let sum = 0;
  let seen = 0;
  return values.map((value) => {
    if (value === null) return null;
    seen += 1;
    sum = sum * weight + (1 - weight) * value;
    return sum / (1 - weight ** seen);
  });
}

/** Several series on one axis: every step that any of them has, and each one's value there or a hole. */
export function align(columns: Columns[]): [number[], ...(number | null | undefined)[][]] {
  const [first] = columns;
  if (!first) return [[]];
  const same = columns.every(
    ({ xs }) => xs === first.xs || (xs.length === first.xs.length && xs.every((x, at) => x === first.xs[at])),
  );
  if (same) return [first.xs, ...columns.map(({ ys }) => ys)];
  const axis = [...new Set(columns.flatMap(({ xs }) => xs))].sort((a, b) => a - b);
  const place = new Map(axis.map((x, at) => [x, at]));
  const joined = columns.map(({ xs, ys }) => {
    const row: (number | null | undefined)[] = new Array(axis.length).fill(undefined);
    xs.forEach((x, at) => {
      row[place.get(x) ?? 0] = ys[at];
    });
    return row;
  });
  return [axis, ...joined];
}

const falling = /(loss|error|rmse|mse|mae|mape|deviance|brier|perplexity)/i;
const rising = /(accuracy|acc$|auc|auroc|roc|f1|fbeta|precision|recall|r2|kappa|mcc|average_precision|gini|ndcg)/i;

/** Which way a metric with this name gets better; null where the name does not say. */
export function direction(name: string): "down" | "up" | null {
  if (falling.test(name)) return "down";
  return rising.test(name) ? "up" : null;
}

/** The best value so far, where it is known what better means: by the metric's name, else by its chart's title. */
export function best(series: Series, title: string): number | null {
  const way = direction(series.name) ?? direction(title);
  if (way === null) return null;
  return way === "down" ? series.lowest : series.highest;
}

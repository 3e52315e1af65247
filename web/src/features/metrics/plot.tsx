/** One uPlot chart. It is drawn by hand outside React; React only tells it what to draw. */
import "uplot/dist/uPlot.min.css";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { formatValue } from "@/lib/format";
import type { Theme } from "@/lib/theme";
import type { ChartPlan } from "./layout";

export interface PlotLine {
  color: number;
  dash: number;
  /** The measured line behind a smoothed one. */
  faint: boolean;
}

interface Props {
  label: string;
  type: ChartPlan["type"];
  data: uPlot.AlignedData;
  lines: PlotLine[];
  log: boolean;
  axis: "step" | "time";
  theme: Theme;
  onHover: (index: number | null) => void;
}

const HEIGHT = 208;
const dashes = [undefined, [6, 4], [2, 3], [10, 4, 2, 4]];

function cssColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function optionsFor(
  { type, lines, log, axis }: Props,
  width: number,
  hover: (index: number | null) => void,
): uPlot.Options {
  const grid = { stroke: cssColor("--line"), width: 1 };
  const ticks = { show: false };
  const font = `12px ${cssColor("--font-sans") || "sans-serif"}`;
  const base = { stroke: cssColor("--muted"), grid, ticks, font };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { sync: { key: "metrics" }, points: { size: 6 }, drag: { x: true, y: false } },
    scales: { x: { time: false }, y: { distr: log ? 3 : 1 } },
    axes: [
      {
        ...base,
        size: 28,
        values: (_plot, values) => values.map((value) => tick(value) + (axis === "time" ? " s" : "")),
      },
      { ...base, size: 56, values: (_plot, values) => values.map((value) => (value === null ? "" : tick(value))) },
    ],
    series: [
      {},
      ...lines.map(({ color, dash, faint }): uPlot.Series => {
        const stroke = cssColor(`--series-${color + 1}`);
        return {
          stroke: faint ? `${stroke}55` : stroke,
          width: faint ? 1 : 1.75,
          ...(dash % dashes.length > 0 && { dash: dashes[dash % dashes.length] as number[] }),
          ...(type === "area" && !faint && { fill: `${stroke}22` }),
          ...(type === "scatter" && { paths: () => null, points: { show: true, size: 5, fill: stroke } }),
          spanGaps: false,
        };
      }),
    ],
    hooks: {
      setCursor: [(plot) => hover(plot.cursor.idx ?? null)],
    },
  };
}

function tick(value: number): string {
  return formatValue(Number(value.toPrecision(6)));
}

export function Plot(props: Props) {
  const { label, type, data, lines, log, axis, theme, onHover } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const zoomed = useRef(false);
  const latest = useRef({ props, onHover });
  useEffect(() => {
    latest.current = { props, onHover };
  });
  // What makes the chart another one; new points alone do not.
  const shape = JSON.stringify([type, lines, log, axis, theme]);

  useEffect(() => {
    const place = box.current;
    if (!place || !shape) return;
    const drawn = new uPlot(
      optionsFor(latest.current.props, place.clientWidth, (index) => latest.current.onHover(index)),
      latest.current.props.data,
      place,
    );
    plot.current = drawn;
    zoomed.current = false;
    const onUp = () => {
      if (drawn.select.width > 0) zoomed.current = true;
    };
    const onDouble = () => {
      zoomed.current = false;
    };
    drawn.over.addEventListener("mouseup", onUp);
    drawn.over.addEventListener("dblclick", onDouble);
    const resized = new ResizeObserver(() => {
      if (place.clientWidth > 0 && place.clientWidth !== drawn.width) {
        drawn.setSize({ width: place.clientWidth, height: HEIGHT });
      }
    });
    resized.observe(place);
    return () => {
      resized.disconnect();
      drawn.destroy();
      plot.current = null;
    };
  }, [shape]);

  useEffect(() => {
    const drawn = plot.current;
    if (!drawn || drawn.data === data || drawn.series.length !== data.length) return;
    // New points must not undo the reader's zoom.
    drawn.setData(data, !zoomed.current);
    if (zoomed.current) drawn.redraw();
  }, [data]);

  return <div ref={box} role="img" aria-label={label} className="h-[208px] w-full" />;
}

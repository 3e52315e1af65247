import { expect, test } from "vitest";
import { layOut } from "./layout";
import { extend, type Series, seriesKey } from "./series";

type Asked = { title: string; metrics: string[]; type: string };

/** Lays out series given as `stage run/run/metric` and draws each chart as one line of text. */
function draw(
  names: string[],
  charts: [string, Asked[]][] = [],
  options: { visible?: string[]; superseded?: string[] } = {},
) {
  const series = new Map<string, Series>();
  for (const path of names) {
    const [stageRun = "", run = "", name = ""] = path.split("/");
    const one = extend(undefined, { stageRun, run, name }, [{ step: 0, at: 0, value: 1 }]);
    if (one) series.set(seriesKey(stageRun, run, name), one);
  }
  const { charts: plans, runs } = layOut({
    series,
    charts: new Map(charts),
    stages: new Map([["t", "TRAIN"]]),
    superseded: new Set(options.superseded),
    visible: options.visible,
  });
  return {
    runs,
    charts: plans.map(({ title, type, lines }) =>
      `${title} (${type}): ${lines.map((line) => `${line.label} ${line.color}/${line.dash}`).join(", ")}`.trim(),
    ),
  };
}

test("without a dashboard every metric has a chart, and a run keeps its colour", () => {
  expect(draw(["t/a/loss", "t/b/loss", "t/b/auc"])).toEqual({
    runs: ["a", "b"],
    charts: ["loss (line): a 0/0, b 1/0", "auc (line): b 1/0"],
  });
});

test("a dashboard groups metrics in its own order, and what it leaves out follows", () => {
  const asked = [{ title: "Loss", metrics: ["train_loss", "val_loss"], type: "area" }];
  expect(draw(["t/a/val_loss", "t/a/train_loss", "t/a/lr"], [["t", asked]])).toEqual({
    runs: ["a"],
    charts: ["Loss (area): train_loss 0/0, val_loss 1/0", "lr (line): lr 0/0"],
  });
});

test("several runs with several metrics differ by colour and dash", () => {
  const asked = [{ title: "Loss", metrics: ["x", "y"], type: "line" }];
  expect(draw(["t/a/x", "t/a/y", "t/b/x", "t/b/y"], [["t", asked]]).charts).toEqual([
    "Loss (line): a · x 0/0, b · x 1/0, a · y 0/1, b · y 1/1",
  ]);
});

test("from the ninth colour on, dashes", () => {
  const names = Array.from({ length: 10 }, (_, at) => `t/r${at}/m`);
  expect(draw(names).charts[0]).toMatch(/r7 7\/0, r8 0\/1, r9 1\/1$/);
});

test("hidden runs and superseded stage runs are not drawn; an untagged run goes by its stage", () => {
  expect(draw(["t//m", "t/b/m", "old/c/m"], [["old", []]], { visible: ["Train"], superseded: ["old"] })).toEqual({
    runs: ["Train", "b"],
    charts: ["m (line): Train 0/0"],
  });
});

test("a kind of chart that nobody knows is drawn as lines, and an empty one not at all", () => {
  const asked = [
    { title: "M", metrics: ["m"], type: "hologram" },
    { title: "None", metrics: ["absent"], type: "line" },
  ];
  expect(draw(["t/a/m"], [["t", asked]]).charts).toEqual(["M (line): m 0/0"]);
});

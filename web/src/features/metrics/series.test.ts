import { expect, test } from "vitest";
import { align, best, columnsOf, extend, type Point, type Series, smooth } from "./series";

const owner = { stageRun: "sr", run: "r" };

function series(name: string, points: Omit<Point, "at">[]): Series {
  return grow(undefined, name, points);
}

/** Grows in one go; one point at a time must give the same. */
function grow(before: Series | undefined, name: string, points: Omit<Point, "at">[]): Series {
  const timed = points.map((point) => ({ at: 0, ...point }));
  const whole = extend(before, { ...owner, name }, timed);
  const single = timed.reduce<Series | undefined>((grown, point) => extend(grown, { ...owner, name }, [point]), before);
  if (!whole) throw new Error("a series has a point");
  expect(single).toEqual(whole);
  return whole;
}

test("a series knows its last, lowest and highest value", () => {
  const grown = series("loss", [
    { step: 0, value: 3 },
    { step: 1, value: 1 },
    { step: 2, value: null, odd: "NaN" },
    { step: 3, value: 2 },
  ]);
  expect(grown).toMatchObject({ length: 4, ordered: true, latest: { step: 3, value: 2 }, lowest: 1, highest: 3 });
  expect(best(grown, "")).toBe(1);
  expect(best({ ...grown, name: "val_accuracy" }, "")).toBe(3);
  expect(best({ ...grown, name: "learning_rate" }, "")).toBe(null);
  expect(best({ ...grown, name: "trial_score" }, "Tuning: rmse by trial")).toBe(1);
});

test("an older value of a series stays what it was, also when two grow from it", () => {
  const one = series("auc", [{ step: 0, value: 0.5 }]);
  const two = grow(one, "auc", [{ step: 1, value: 0.6 }]);
  const other = grow(one, "auc", [{ step: 1, value: 0.9 }]);
  expect([one, two, other].map((grown) => columnsOf(grown))).toEqual([
    { xs: [0], ys: [0.5] },
    { xs: [0, 1], ys: [0.5, 0.6] },
    { xs: [0, 1], ys: [0.5, 0.9] },
  ]);
});

test("steps that came out of order are drawn in order", () => {
  const mixed = series("auc", [
    { step: 2, value: 2 },
    { step: 0, value: 0 },
    { step: 1, value: 1 },
  ]);
  expect(columnsOf(mixed)).toEqual({ xs: [0, 1, 2], ys: [0, 1, 2] });
});

test.each<[number, (number | null)[], (number | null)[]]>([
  [0, [1, 2, 3], [1, 2, 3]],
  [0.5, [4, 4, 4], [4, 4, 4]],
  [0.5, [1, null, 3], [1, null, 7 / 3]],
  [0.9, [], []],
])("smoothing by %d of %j gives %j", (weight, values, expected) => {
  const smoothed = smooth(values, weight);
  expect(smoothed).toHaveLength(expected.length);
  smoothed.forEach((value, at) => {
    const wanted = expected[at];
    if (value === null || wanted === null || wanted === undefined) expect(value).toBe(wanted);
    else expect(value).toBeCloseTo(wanted, 12);
  });
});

test("series on different steps share one axis with holes", () => {
  expect(
    align([
      { xs: [0, 2], ys: [1, 3] },
      { xs: [1, 2], ys: [5, null] },
    ]),
  ).toEqual([
    [0, 1, 2],
    [1, undefined, 3],
    [undefined, 5, null],
  ]);
  expect(align([])).toEqual([[]]);
});

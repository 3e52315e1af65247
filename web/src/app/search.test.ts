import { expect, test } from "vitest";
import { parseStudioSearch, type StudioSearch } from "./search";

test.each<[Record<string, unknown>, StudioSearch]>([
  [{}, {}],
  [
    { tab: "files", file: "eda/report.md" },
    { tab: "files", file: "eda/report.md" },
  ],
  [{ tab: "nowhere", file: 3, stage: "LATER", pane: "x" }, {}],
  [
    { smooth: 0.6, x: "time", log: true, runs: ["a", 1] },
    { smooth: 0.6, x: "time", log: true, runs: ["a"] },
  ],
  [{ smooth: 1, x: "step", log: "yes", runs: "a" }, {}],
  [{ smooth: "nonsense", file: "x".repeat(2000) }, {}],
])("%j means %j", (raw, expected) => {
  expect(parseStudioSearch(raw)).toEqual(expected);
});

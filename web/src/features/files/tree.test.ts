import { expect, test } from "vitest";
import { rowsOf } from "./tree";

/** The rows as indented lines; a folder ends in a slash, a closed one in `/…`. */
function draw(paths: string[], closed: string[] = []): string[] {
  return rowsOf(
    paths.map((path) => ({ path })),
    new Set(closed),
  ).map(({ name, depth, file, open }) => `${"  ".repeat(depth)}${name}${file ? "" : open ? "/" : "/…"}`);
}

test.each<[string, string[], string[], string[]]>([
  ["nothing", [], [], []],
  [
    "stages in their order, folders before files, numbers as numbers",
    ["train/report.md", "notes/n.md", "prep/a.py", "eda/s/step_10.py", "eda/s/step_2.py", "eda/report.md", "x.txt"],
    [],
    [
      "eda/",
      "  s/",
      "    step_2.py",
      "    step_10.py",
      "  report.md",
      "prep/",
      "  a.py",
      "train/",
      "  report.md",
      "notes/",
      "  n.md",
      "x.txt",
    ],
  ],
  ["a closed folder hides what is in it", ["eda/s/a.py", "eda/b.md"], ["eda/s"], ["eda/", "  s/…", "  b.md"]],
])("%s", (_name, paths, closed, expected) => {
  expect(draw(paths, closed)).toEqual(expected);
});

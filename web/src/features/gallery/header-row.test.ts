import { expect, test } from "vitest";
import { readColumns, splitHeader } from "./header-row";

test.each<[string, string[]]>([
  ["a,b,c", ["a", "b", "c"]],
  ["a;b;c,d", ["a", "b", "c,d"]],
  ["a\tb", ["a", "b"]],
  ['"last, first",age', ["last, first", "age"]],
  ["a,,a, b ", ["a", "b"]],
  ["", []],
])("the header %j names %j", (line, expected) => {
  expect(splitHeader(line)).toEqual(expected);
});

test.each<[string, string, string[]]>([
  ["a.csv", "\ufeffx,y\n1,2\n", ["x", "y"]],
  ["a.csv", "PK\u0000\u0001\n", []],
  ["a.parquet", "x,y\n", []],
  ["a.csv", "only one line", []],
])("%s holding %j suggests %j", async (name, content, expected) => {
  expect(await readColumns(new File([content], name))).toEqual(expected);
});

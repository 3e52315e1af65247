import { expect, test } from "vitest";
import { baseOf, fileAddress, resolveInSession } from "./files";

test.each<[string, string | null]>([
  ["figures/a.png", "eda/figures/a.png"],
  ["./figures/a.png", "eda/figures/a.png"],
  ["../prep/b.png", "prep/b.png"],
  ["figures/with%20space.png", "eda/figures/with space.png"],
  ["figures/a.png?x=1#y", "eda/figures/a.png"],
  ["/data/sessions/s1/train/c.png", "train/c.png"],
  ["/data/sessions/s1/../../x", null],
  ["/data/datasets/e1/raw.csv", null],
  ["../../../etc/passwd", null],
  ["..%2f..%2fx", null],
  ["/etc/passwd", null],
  ["//evil.example/x.png", null],
  ["\\\\evil.example\\x.png", null],
  ["https://evil.example/x.png", null],
  ["HTTPS://evil.example/x.png", null],
  ["data:image/png;base64,AAAA", null],
  ["javascript:alert(1)", null],
  ["java\nscript:alert(1)", null],
  ["%E0%A4%A", null],
  ["", null],
  ["..", null],
])("an address %j in eda/report.md means %j", (target, expected) => {
  expect(resolveInSession("eda/report.md", target)).toBe(expected);
});

test("an address keeps what a name holds", () => {
  expect(fileAddress("/files/sessions/s1", "eda/a#b?.png")).toBe("/files/sessions/s1/eda/a%23b%3F.png");
});

test.each<[string, string, string | null]>([
  ["/files/sessions/s1/eda/a%20b.png", "eda/a b.png", "/files/sessions/s1"],
  ["https://evil.example/files/a.png", "a.png", null],
  ["//evil.example/a.png", "a.png", null],
])("the address %s of %s is below %s", (url, path, expected) => {
  expect(baseOf(url, path)).toBe(expected);
});

import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Sentence } from "./sentence";

test.each<[string, string]>([
  ["no key; set `KEY`", "No key; set <code>KEY</code>."],
  ["`a` and `b` differ", "<code>a</code> and <code>b</code> differ."],
  ["an odd ` stays", "An odd ` stays."],
  ["<b>", "&lt;b&gt;."],
])("%j reads %j", (text, expected) => {
  expect(renderToStaticMarkup(<Sentence text={text} />).replaceAll(/<code[^>]*>/g, "<code>")).toBe(expected);
});

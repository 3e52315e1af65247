import { expect, test } from "vitest";
import { variablesIn } from "./variables";

test.each<[string, string[]]>([
  ["no key; set `ANTHROPIC_API_KEY` or `ANTHROPIC_AUTH_TOKEN`", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"]],
  ["set OPENAI_BASE_URL, then OPENAI_API_KEY; OPENAI_BASE_URL comes first", ["OPENAI_BASE_URL", "OPENAI_API_KEY"]],
  ["the server at HTTP 401 refused the KEY", []],
  ["", []],
])("%j names %j", (text, expected) => {
  expect(variablesIn(text)).toEqual(expected);
});

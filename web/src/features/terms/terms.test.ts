import { expect, test } from "vitest";
import type { Stage } from "@/api/gql/graphql";
import { choiceWords, noTerms, type StartTerms, startTerms, type Terms } from "./terms";

const other = { provider: "openai", model: "gpt", effort: null };
const none = { provider: null, model: null, effort: null };

test.each<[string, Partial<Terms>, Stage, Stage, StartTerms]>([
  ["nothing said", {}, "EDA", "TRAIN", none],
  [
    "a choice and budgets",
    { provider: "anthropic", model: "claude", effort: "HIGH", budgets: { sessionUsd: "2" } },
    "EDA",
    "EDA",
    { provider: "anthropic", model: "claude", effort: "HIGH", budgets: { sessionUsd: 2 } },
  ],
  ["approval asks before later stages", { approval: true }, "EDA", "TRAIN", { ...none, approval: true }],
  ["approval where there is no later stage", { approval: true }, "TRAIN", "TRAIN", none],
  [
    "a choice for a later stage",
    { perStage: { PREP: other, TRAIN: other } },
    "EDA",
    "PREP",
    { ...none, choices: [{ stage: "PREP", ...other }] },
  ],
  ["a choice for a stage that is over", { perStage: { EDA: other } }, "PREP", "TRAIN", none],
])("%s", (_name, terms, stage, through, expected) => {
  expect(startTerms({ ...noTerms, ...terms }, stage, through)).toEqual(expected);
});

test.each<[string, string]>([
  [choiceWords("autopilot", "autopilot", null), "autopilot"],
  [choiceWords("anthropic", "claude", "HIGH"), "anthropic · claude · high effort"],
  [choiceWords("openai", null, null), "openai"],
  [choiceWords("replay", "6bcb9643bfccbfb59b3742cb3585917d", null), "replay · 6bcb9643"],
])("%s reads %s", (shown, expected) => {
  expect(shown).toBe(expected);
});

import { expect, test } from "vitest";
import type { Budgets } from "@/stream/view";
import { type BudgetDraft, budgetSentence, changedBudgets, draftOf, readBudgets } from "./budgets";

test.each<[string, number | null, number, string]>([
  ["turns", 24, 30, "Near the limit: 24 turns of the stage's 30 turns"],
  ["session_usd", 4.05, 5, "Near the limit: $4.05 of the session's $5.00"],
  ["stage_seconds", 2880, 3600, "Near the limit: 48 m 00 s of the stage's 1 h 00 m"],
  ["session_sandbox_seconds", 80, 100, "Near the limit: 1 m 20 s of the session's 1 m 40 s of sandbox time"],
  ["stage_tokens", null, 200_000, "Used up: the stage's 200K tokens"],
  ["stage_moons", 4, 5, "Near the limit: 4 of 5 of stage moons"],
])("%s, %s of %s", (name, used, limit, expected) => {
  expect(budgetSentence(name, used, limit)).toBe(expected);
});

test.each<[BudgetDraft, ReturnType<typeof readBudgets>]>([
  [{}, { input: null, problems: {} }],
  [
    { sessionUsd: " ", turns: "" },
    { input: null, problems: {} },
  ],
  [{ sessionUsd: "2.5" }, { input: { sessionUsd: 2.5 }, problems: {} }],
  [{ sessionUsd: "2,5" }, { input: { sessionUsd: 2.5 }, problems: {} }],
  [{ sessionUsd: "0" }, { input: { sessionUsd: 0 }, problems: {} }],
  [{ stageSeconds: "1.5" }, { input: { stageSeconds: 90 }, problems: {} }],
  [{ turns: "0" }, { input: null, problems: { turns: "More than 0, please." } }],
  [{ turns: "2.5" }, { input: null, problems: { turns: "A whole number, please." } }],
  [
    { stageTokens: "many", stageUsd: "-1" },
    {
      input: null,
      problems: {
        stageTokens: "A number, please; 0 means no limit.",
        stageUsd: "A number, please; 0 means no limit.",
      },
    },
  ],
])("what is typed, %j", (draft, expected) => {
  expect(readBudgets(draft)).toEqual(expected);
});

const held: Budgets = {
  executionSeconds: 600,
  questionSeconds: 86_400,
  memoryMib: 4096,
  turns: 30,
  stageSeconds: 3600,
  stageTokens: null,
  stageUsd: null,
  stageSandboxSeconds: null,
  sessionTurns: null,
  sessionSeconds: null,
  sessionTokens: 1_000_000,
  sessionUsd: 5,
  sessionSandboxSeconds: null,
};

test("the budgets of a run read as they would have been typed", () => {
  expect(draftOf(held)).toMatchObject({ turns: "30", stageSeconds: "60", stageUsd: "", sessionUsd: "5" });
  expect(draftOf({ ...held, questionSeconds: 0 })).toMatchObject({ questionSeconds: "0" });
});

test.each<[string, BudgetDraft, ReturnType<typeof changedBudgets>]>([
  ["nothing", {}, { input: null, problems: {} }],
  ["one", { sessionUsd: "10" }, { input: { sessionUsd: 10 }, problems: {} }],
  ["one to no limit", { sessionUsd: " " }, { input: { sessionUsd: 0 }, problems: {} }],
  ["one that had no limit", { stageUsd: "2" }, { input: { stageUsd: 2 }, problems: {} }],
  ["one that must have a limit", { turns: "" }, { input: null, problems: { turns: "More than 0, please." } }],
  ["how long a question waits", { questionSeconds: "0" }, { input: { questionSeconds: 0 }, problems: {} }],
  ["how long a question waits, emptied", { questionSeconds: "" }, { input: null, problems: {} }],
])("a change of %s says nothing of the rest", (_name, change, expected) => {
  expect(changedBudgets(held, { ...draftOf(held), ...change })).toEqual(expected);
});

import { expect, test } from "vitest";
import { budgets } from "@/features/terms/budgets";
import { noSpend, type Spend } from "@/stream/spend";
import type { Budgets } from "@/stream/view";
import { costWords, type Figure, figureOf, tightest } from "./spend";

const held: Budgets = {
  executionSeconds: 600,
  questionSeconds: 86_400,
  memoryMib: 4096,
  turns: 30,
  stageSeconds: 3600,
  stageTokens: null,
  stageUsd: null,
  stageSandboxSeconds: 100,
  sessionTurns: 100,
  sessionSeconds: null,
  sessionTokens: 1_000_000,
  sessionUsd: 5,
  sessionSandboxSeconds: null,
};
const spent = (part: Partial<Spend>): Spend => ({ ...noSpend, ...part });
const now = Date.parse("2026-11-23T10:30:00Z");

test.each<[string, Partial<Spend>, Partial<Figure>]>([
  ["session_usd", { turns: 1, costUsd: 3.99 }, { spent: "$3.99", limit: "$5.00", pressure: "fine" }],
  ["session_usd", { turns: 1, costUsd: 4 }, { share: 0.8, pressure: "near" }],
  ["session_usd", { turns: 1, costUsd: 5.2 }, { pressure: "over" }],
  ["stage_usd", { turns: 1, costUsd: 400 }, { limit: null, share: null, pressure: "fine" }],
  ["session_tokens", { inputTokens: 1000, cacheReadTokens: 500 }, { spent: "1.5K tokens", limit: "1M tokens" }],
  ["session_tokens", { inputTokens: 1000, estimated: true }, { spent: "about 1K tokens" }],
  ["turns", { turns: 24 }, { spent: "24 turns", limit: "30 turns", pressure: "near" }],
  [
    "stage_seconds",
    { clockMs: 60_000, since: "2026-11-23T10:00:00Z" },
    { spent: "31 m 00 s", limit: "1 h 00 m", pressure: "fine" },
  ],
  [
    "stage_sandbox_seconds",
    { sandboxMs: 10_000, executing: [{ callId: "c1", since: "2026-11-23T10:29:00Z" }] },
    { spent: "1 m 10 s", pressure: "fine" },
  ],
  ["stage_sandbox_seconds", { sandboxMs: 99_000 }, { spent: "1 m 39 s", limit: "1 m 40 s", pressure: "near" }],
])("%s of %j", (name, part, expected) => {
  const budget = budgets.find((one) => one.name === name);
  if (!budget) throw new Error(name);
  expect(figureOf(budget, spent(part), held, now)).toMatchObject(expected);
});

test("the budget that ends first is the one to show", () => {
  const run = spent({ turns: 10 });
  expect(tightest("turns", run, spent({ turns: 12 }), held, now)).toMatchObject({ limit: "30 turns" });
  expect(tightest("turns", run, spent({ turns: 90 }), held, now)).toMatchObject({ limit: "100 turns" });
  expect(tightest("usd", run, spent({ turns: 1, costUsd: 1 }), null, now)).toMatchObject({
    spent: "$1.00",
    limit: null,
  });
  expect(tightest("sandbox", spent({ sandboxMs: 2000 }), spent({ sandboxMs: 9000 }), null, now).spent).toBe("2 s");
});

test.each<[Partial<Spend>, string, string | null]>([
  [{}, "$0", null],
  [{ turns: 2, costUsd: 0.5 }, "$0.50", null],
  [{ turns: 2, costUsd: 0.5, estimated: true }, "about $0.50", null],
  [{ turns: 2, unpricedTurns: 2 }, "price unknown", null],
  [{ turns: 3, unpricedTurns: 1, costUsd: 0.5 }, "$0.50", "price of 1 turn unknown"],
])("a cost of %j reads %s, %s", (part, expected, note) => {
  expect(costWords(spent(part))).toEqual({ spent: expected, note });
});

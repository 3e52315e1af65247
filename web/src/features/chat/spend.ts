/** What was spent beside what may be: the figures of the meter. Pure, so that it is tested as data. */
import { type Budget, budgets, formatAmount } from "@/features/terms/budgets";
import { elapsedMs, executedMs, type Spend, tokensOf } from "@/stream/spend";
import type { Budgets } from "@/stream/view";

/** `near` from 80 % on, `over` at the limit. */
export type Pressure = "fine" | "near" | "over";

export interface Figure {
  unit: Budget["unit"];
  spent: string;
  /** What the figure leaves out. */
  note: string | null;
  /** Null for no limit. */
  limit: string | null;
  /** Of the limit, from 0; null for no limit. */
  share: number | null;
  pressure: Pressure;
}

const NEAR = 0.8;

export function pressureOf(share: number | null): Pressure {
  if (share === null || share < NEAR) return "fine";
  return share < 1 ? "near" : "over";
}

export function amountOf(unit: Budget["unit"], spend: Spend, now: number): number {
  switch (unit) {
    case "usd":
      return spend.costUsd;
    case "tokens":
      return tokensOf(spend);
    case "turns":
      return spend.turns;
    case "seconds":
      return elapsedMs(spend, now) / 1000;
    case "sandbox":
      return executedMs(spend, now) / 1000;
  }
}

/** The cost in words: what is not known is said, never left out. */
export function costWords({ costUsd, unpricedTurns, estimated }: Spend): { spent: string; note: string | null } {
  if (unpricedTurns > 0 && costUsd === 0) return { spent: "price unknown", note: null };
  const money = formatAmount("usd", costUsd);
  return {
    spent: estimated && costUsd > 0 ? `about ${money}` : money,
    note: unpricedTurns > 0 ? `price of ${formatAmount("turns", unpricedTurns)} unknown` : null,
  };
}

export function figureOf({ field, unit }: Budget, spend: Spend, held: Budgets | null, now: number): Figure {
  const limit = held?.[field] || null;
  const amount = amountOf(unit, spend, now);
  const share = limit === null ? null : amount / limit;
  const bare = unit === "sandbox" ? "seconds" : unit;
  const about = unit === "tokens" && spend.estimated ? "about " : "";
  const words = unit === "usd" ? costWords(spend) : { spent: `${about}${formatAmount(bare, amount)}`, note: null };
  return {
    unit,
    ...words,
    limit: limit === null ? null : formatAmount(bare, limit),
    share,
    pressure: pressureOf(share),
  };
}

/** Of the stage's budget and the session's, the one that ends first. */
export function tightest(unit: Budget["unit"], run: Spend, session: Spend, held: Budgets | null, now: number): Figure {
  const [first, second] = budgets
    .filter((budget) => budget.unit === unit)
    .map((budget) => figureOf(budget, budget.scope === "stage" ? run : session, held, now));
  if (!first || !second) throw new Error(`no budgets in ${unit}`);
  // Time in the sandbox stands beside the stage's time; of the rest the session's is shown where neither has a limit.
  if (unit === "sandbox" && first.share === null) return second;
  return (second.share ?? -1) > (first.share ?? -1) ? second : first;
}

/** Budgets in words and as fields: which there are, how an amount of each reads, and how what is typed becomes one. */
import type { BudgetsInput } from "@/api/gql/graphql";
import { formatCompact, formatDuration, formatMoney, plural } from "@/lib/format";
import type { Budgets } from "@/stream/view";

type Unit = "usd" | "turns" | "seconds" | "sandbox" | "tokens";
type Scope = "stage" | "session";

/** How long a question waits: set beside the budgets, and in their unit of time, but nothing that is spent. */
export const WAIT = "questionSeconds";

export interface Budget {
  /** As events name it. */
  name: string;
  field: Exclude<keyof BudgetsInput, "executionSeconds" | "memoryMib" | typeof WAIT>;
  scope: Scope;
  unit: Unit;
}

export const budgets: readonly Budget[] = [
  { name: "session_usd", field: "sessionUsd", scope: "session", unit: "usd" },
  { name: "session_tokens", field: "sessionTokens", scope: "session", unit: "tokens" },
  { name: "session_turns", field: "sessionTurns", scope: "session", unit: "turns" },
  { name: "session_seconds", field: "sessionSeconds", scope: "session", unit: "seconds" },
  { name: "session_sandbox_seconds", field: "sessionSandboxSeconds", scope: "session", unit: "sandbox" },
  { name: "stage_usd", field: "stageUsd", scope: "stage", unit: "usd" },
  { name: "stage_tokens", field: "stageTokens", scope: "stage", unit: "tokens" },
  { name: "turns", field: "turns", scope: "stage", unit: "turns" },
  { name: "stage_seconds", field: "stageSeconds", scope: "stage", unit: "seconds" },
  { name: "stage_sandbox_seconds", field: "stageSandboxSeconds", scope: "stage", unit: "sandbox" },
];

export type BudgetField = Budget["field"] | typeof WAIT;

/** Everything that can be typed, with its unit. */
const fields: readonly { field: BudgetField; unit: Unit }[] = [...budgets, { field: WAIT, unit: "seconds" }];

/** What each unit is called where its budget is set, and what one step of it is in the API's own unit. */
export const units: Record<Unit, { label: string; suffix: string; scale: number; whole: boolean }> = {
  usd: { label: "Cost", suffix: "USD", scale: 1, whole: false },
  turns: { label: "Turns", suffix: "turns", scale: 1, whole: true },
  seconds: { label: "Time", suffix: "minutes", scale: 60, whole: false },
  sandbox: { label: "Sandbox time", suffix: "seconds", scale: 1, whole: true },
  tokens: { label: "Tokens", suffix: "tokens", scale: 1, whole: true },
};

/** Every stage run has these two, so no limit is no choice. */
export const needed: ReadonlySet<BudgetField> = new Set<BudgetField>(["turns", "stageSeconds"]);

/** What an empty field stands for where a run is started. */
export function defaultWord({ field }: Budget): string {
  if (field === "sessionUsd") return "5";
  if (field === "turns") return "30";
  if (field === "stageSeconds") return "60";
  return "no limit";
}

export function formatAmount(unit: Unit, value: number): string {
  switch (unit) {
    case "usd":
      return formatMoney(value);
    case "turns":
      return plural(value, "turn");
    case "seconds":
      return formatDuration(value * 1000);
    case "sandbox":
      return `${formatDuration(value * 1000)} of sandbox time`;
    case "tokens":
      return `${formatCompact(value)} tokens`;
  }
}

/** An event's budget as a sentence: near its end with what is `used` of it, or used up. */
export function budgetSentence(name: string, used: number | null, limit: number): string {
  const budget = budgets.find((one) => one.name === name);
  const whole = budget
    ? `the ${budget.scope}'s ${formatAmount(budget.unit, limit)}`
    : `${limit} of ${name.replaceAll("_", " ")}`;
  if (used === null) return `Used up: ${whole}`;
  const part = budget ? formatAmount(budget.unit === "sandbox" ? "seconds" : budget.unit, used) : String(used);
  return `Near the limit: ${part} of ${whole}`;
}

/** What is typed, by field; what is absent or empty is left at its default. */
export type BudgetDraft = Partial<Record<BudgetField, string>>;

/** The budgets of a run as they would have been typed; no limit is an empty field. */
export function draftOf(held: Budgets): BudgetDraft {
  return Object.fromEntries(
    fields.map(({ field, unit }) => {
      const limit = held[field];
      return [field, limit || field === WAIT ? String((limit ?? 0) / units[unit].scale) : ""];
    }),
  );
}

export interface ReadBudgets {
  /** Null when nothing is said: every field stands for its default, or as it was. */
  input: BudgetsInput | null;
  problems: Partial<Record<BudgetField, string>>;
}

export function readBudgets(draft: BudgetDraft): ReadBudgets {
  const input: BudgetsInput = {};
  const problems: ReadBudgets["problems"] = {};
  for (const { field, unit } of fields) {
    const typed = (draft[field] ?? "").trim().replace(",", ".");
    if (typed === "") continue;
    const value = Number(typed);
    const { whole, scale } = units[unit];
    if (!Number.isFinite(value) || value < 0)
      problems[field] = field === WAIT ? "A number, please." : "A number, please; 0 means no limit.";
    else if (whole && !Number.isInteger(value)) problems[field] = "A whole number, please.";
    else if (value === 0 && needed.has(field)) problems[field] = "More than 0, please.";
    else input[field] = unit === "usd" ? value : Math.round(value * scale);
  }
  return { input: Object.keys(input).length > 0 ? input : null, problems };
}

/** What `draft` changes of a run's budgets. A field that was emptied is no limit; what is absent stays as it was. */
export function changedBudgets(held: Budgets, draft: BudgetDraft): ReadBudgets {
  const before = draftOf(held);
  const changed = fields.flatMap(({ field }) => {
    const typed = (draft[field] ?? "").trim();
    return typed === before[field] ? [] : [[field, typed || (field === WAIT ? "" : "0")]];
  });
  return readBudgets(Object.fromEntries(changed));
}

/** A limit that leaves room again: twice what it was. */
export function raised(budget: Budget, limit: number): string {
  return String((limit * 2) / units[budget.unit].scale);
}

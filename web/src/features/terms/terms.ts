/** What a stage is started with: provider, model, effort, budgets, and whether later stages ask first. Plain data. */
import type { Effort, Stage, StartStageInput } from "@/api/gql/graphql";
import { stages } from "../words";
import { type BudgetDraft, readBudgets } from "./budgets";

/** Each null for what the session or else the server takes by itself. */
export interface Choice {
  provider: string | null;
  model: string | null;
  effort: Effort | null;
}

export interface Terms extends Choice {
  /** Ask before each later stage. */
  approval: boolean;
  /** What later stages run with, where it is something else. */
  perStage: Partial<Record<Stage, Choice>>;
  budgets: BudgetDraft;
}

export const noChoice: Choice = { provider: null, model: null, effort: null };
export const noTerms: Terms = { ...noChoice, approval: false, perStage: {}, budgets: {} };

/** The provider that plays transcripts: its models are their names. */
export const REPLAY = "replay";

export const efforts: readonly { value: Effort; label: string }[] = [
  { value: "NONE", label: "none" },
  { value: "LOW", label: "low" },
  { value: "MEDIUM", label: "medium" },
  { value: "HIGH", label: "high" },
  { value: "MAX", label: "max" },
];

export type StartTerms = Pick<StartStageInput, "provider" | "model" | "effort" | "approval" | "choices" | "budgets">;

/** The part of `startStage`'s input that says how to run `stage` and what follows it up to `through`. */
export function startTerms(terms: Terms, stage: Stage, through: Stage): StartTerms {
  const later = stages.slice(stages.indexOf(stage) + 1, stages.indexOf(through) + 1);
  const choices = later.flatMap((one) => {
    const choice = terms.perStage[one];
    return choice ? [{ stage: one, ...choice }] : [];
  });
  const { provider, model, effort } = terms;
  const input: StartTerms = { provider, model, effort };
  if (later.length > 0 && terms.approval) input.approval = true;
  if (choices.length > 0) input.choices = choices;
  const { input: budgets } = readBudgets(terms.budgets);
  if (budgets) input.budgets = budgets;
  return input;
}

export function hasProblems(terms: Terms): boolean {
  return Object.keys(readBudgets(terms.budgets).problems).length > 0;
}

/** A model as people read it: of a transcript that is named by its hash, the beginning tells it from others. */
export function modelName(id: string): string {
  return /^[0-9a-f]{32,}$/.test(id) ? id.slice(0, 8) : id;
}

/** A choice in a few words: `anthropic · claude-sonnet · high`; a model that is called like its provider stands once. */
export function choiceWords(provider: string, model: string | null, effort: Effort | null): string {
  return [provider, model !== provider && model && modelName(model), effort && `${effort.toLowerCase()} effort`]
    .filter(Boolean)
    .join(" · ");
}

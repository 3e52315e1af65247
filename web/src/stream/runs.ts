/** The part of the fold that is about runs: how they begin, wait, go on and end, and what they spend. */
import { type Draft, place } from "./draft";
import type { EventOf } from "./events";
import { noSpend, type Spend, withClock, withoutClock } from "./spend";
import type { Item } from "./view";

export function startRun(draft: Draft, event: EventOf<"StageRunStartedEvent">) {
  if (event.stageRunId) draft.map("runs").set(event.stageRunId, event.stage);
  const { view } = draft;
  view.plan = [];
  view.stateSeq = view.seq;
  view.budgets = event.budgets;
  view.run = event.stageRunId;
  view.runSpend = noSpend;
  spend(draft, (before) => withClock(before, event.at));
  const { stage, through, provider, model, effort, approval } = event;
  draft.push({ ...place(draft, event), kind: "stage-start", stage, through, provider, model, effort, approval });
}

export function resumeRun(draft: Draft, event: EventOf<"StageRunResumedEvent">) {
  const { view } = draft;
  if (event.stageRunId) draft.map("runs").set(event.stageRunId, event.stage);
  // A run that goes on keeps its plan and what it spent; a resume that is a run of its own starts both anew.
  if (view.run !== event.stageRunId) view.runSpend = noSpend;
  view.run = event.stageRunId;
  view.stateSeq = view.seq;
  view.budgets = event.budgets;
  spend(draft, (before) => withClock(before, event.at));
  const { stage, provider, model } = event;
  draft.push({ ...place(draft, event), kind: "stage-resume", stage, provider, model });
}

export function endRun(draft: Draft, event: EventOf<"StageRunEndedEvent">) {
  const { view } = draft;
  const budget = exceeded(view.items, event.stageRunId);
  leave(draft, event.stageRunId);
  spend(draft, (before) => withoutClock(before, event.at));
  const { stage, outcome, summary, error } = event;
  draft.push({ ...place(draft, event), kind: "stage-end", stage, outcome, summary, error, budget });
}

/** What every end of a run means: nothing more arrives of it, and what it left unfinished was interrupted. */
function leave(draft: Draft, run: string | null) {
  const { view } = draft;
  view.provisional = null;
  view.stateSeq = view.seq;
  view.filesSeq = view.seq;
  view.items.forEach((item, at) => {
    if (item.run !== run) return;
    if (item.kind === "tool" && item.state === "running") draft.items()[at] = { ...item, state: "interrupted" };
    if (item.kind === "question" && item.state === "open") draft.items()[at] = { ...item, state: "dropped" };
  });
}

/** The budget that `run` used up since it last began, if one. */
function exceeded(items: readonly Item[], run: string | null): { budget: string; limit: number } | null {
  for (let at = items.length - 1; at >= 0; at -= 1) {
    const item = items[at];
    if (item?.run !== run) continue;
    if (item.kind === "stage-start" || item.kind === "stage-resume") return null;
    if (item.kind === "budget" && item.used === null) return { budget: item.budget, limit: item.limit };
  }
  return null;
}

export function applyFollowUp(draft: Draft, event: EventOf<"FollowUpStartedEvent" | "FollowUpEndedEvent">) {
  const { view } = draft;
  if (event.__typename === "FollowUpStartedEvent") {
    const { provider, model } = event;
    view.stateSeq = view.seq;
    view.answering = true;
    view.spend = withClock(view.spend, event.at);
    return draft.push({ ...place(draft, event), kind: "follow-up", provider, model, state: "RUNNING", error: null });
  }
  leave(draft, event.stageRunId);
  view.answering = false;
  view.spend = withoutClock(view.spend, event.at);
  const at = view.items.findLastIndex((item) => item.kind === "follow-up");
  const item = view.items[at];
  if (item?.kind === "follow-up") draft.items()[at] = { ...item, state: event.outcome, error: event.error };
}

/** Puts a question that was just pushed before the answer that it began: the log has them the other way round. */
export function asBegun(draft: Draft) {
  const items = draft.items();
  const [answer, question] = items.slice(-2);
  if (answer?.kind === "follow-up" && answer.state === "RUNNING" && question) items.splice(-2, 2, question, answer);
}

export function applyApproval(draft: Draft, event: EventOf<"ApprovalAskedEvent" | "ApprovalAnsweredEvent">) {
  const { view } = draft;
  view.stateSeq = view.seq;
  if (event.__typename === "ApprovalAskedEvent") {
    const { stage, through } = event;
    return draft.push({ ...place(draft, event), kind: "approval", stage, through, approved: null });
  }
  const at = view.items.findLastIndex((item) => item.kind === "approval" && item.stage === event.stage);
  const item = view.items[at];
  if (item?.kind === "approval") draft.items()[at] = { ...item, approved: event.approved };
}

/** Adds to what the session spent, and to what its stage run did unless a follow-up spends it. */
export function spend({ view }: Draft, add: (before: Spend) => Spend) {
  view.spend = add(view.spend);
  if (!view.answering) view.runSpend = add(view.runSpend);
}

export function markSeen(draft: Draft) {
  const { view } = draft;
  for (let at = view.items.length - 1; at >= 0 && view.unseen > 0; at -= 1) {
    const item = view.items[at];
    if (item?.kind !== "user" || item.seen) continue;
    draft.items()[at] = { ...item, seen: true };
    view.unseen -= 1;
  }
}

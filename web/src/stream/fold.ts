/**
 * Events -> what the session looks like. Pure: the same events give the same view, in batches of any size, and a view
 * once given never changes. Events that were already folded in are passed over, so a replay that overlaps is harmless.
 */
import { baseOf } from "@/api/files";
import type { MetricKind } from "@/api/gql/graphql";
import { extend, type Point, type SeriesName, seriesKey } from "@/features/metrics/series";
import { Draft, place } from "./draft";
import type { EventOf, SessionEvent } from "./events";
import { applyApproval, applyFollowUp, asBegun, endRun, markSeen, resumeRun, spend, startRun } from "./runs";
import { withExecution, withoutExecution, withTurn } from "./spend";
import type { Provisional, SessionView, ToolItem } from "./view";

export function fold(before: SessionView, events: readonly SessionEvent[], caughtUp = false): SessionView {
  const draft = new Draft(before);
  for (const event of events) {
    if (event.seq !== null) {
      if (event.seq <= draft.view.seq) continue;
      draft.view.seq = event.seq;
    }
    apply(draft, event);
  }
  if (caughtUp) draft.view.caughtUp = true;
  return draft.view;
}

function apply(draft: Draft, event: SessionEvent): void {
  const { view } = draft;
  switch (event.__typename) {
    case "StateChangeEvent":
      view.state = event.sessionState;
      view.stateSeq = view.seq;
      return;
    case "StageRunStartedEvent":
      return startRun(draft, event);
    case "StageRunEndedEvent":
      return endRun(draft, event);
    case "StageRunResumedEvent":
      return resumeRun(draft, event);
    case "FollowUpStartedEvent":
    case "FollowUpEndedEvent":
      return applyFollowUp(draft, event);
    case "ApprovalAskedEvent":
    case "ApprovalAnsweredEvent":
      return applyApproval(draft, event);
    case "UserMessageEvent": {
      const { text, interrupt } = event;
      view.unseen += 1;
      draft.push({ ...place(draft, event), kind: "user", text, interrupt, seen: false });
      return asBegun(draft);
    }
    case "AgentMessageEvent":
      view.provisional = null;
      return draft.push({ ...place(draft, event), kind: "agent", text: event.text });
    case "TextDeltaEvent":
      view.provisional = hear(view.provisional, event);
      return;
    case "TurnStartedEvent":
      if (outdated(view.provisional, event)) view.provisional = null;
      // A later attempt of a turn says again what the first one said: it reads nothing new.
      if (event.attempt === 1) markSeen(draft);
      return;
    case "NoticeEvent":
      return draft.push({ ...place(draft, event), kind: "notice", text: event.text, forPeople: event.forPeople });
    case "S3SyncCompleteEvent":
      return draft.push({
        ...place(draft, event),
        kind: "notice",
        text: `Files in ${event.s3Prefix}: ${event.filesSynced}`,
        forPeople: true,
      });
    case "ContextCondensedEvent": {
      const { turns, summarisedTurns } = event;
      return draft.push({ ...place(draft, event), kind: "condensed", turns, summarisedTurns });
    }
    case "AgentErrorEvent":
      view.provisional = null;
      return draft.push({ ...place(draft, event), kind: "error", text: event.message });
    case "BudgetWarningEvent": {
      const { budget, used, limit } = event;
      return draft.push({ ...place(draft, event), kind: "budget", budget, used, limit });
    }
    case "BudgetExceededEvent": {
      const { budget, limit } = event;
      return draft.push({ ...place(draft, event), kind: "budget", budget, used: null, limit });
    }
    case "BudgetsSetEvent":
      view.budgets = event.budgets;
      view.stateSeq = view.seq;
      return;
    case "ToolStartEvent":
    case "ToolEndEvent":
    case "ExecutionStartedEvent":
    case "ExecutionWaitingEvent":
    case "ExecutionPlacedEvent":
    case "ExecutionEndedEvent":
    case "CodeOutputEvent":
    case "FilesRefusedEvent":
      return applyTool(draft, event);
    case "QuestionAskedEvent":
      view.stateSeq = view.seq;
      return draft.push({
        ...place(draft, event),
        kind: "question",
        callId: event.callId,
        question: event.question,
        options: event.options,
        default: event.default,
        deadline: event.deadline,
        state: "open",
        answer: null,
      });
    case "QuestionAnsweredEvent":
      return answer(draft, event);
    case "FileCreatedEvent":
    case "FileChangedEvent":
      view.filesSeq = view.seq;
      view.filesBase ??= baseOf(event.file.url, event.file.path);
      if (event.by) draft.tool(event.by, (item) => withFile(item, event.file.path));
      return;
    case "FilesReadyEvent": {
      const [file] = event.files;
      view.filesSeq = view.seq;
      if (file) view.filesBase ??= baseOf(file.url, file.path);
      return;
    }
    case "ReportReadyEvent":
      view.reports = {
        ...view.reports,
        [event.stage]: { run: event.stageRunId, path: event.path, content: event.content },
      };
      return;
    case "MetricsBatchEvent":
      return measure(draft, event);
    case "ChartConfigEvent":
      draft.map("charts").set(event.stageRunId ?? "", event.charts);
      return;
    case "PlanUpdatedEvent":
      view.plan = event.steps;
      return;
    case "UsageRecordedEvent":
      spend(draft, (before) => withTurn(before, event));
      return;
    case "ValidationResultEvent":
      return draft.push({
        ...place(draft, event),
        kind: "validation",
        stage: event.stage,
        passed: event.passed,
        warnings: event.warnings,
        errors: event.errors,
      });
    case "SessionCreatedEvent":
    case "TurnEndedEvent":
    case "LogRecordEvent":
    case "DatasetDescribedEvent":
    case "DatasetProcessedEvent":
      return;
    default: {
      // A newer server may speak of more than this client knows; a type left out above fails to compile here.
      const unknown: never = event;
      return unknown;
    }
  }
}

type ToolEvent = EventOf<
  | "ToolStartEvent"
  | "ToolEndEvent"
  | "ExecutionStartedEvent"
  | "ExecutionWaitingEvent"
  | "ExecutionPlacedEvent"
  | "ExecutionEndedEvent"
  | "CodeOutputEvent"
  | "FilesRefusedEvent"
>;

function applyTool(draft: Draft, event: ToolEvent) {
  switch (event.__typename) {
    case "ToolStartEvent":
      return draft.push({
        ...place(draft, event),
        kind: "tool",
        callId: event.callId,
        tool: event.tool,
        input: event.input,
        state: "running",
        output: [],
        answer: null,
        durationMs: null,
        execution: null,
        files: [],
        refused: { files: [], more: 0 },
      });
    case "ToolEndEvent":
      return draft.tool(event.callId, (item) => ({
        ...item,
        state: event.isError ? (stopped(item) ? "interrupted" : "error") : "ok",
        answer: event.output,
        durationMs: event.durationMs,
      }));
    case "ExecutionStartedEvent":
      spend(draft, (before) => withExecution(before, event.callId, event.at));
      return draft.tool(event.callId, (item) => ({
        ...item,
        execution: { script: event.script, ahead: null, end: null },
      }));
    // A wait for a place costs nothing of what executions may take.
    case "ExecutionWaitingEvent":
      spend(draft, (before) => withoutExecution(before, event.callId));
      return draft.tool(event.callId, (item) => withPlace(item, event.ahead));
    case "ExecutionPlacedEvent":
      spend(draft, (before) => withExecution(before, event.callId, event.at));
      return draft.tool(event.callId, (item) => withPlace(item, null));
    case "ExecutionEndedEvent": {
      const { how, said, durationMs, cpuSeconds, peakMemory, droppedOutput } = event;
      spend(draft, (before) => withoutExecution(before, event.callId, durationMs, cpuSeconds));
      const end = { how, said, durationMs, cpuSeconds, peakMemory, droppedOutput };
      return draft.tool(event.callId, (item) => ({
        ...item,
        execution: { script: item.execution?.script ?? "", ahead: null, end },
      }));
    }
    case "FilesRefusedEvent":
      return draft.tool(event.callId, (item) => ({
        ...item,
        refused: {
          files: [...item.refused.files, ...event.refused],
          more: item.refused.more + event.more,
        },
      }));
    case "CodeOutputEvent":
      return draft.tool(event.callId, (item) => withOutput(item, event));
  }
}

/** Whether its script was stopped from outside, which is no failure of its own. */
function stopped({ execution }: ToolItem): boolean {
  return execution?.end?.how === "TERMINATED" || execution?.end?.how === "INTERRUPTED";
}

function withPlace(item: ToolItem, ahead: number | null): ToolItem {
  return item.execution ? { ...item, execution: { ...item.execution, ahead } } : item;
}

function withOutput(item: ToolItem, { stream, text }: EventOf<"CodeOutputEvent">): ToolItem {
  const last = item.output.at(-1);
  if (last?.stream !== stream) return { ...item, output: [...item.output, { stream, text }] };
  return { ...item, output: [...item.output.slice(0, -1), { stream, text: last.text + text }] };
}

function withFile(item: ToolItem, path: string): ToolItem {
  return item.files.includes(path) ? item : { ...item, files: [...item.files, path] };
}

function answer(draft: Draft, event: EventOf<"QuestionAnsweredEvent">) {
  draft.view.stateSeq = draft.view.seq;
  const at = draft.view.items.findLastIndex((item) => item.kind === "question" && item.callId === event.callId);
  const item = draft.view.items[at];
  if (item?.kind !== "question") return;
  // The log does not say who answered: what is the default, and came when time was up, came from nobody.
  const late = item.deadline !== null && event.at !== null && Date.parse(event.at) >= Date.parse(item.deadline);
  const state = late && event.answer === item.default ? "expired" : "answered";
  draft.items()[at] = { ...item, state, answer: event.answer };
}

/** Whether `current` is text of an earlier attempt, turn or run than `next` speaks of. */
function outdated(current: Provisional | null, next: EventOf<"TurnStartedEvent" | "TextDeltaEvent">): boolean {
  if (!current) return false;
  if (current.run !== next.stageRunId || current.turn < next.turn) return true;
  return current.turn === next.turn && current.attempt < next.attempt;
}

function hear(current: Provisional | null, event: EventOf<"TextDeltaEvent">): Provisional {
  const { turn, attempt, offset, text } = event;
  const characters = [...text];
  const end = offset + characters.length;
  if (!current || outdated(current, event)) {
    // A reader who comes in the middle of a turn is told that something stood before.
    return { run: event.stageRunId, turn, attempt, text: offset > 0 ? `… ${text}` : text, end };
  }
  if (turn < current.turn || attempt < current.attempt || end <= current.end) return current;
  if (offset > current.end) return { ...current, text: `${current.text} … ${text}`, end };
  return { ...current, text: current.text + characters.slice(current.end - offset).join(""), end };
}

const odd: Record<MetricKind, Point["odd"]> = {
  FINITE: undefined,
  NAN: "NaN",
  INFINITY: "∞",
  NEGATIVE_INFINITY: "−∞",
};

function measure(draft: Draft, event: EventOf<"MetricsBatchEvent">) {
  const at = event.at ? Date.parse(event.at) : 0;
  const stageRun = event.stageRunId ?? "";
  const batch = new Map<string, { owner: SeriesName; points: Point[] }>();
  for (const { step, name, value, kind, run } of event.items) {
    const key = seriesKey(stageRun, run ?? "", name);
    const known = batch.get(key) ?? { owner: { stageRun, run: run ?? "", name }, points: [] };
    known.points.push({ step, at, value, odd: odd[kind] });
    batch.set(key, known);
  }
  const series = draft.map("series");
  for (const [key, { owner, points }] of batch) {
    const grown = extend(series.get(key), owner, points);
    if (grown) series.set(key, grown);
  }
}

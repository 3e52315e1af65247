/** What a session looks like after the events so far. Plain data: `fold.ts` makes it, components read it. */
import type { ExecutionEndingKind, OutputStream, SessionState, Stage, StageRunState } from "@/api/gql/graphql";
import type { Series } from "@/features/metrics/series";
import type { EventOf } from "./events";

export interface OutputPiece {
  stream: OutputStream;
  text: string;
}

export type ToolState = "running" | "ok" | "error" | "interrupted";

export interface Execution {
  script: string;
  how: ExecutionEndingKind | null;
  code: number | null;
  peakMemory: number | null;
  droppedOutput: number;
}

export interface Placed {
  key: string;
  at: string | null;
  run: string | null;
  /** The stage of that run. */
  stage: Stage | null;
}

export type UserItem = Placed & { kind: "user"; text: string };
export type AgentItem = Placed & { kind: "agent"; text: string };
export type NoticeItem = Placed & { kind: "notice"; text: string };
export type ErrorItem = Placed & { kind: "error"; text: string };
export type StageStartItem = Omit<Placed, "stage"> & {
  kind: "stage-start";
  stage: Stage;
  through: Stage;
  provider: string;
  model: string;
};
export type StageEndItem = Omit<Placed, "stage"> & {
  kind: "stage-end";
  stage: Stage;
  outcome: StageRunState;
  summary: string | null;
  error: string | null;
};
export type QuestionItem = Placed & {
  kind: "question";
  callId: string;
  question: string;
  options: string[];
  answer: string | null;
};
export type ValidationItem = Omit<Placed, "stage"> & {
  kind: "validation";
  stage: Stage;
  passed: string[];
  warnings: string[];
  errors: string[];
};
export type ToolItem = Placed & {
  kind: "tool";
  callId: string;
  tool: string;
  input: unknown;
  state: ToolState;
  output: OutputPiece[];
  /** What the tool answered the agent, once it has. */
  answer: string | null;
  durationMs: number | null;
  execution: Execution | null;
  files: string[];
};

export type Item =
  | UserItem
  | AgentItem
  | NoticeItem
  | ErrorItem
  | StageStartItem
  | StageEndItem
  | QuestionItem
  | ValidationItem
  | ToolItem;

/** The text of a turn that is still arriving. */
export interface Provisional {
  run: string | null;
  turn: number;
  attempt: number;
  text: string;
  /** Characters of the attempt up to the end of `text`, as the server counts them. */
  end: number;
}

export interface StageReport {
  run: string | null;
  path: string;
  content: string;
}

export interface UsageTotals {
  inputTokens: number;
  outputTokens: number;
  cachedTokens: number;
  turns: number;
  /** Null until a priced turn was recorded. */
  costUsd: number | null;
}

export interface SessionView {
  /** The last sequence folded in; a reconnect asks for what came after it. */
  seq: number;
  caughtUp: boolean;
  state: SessionState | null;
  items: readonly Item[];
  provisional: Provisional | null;
  plan: EventOf<"PlanUpdatedEvent">["steps"];
  reports: Readonly<Partial<Record<Stage, StageReport>>>;
  series: ReadonlyMap<string, Series>;
  /** Charts by the stage run that asked for them. */
  charts: ReadonlyMap<string, EventOf<"ChartConfigEvent">["charts"]>;
  usage: UsageTotals;
  /** Which stage a stage run runs. */
  runs: ReadonlyMap<string, Stage>;
  /** Where the session's files are served, once one of them was told. */
  filesBase: string | null;
  /** The sequence of the last event that changed the files. */
  filesSeq: number;
  /** The sequence of the last event that changed what the session allows. */
  stateSeq: number;
}

export const emptyView: SessionView = {
  seq: 0,
  caughtUp: false,
  state: null,
  items: [],
  provisional: null,
  plan: [],
  reports: {},
  series: new Map(),
  charts: new Map(),
  usage: { inputTokens: 0, outputTokens: 0, cachedTokens: 0, turns: 0, costUsd: null },
  runs: new Map(),
  filesBase: null,
  filesSeq: 0,
  stateSeq: 0,
};

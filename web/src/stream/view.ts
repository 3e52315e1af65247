/** What a session looks like after the events so far. Plain data: `fold.ts` makes it, components read it. */
import type { Effort, ExecutionEndingKind, OutputStream, SessionState, Stage, StageRunState } from "@/api/gql/graphql";
import type { Series } from "@/features/metrics/series";
import type { EventOf } from "./events";
import { noSpend, type Spend } from "./spend";

export interface OutputPiece {
  stream: OutputStream;
  text: string;
}

export type ToolState = "running" | "ok" | "error" | "interrupted";

export interface Execution {
  script: string;
  /** While it waits for a place: how many that wait too come before it. */
  ahead: number | null;
  end: ExecutionEnd | null;
}

export interface ExecutionEnd {
  how: ExecutionEndingKind;
  /** How it ended, in the server's words: what follows "the script". */
  said: string;
  durationMs: number;
  /** Of all its processes together. */
  cpuSeconds: number;
  /** Bytes; null where the machine cannot tell. */
  peakMemory: number | null;
  droppedOutput: number;
}

/** Entries that a script left and that are not kept as files. */
export interface Refused {
  files: readonly { path: string; reason: string }[];
  /** How many there are beside these. */
  more: number;
}

export interface Placed {
  key: string;
  at: string | null;
  run: string | null;
  /** The stage of that run. */
  stage: Stage | null;
}

export type UserItem = Placed & {
  kind: "user";
  text: string;
  /** It stopped what was being executed or answered. */
  interrupt: boolean;
  /** A turn began after it, so the agent has read it. */
  seen: boolean;
};
export type AgentItem = Placed & { kind: "agent"; text: string };
export type NoticeItem = Placed & {
  kind: "notice";
  text: string;
  /** Progress for people; otherwise it was said to the model. */
  forPeople: boolean;
};
export type ErrorItem = Placed & { kind: "error"; text: string };
export type StageStartItem = Omit<Placed, "stage"> & {
  kind: "stage-start";
  stage: Stage;
  through: Stage;
  provider: string;
  model: string;
  effort: Effort | null;
  approval: boolean;
};
export type StageResumeItem = Omit<Placed, "stage"> & {
  kind: "stage-resume";
  stage: Stage;
  provider: string;
  model: string;
};
export type StageEndItem = Omit<Placed, "stage"> & {
  kind: "stage-end";
  stage: Stage;
  outcome: StageRunState;
  summary: string | null;
  error: string | null;
  /** The budget that ended it, when one did. */
  budget: { budget: string; limit: number } | null;
};
export type FollowUpItem = Placed & {
  kind: "follow-up";
  provider: string;
  model: string;
  state: StageRunState;
  error: string | null;
};
export type ApprovalItem = Omit<Placed, "stage"> & {
  kind: "approval";
  stage: Stage;
  through: Stage;
  /** Null while nobody has said. */
  approved: boolean | null;
};
/** A budget that is near its end, or at it. */
export type BudgetItem = Placed & {
  kind: "budget";
  budget: string;
  /** Null once all of it is used. */
  used: number | null;
  limit: number;
};
export type CondensedItem = Placed & { kind: "condensed"; turns: number; summarisedTurns: number };

/** How a question stands: `expired` took its default, `dropped` was left behind by the end of its run. */
export type QuestionState = "open" | "answered" | "expired" | "dropped";
export type QuestionItem = Placed & {
  kind: "question";
  callId: string;
  question: string;
  options: string[];
  default: string | null;
  deadline: string | null;
  state: QuestionState;
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
  refused: Refused;
};

export type Item =
  | UserItem
  | AgentItem
  | NoticeItem
  | ErrorItem
  | StageStartItem
  | StageResumeItem
  | StageEndItem
  | FollowUpItem
  | ApprovalItem
  | BudgetItem
  | CondensedItem
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

export type Budgets = EventOf<"BudgetsSetEvent">["budgets"];

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
  spend: Spend;
  /** What the current stage run spent of it. */
  runSpend: Spend;
  /** The stage run that `runSpend` belongs to. */
  run: string | null;
  /** Those of the run at work, or of the last one. */
  budgets: Budgets | null;
  /** A follow-up run is at work. */
  answering: boolean;
  /** The user's messages that no turn has read yet. */
  unseen: number;
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
  spend: noSpend,
  runSpend: noSpend,
  run: null,
  budgets: null,
  answering: false,
  unseen: 0,
  runs: new Map(),
  filesBase: null,
  filesSeq: 0,
  stateSeq: 0,
};

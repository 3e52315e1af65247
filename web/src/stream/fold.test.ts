import { describe, expect, test } from "vitest";
import type { EventOf, SessionEvent } from "./events";
import { fold } from "./fold";
import { type Budgets, emptyView, type SessionView } from "./view";

type Name = SessionEvent["__typename"];
type Row = { [N in Name]: [N, Omit<EventOf<N>, "__typename" | "seq" | "at" | "stageRunId">] }[Name];

const at = "2026-11-23T10:00:00Z";
const file = (path: string) => ({ path, url: `/files/sessions/s1/${path}` });

/** Events of run `r1` numbered from 1; what is live only has no number. */
function events(rows: Row[]): SessionEvent[] {
  let seq = 0;
  return rows.map(([__typename, fields]) => {
    const live = __typename === "TextDeltaEvent";
    if (!live) seq += 1;
    return { __typename, seq: live ? null : seq, at: live ? null : at, stageRunId: "r1", ...fields } as SessionEvent;
  });
}

/** A view as data, without what every item has. */
function plain(view: SessionView): Record<string, unknown> {
  return {
    ...view,
    items: view.items.map(({ key: _key, at: _at, run: _run, ...item }) => item),
    series: Object.fromEntries([...view.series.values()].map((one) => [`${one.run}/${one.name}`, one.values])),
    charts: Object.fromEntries(view.charts),
  };
}

/** Folds in one batch, one by one and twice over: each must give the same view, and it must hold `expected`. */
function check(rows: Row[], expected: Record<string, unknown>) {
  const all = events(rows);
  const whole = plain(fold(emptyView, all));
  expect(whole).toMatchObject(expected);
  expect(plain(all.reduce((view, event) => fold(view, [event]), emptyView))).toEqual(whole);
  const stored = all.filter((event) => event.seq !== null);
  const once = fold(emptyView, stored);
  expect(fold(once, stored)).toEqual(once);
}

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
  sessionTokens: null,
  sessionUsd: 5,
  sessionSandboxSeconds: null,
};
const start: Row = ["ToolStartEvent", { callId: "c1", tool: "execute_code", input: { code: "print(1)" } }];
const running: Row = [
  "StageRunStartedEvent",
  {
    stage: "EDA",
    through: "TRAIN",
    provider: "autopilot",
    model: "autopilot",
    seed: 42,
    effort: null,
    approval: false,
    budgets: held,
  },
];
const ended: Row = ["StageRunEndedEvent", { stage: "EDA", outcome: "CANCELLED", summary: null, error: null }];
const delta = (turn: number, attempt: number, offset: number, text: string): Row => [
  "TextDeltaEvent",
  { turn, attempt, offset, text },
];

describe("tool calls", () => {
  test("output of two parallel calls never mixes, and a stream that goes on is one piece", () =>
    check(
      [
        running,
        start,
        ["ToolStartEvent", { callId: "c2", tool: "execute_code", input: {} }],
        ["CodeOutputEvent", { callId: "c1", stream: "STDOUT", text: "a" }],
        ["CodeOutputEvent", { callId: "c2", stream: "STDOUT", text: "x" }],
        ["CodeOutputEvent", { callId: "c1", stream: "STDOUT", text: "b" }],
        ["CodeOutputEvent", { callId: "c1", stream: "STDERR", text: "!" }],
        ["ToolEndEvent", { callId: "c1", output: "ab", isError: false, durationMs: 12 }],
      ],
      {
        seq: 8,
        items: [
          { kind: "stage-start" },
          {
            callId: "c1",
            stage: "EDA",
            state: "ok",
            answer: "ab",
            durationMs: 12,
            output: [
              { stream: "STDOUT", text: "ab" },
              { stream: "STDERR", text: "!" },
            ],
          },
          { callId: "c2", state: "running", output: [{ stream: "STDOUT", text: "x" }] },
        ],
      },
    ));

  test("an execution says how it ended and which files it made", () =>
    check(
      [
        start,
        ["ExecutionStartedEvent", { callId: "c1", script: "eda/scripts/step_01.py" }],
        ["FileCreatedEvent", { by: "c1", file: file("eda/a.png") }],
        ["FileChangedEvent", { by: "c1", file: file("eda/a.png") }],
        ["FilesRefusedEvent", { callId: "c1", refused: [{ path: "eda/l", reason: "is a symbolic link" }], more: 2 }],
        [
          "ExecutionEndedEvent",
          {
            callId: "c1",
            how: "OUT_OF_MEMORY",
            said: "ran out of memory",
            durationMs: 5000,
            cpuSeconds: 4.5,
            peakMemory: 4096,
            droppedOutput: 7,
          },
        ],
        ["ToolEndEvent", { callId: "c1", output: "", isError: true, durationMs: 5 }],
      ],
      {
        filesSeq: 4,
        filesBase: "/files/sessions/s1",
        items: [
          {
            state: "error",
            files: ["eda/a.png"],
            execution: {
              script: "eda/scripts/step_01.py",
              end: {
                how: "OUT_OF_MEMORY",
                said: "ran out of memory",
                cpuSeconds: 4.5,
                peakMemory: 4096,
                droppedOutput: 7,
              },
            },
            refused: { files: [{ path: "eda/l", reason: "is a symbolic link" }], more: 2 },
          },
        ],
      },
    ));

  test("an execution that waits for a place takes nothing until it has one", () => {
    const began: Row[] = [start, ["ExecutionStartedEvent", { callId: "c1", script: "eda/scripts/step_01.py" }]];
    const waits: Row = ["ExecutionWaitingEvent", { callId: "c1", ahead: 2 }];
    const item = (ahead: number | null) => [{ execution: { ahead, end: null } }];
    check([...began, waits], { items: item(2), spend: { executing: [] } });
    check([...began, waits, ["ExecutionPlacedEvent", { callId: "c1" }]], {
      items: item(null),
      spend: { executing: [{ callId: "c1", since: at }] },
    });
  });

  test("what a stage run leaves unfinished was interrupted", () =>
    check([start, ended], {
      items: [
        { kind: "tool", state: "interrupted" },
        { kind: "stage-end", outcome: "CANCELLED" },
      ],
    }));

  test("output of a call that never started is nobody's", () =>
    check([["CodeOutputEvent", { callId: "ghost", stream: "STDOUT", text: "boo" }]], { seq: 1, items: [] }));
});

describe("text as it arrives", () => {
  test("it grows in place until the message replaces it", () =>
    check([delta(1, 1, 0, "Hel"), delta(1, 1, 3, "lo")], { items: [], provisional: { text: "Hello", end: 5 } }));

  test("the message replaces it", () =>
    check([delta(1, 1, 0, "Hel"), ["AgentMessageEvent", { messageId: "m", turn: 1, text: "Hello" }]], {
      items: [{ kind: "agent", text: "Hello" }],
      provisional: null,
    }));

  test("a new attempt discards the old text", () =>
    check([delta(1, 1, 0, "Wro"), ["TurnStartedEvent", { turn: 1, attempt: 2 }], delta(1, 2, 0, "Right")], {
      provisional: { attempt: 2, text: "Right" },
    }));

  test("an old attempt that trails in is not heard", () =>
    check([delta(1, 2, 0, "Right"), delta(1, 1, 3, "ng")], { provisional: { attempt: 2, text: "Right" } }));

  test("offsets count characters, not code units", () =>
    check([delta(1, 1, 0, "é🙂"), delta(1, 1, 2, "!")], { provisional: { text: "é🙂!", end: 3 } }));

  test("what is heard twice is told once", () =>
    check([delta(1, 1, 0, "abc"), delta(1, 1, 1, "bcd")], { provisional: { text: "abcd", end: 4 } }));

  test("who comes in the middle is told so", () =>
    check([delta(3, 1, 40, "tail")], { provisional: { text: "… tail", end: 44 } }));

  test("an error of the model ends it", () =>
    check([delta(1, 1, 0, "Hel"), ["AgentErrorEvent", { message: "overloaded", retryable: true }]], {
      provisional: null,
      items: [{ kind: "error", text: "overloaded" }],
    }));
});

test("metric points become series by run and name, and what is not finite is a gap", () =>
  check(
    [
      [
        "MetricsBatchEvent",
        {
          items: [
            { step: 0, name: "loss", value: 2, kind: "FINITE", run: "a" },
            { step: 0, name: "loss", value: 3, kind: "FINITE", run: "b" },
            { step: 1, name: "loss", value: null, kind: "NAN", run: "a" },
          ],
        },
      ],
      ["MetricsBatchEvent", { items: [{ step: 2, name: "loss", value: 1, kind: "FINITE", run: "a" }] }],
      ["ChartConfigEvent", { charts: [{ title: "Loss", metrics: ["loss"], type: "line" }] }],
    ],
    {
      series: { "a/loss": [2, null, 1], "b/loss": [3] },
      charts: { r1: [{ title: "Loss", metrics: ["loss"], type: "line" }] },
    },
  ));

test("the plan starts anew with a stage run", () =>
  check([["PlanUpdatedEvent", { steps: [{ title: "Look", status: "DONE" }] }], running], { plan: [], stateSeq: 2 }));

describe("what is spent", () => {
  const usage = (tokens: number, costUsd: number | null, estimated = false): Row => [
    "UsageRecordedEvent",
    {
      inputTokens: tokens,
      outputTokens: 2,
      cacheReadTokens: 30,
      cacheWriteTokens: 0,
      costUsd,
      estimated,
      broken: false,
    },
  ];
  const executed: Row = [
    "ExecutionEndedEvent",
    {
      callId: "c1",
      how: "EXITED",
      said: "exited with code 0",
      durationMs: 4000,
      cpuSeconds: 3,
      peakMemory: null,
      droppedOutput: 0,
    },
  ];

  test("it adds up for the session and for the run, and an unknown price is counted, not guessed", () =>
    check([usage(10, 0.5), running, usage(10, null, true), usage(10, 0.25), start, executed], {
      spend: {
        turns: 3,
        inputTokens: 30,
        cacheReadTokens: 90,
        costUsd: 0.75,
        unpricedTurns: 1,
        sandboxMs: 4000,
        cpuSeconds: 3,
        executing: [],
      },
      runSpend: { turns: 2, inputTokens: 20, costUsd: 0.25, unpricedTurns: 1, estimated: true, sandboxMs: 4000 },
    }));

  test("a follow-up spends of the session, not of the stage", () =>
    check(
      [
        running,
        ended,
        ["FollowUpStartedEvent", { provider: "a", model: "b" }],
        usage(10, 1),
        ["FollowUpEndedEvent", { outcome: "DONE", error: null }],
      ],
      { spend: { turns: 1, costUsd: 1, since: null }, runSpend: { turns: 0 }, answering: false },
    ));

  test("a turn without tokens costs nothing", () =>
    check(
      [
        [
          "UsageRecordedEvent",
          {
            inputTokens: 0,
            outputTokens: 0,
            cacheReadTokens: 0,
            cacheWriteTokens: 0,
            costUsd: null,
            estimated: false,
            broken: false,
          },
        ],
      ],
      { spend: { turns: 1, unpricedTurns: 0 } },
    ));
});

describe("runs", () => {
  const exceeded: Row = ["BudgetExceededEvent", { budget: "turns", limit: 30 }];
  const failed: Row = ["StageRunEndedEvent", { stage: "EDA", outcome: "FAILED", summary: null, error: "30 turns" }];
  const resumed: Row = [
    "StageRunResumedEvent",
    { stage: "EDA", provider: "a", model: "b", budgets: { ...held, turns: 60 } },
  ];

  test("a run that a budget ended says so", () =>
    check([running, exceeded, failed], {
      items: [
        { kind: "stage-start" },
        { kind: "budget", budget: "turns", used: null },
        { kind: "stage-end", outcome: "FAILED", budget: { budget: "turns", limit: 30 } },
      ],
    }));

  test("one that goes on keeps its plan and what it spent, takes new budgets, and is not blamed for the old one", () =>
    check(
      [
        running,
        ["PlanUpdatedEvent", { steps: [{ title: "Look", status: "DONE" }] }],
        exceeded,
        failed,
        resumed,
        failed,
      ],
      {
        plan: [{ title: "Look", status: "DONE" }],
        budgets: { turns: 60 },
        run: "r1",
        items: [{}, {}, { budget: { budget: "turns" } }, { kind: "stage-resume", model: "b" }, { budget: null }],
      },
    ));

  test("budgets that are set while it runs take the place of the old ones", () =>
    check([running, ["BudgetsSetEvent", { budgets: { ...held, sessionUsd: 9 } }]], {
      stateSeq: 2,
      budgets: { sessionUsd: 9 },
    }));

  test("approval waits until somebody says", () => {
    const asked: Row = ["ApprovalAskedEvent", { stage: "PREP", through: "TRAIN" }];
    check([asked], { stateSeq: 1, items: [{ kind: "approval", stage: "PREP", approved: null }] });
    check([asked, ["ApprovalAnsweredEvent", { stage: "PREP", approved: false }]], { items: [{ approved: false }] });
  });

  test("what stands in a bucket is said to people", () =>
    check([["S3SyncCompleteEvent", { filesSynced: 1, s3Prefix: "s3://b/ours/sessions/1/eda" }]], {
      items: [{ kind: "notice", forPeople: true, text: "Files in s3://b/ours/sessions/1/eda: 1" }],
    }));

  test("a follow-up that breaks off drops its text and says why", () =>
    check(
      [
        ["FollowUpStartedEvent", { provider: "a", model: "b" }],
        delta(1, 1, 0, "Beca"),
        ["FollowUpEndedEvent", { outcome: "FAILED", error: "the key is wrong" }],
      ],
      {
        provisional: null,
        answering: false,
        stateSeq: 2,
        items: [{ kind: "follow-up", state: "FAILED", error: "the key is wrong" }],
      },
    ));
});

describe("what the user says", () => {
  const said: Row = ["UserMessageEvent", { messageId: "m", text: "fewer trees", interrupt: false }];

  test("stands before the answer that it began", () =>
    check([["FollowUpStartedEvent", { provider: "a", model: "b" }], said], {
      unseen: 1,
      items: [{ kind: "user" }, { kind: "follow-up", state: "RUNNING" }],
    }));
  const turn = (attempt: number): Row => ["TurnStartedEvent", { turn: 2, attempt }];

  test("waits for the next turn", () => check([running, said], { unseen: 1, items: [{}, { seen: false }] }));
  test("is seen by it", () =>
    check([said, running, said, turn(1)], { unseen: 0, items: [{ seen: true }, {}, { seen: true }] }));
  test("is not seen by another attempt of the turn before", () =>
    check([said, turn(2)], { unseen: 1, items: [{ seen: false }] }));
});

describe("questions", () => {
  const asked = (deadline: string | null): Row => [
    "QuestionAskedEvent",
    { callId: "q", question: "Which?", options: ["a", "b"], default: "a", deadline },
  ];
  const answered = (answer: string): Row => ["QuestionAnsweredEvent", { callId: "q", answer }];
  const past = "2026-11-23T09:59:00Z";

  test("one takes its answer", () =>
    check([asked(null), answered("b")], { items: [{ state: "answered", answer: "b" }] }));
  test("the default at the deadline is nobody's answer", () =>
    check([asked(past), answered("a")], { items: [{ state: "expired", answer: "a" }] }));
  test("another answer at the deadline is somebody's", () =>
    check([asked(past), answered("b")], { items: [{ state: "answered", answer: "b" }] }));
  test("the end of the run leaves one behind", () =>
    check([asked(null), ended], { items: [{ state: "dropped" }, {}] }));
});

test("notices say whom they are for, and condensing says what it condensed", () =>
  check(
    [
      ["NoticeEvent", { text: "trying again in 8 s", forPeople: true }],
      ["NoticeEvent", { text: "report.md is missing", forPeople: false }],
      ["ContextCondensedEvent", { turns: 12, summarisedTurns: 4 }],
    ],
    { items: [{ forPeople: true }, { forPeople: false }, { kind: "condensed", turns: 12, summarisedTurns: 4 }] },
  ));

test("the newest report of a stage stands", () =>
  check(
    [
      ["ReportReadyEvent", { stage: "EDA", path: "eda/report.md", content: "one" }],
      ["ReportReadyEvent", { stage: "EDA", path: "eda/report.md", content: "two" }],
    ],
    { reports: { EDA: { path: "eda/report.md", content: "two" } } },
  ));

test("a view once given never changes", () => {
  const all = events([running, start, ["CodeOutputEvent", { callId: "c1", stream: "STDOUT", text: "a" }]]);
  const first = fold(emptyView, all.slice(0, 2));
  const copy = structuredClone(first);
  fold(first, all.slice(2));
  expect(first).toEqual(copy);
});

test("an event of a kind that this client does not know moves the sequence and nothing else", () => {
  const unknown = { __typename: "FutureEvent", seq: 1, at, stageRunId: null } as unknown as SessionEvent;
  expect(fold(emptyView, [unknown])).toEqual({ ...emptyView, seq: 1 });
});

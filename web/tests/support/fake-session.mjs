/** A session that plays what an agent would do, event by event. */
import { scenes } from "./fake-scenes.mjs";
import { stages } from "./fake-stages.mjs";

const order = ["EDA", "PREP", "TRAIN"];

const usual = {
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
/** As they are held: what is absent stays as it was, no limit, 0 in an input, is null. */
const budgetsOf = (input, before = usual) =>
  Object.fromEntries(
    Object.entries({ ...before, ...input }).map(([name, value]) => [
      name,
      name === "questionSeconds" ? value : value || null,
    ]),
  );

export class FakeSession {
  state = "CREATED";
  events = [];
  runs = [];
  files = new Map();
  listeners = new Set();
  live = new Set();
  messages = 0;
  timers = new Set();
  budgets = null;
  answering = false;
  awaitingApproval = null;
  open = null;

  constructor(id, experiment, pace, own = {}) {
    this.own = own;
    this.id = id;
    this.experiment = experiment;
    this.pace = pace;
    this.createdAt = new Date().toISOString();
    this.append("SessionCreatedEvent", { experimentId: experiment.id });
  }

  append(__typename, fields = {}) {
    const event = { __typename, seq: this.events.length + 1, at: new Date().toISOString(), ...fields };
    event.stageRunId ??= this.current?.id ?? null;
    this.events.push(event);
    for (const listener of this.listeners) listener();
  }

  say(fields) {
    for (const listener of this.live)
      listener({ __typename: "TextDeltaEvent", seq: null, at: null, stageRunId: this.current?.id ?? null, ...fields });
  }

  get current() {
    return this.runs.findLast((run) => run.state === "RUNNING");
  }

  get allows() {
    const running = this.state.endsWith("_RUNNING");
    const done = order.filter((stage) => this.runs.some((run) => run.stage === stage && run.state === "DONE"));
    return {
      startStages: running ? [] : order.filter((_, at) => at <= done.length),
      retry: this.state === "FAILED" || this.state === "CANCELLED",
      resume: this.state === "FAILED" || this.state === "CANCELLED",
      cancel: running || this.answering,
      message: this.runs.length > 0,
      answer: this.open !== null,
      approve: this.awaitingApproval,
      interrupt: running || this.answering,
      setBudgets: running,
    };
  }

  get stages() {
    return order.map((stage) => {
      const runs = this.runs.filter((run) => run.stage === stage);
      const current = runs.at(-1) ?? null;
      return { stage, state: current?.state ?? "PENDING", current, runs };
    });
  }

  file(path, content, type) {
    const known = this.files.has(path);
    const data = Buffer.from(content);
    this.files.set(path, { path, data, type, modifiedAt: new Date().toISOString() });
    const stage = path.split("/")[0].toUpperCase();
    const file = {
      path,
      name: path.split("/").at(-1),
      stage,
      type,
      size: data.length,
      url: `/files/sessions/uuid-${this.id}/${path}`,
    };
    this.append(known ? "FileChangedEvent" : "FileCreatedEvent", { by: this.call, callId: this.call, file });
  }

  sleep(steps) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, steps * this.pace);
      this.timers.add(timer);
    });
  }

  get spent() {
    const of = (name) => this.events.filter(({ __typename }) => __typename === name);
    const usage = of("UsageRecordedEvent");
    const sum = (list, value) => list.reduce((total, one) => total + value(one), 0);
    const read = sum(usage, (one) => one.inputTokens + one.cacheReadTokens + one.cacheWriteTokens);
    return {
      turns: usage.length,
      tokens: read + sum(usage, (one) => one.outputTokens),
      costUsd: usage.some(({ costUsd }) => costUsd === null) ? null : sum(usage, ({ costUsd }) => costUsd),
      seconds: sum(
        this.runs,
        (run) => ((run.endedAt ? Date.parse(run.endedAt) : Date.now()) - Date.parse(run.startedAt)) / 1000,
      ),
      sandboxSeconds: sum(of("ExecutionEndedEvent"), ({ durationMs }) => durationMs / 1000),
      cachedShare: read > 0 ? sum(usage, (one) => one.cacheReadTokens) / read : null,
      estimated: usage.some(({ estimated }) => estimated),
    };
  }

  async start(stage, through = stage, terms = {}) {
    this.awaitingApproval = null;
    this.terms = terms;
    this.scene = terms.scene;
    this.budgets = budgetsOf(terms.budgets);
    const later = terms.choices?.find((choice) => choice.stage === stage);
    const { provider, model, effort } = later ?? terms;
    const run = {
      id: `run-${this.id}-${this.runs.length + 1}`,
      stage,
      through,
      state: "RUNNING",
      provider: provider ?? this.own.provider ?? "autopilot",
      model: model ?? this.own.model ?? "autopilot",
      seed: 42,
      error: null,
      superseded: false,
      startedAt: new Date().toISOString(),
      endedAt: null,
    };
    for (const old of this.runs) if (order.indexOf(old.stage) >= order.indexOf(stage)) old.superseded = true;
    this.runs.push(run);
    this.state = `${stage}_RUNNING`;
    this.append("StageRunStartedEvent", {
      stage,
      through,
      provider: run.provider,
      model: run.model,
      seed: 42,
      effort: effort ?? this.own.effort ?? null,
      approval: terms.approval ?? false,
      budgets: this.budgets,
    });
    this.append("StateChangeEvent", { state: this.state });
    await this.work(run);
  }

  async work(run) {
    const { stage, through } = run;
    if (this.scene) await scenes[this.scene](this, run);
    this.scene = null;
    if (run.state === "RUNNING") await stages[stage](this);
    if (run.state !== "RUNNING") return;
    this.end(run, "DONE", `${stage} is done.`);
    const next = order[order.indexOf(stage) + 1];
    if (!next || order.indexOf(through) <= order.indexOf(stage)) return;
    const { scene: _played, ...terms } = this.terms;
    if (!terms.approval) return this.start(next, through, terms);
    this.awaitingApproval = next;
    this.append("ApprovalAskedEvent", { stage: next, through });
  }

  approve(approved) {
    const stage = this.awaitingApproval;
    this.awaitingApproval = null;
    this.append("ApprovalAnsweredEvent", { stage, approved });
    if (approved) void this.start(stage, this.runs.at(-1).through, this.terms);
  }

  resume({ provider, model, budgets }) {
    const run = this.runs.at(-1);
    Object.assign(run, {
      state: "RUNNING",
      endedAt: null,
      error: null,
      provider: provider ?? run.provider,
      model: model ?? run.model,
    });
    if (budgets) this.budgets = budgetsOf(budgets, this.budgets);
    this.state = `${run.stage}_RUNNING`;
    this.append("StageRunResumedEvent", {
      stage: run.stage,
      provider: run.provider,
      model: run.model,
      budgets: this.budgets,
    });
    this.append("StateChangeEvent", { state: this.state });
    void this.work(run);
  }

  setBudgets(budgets) {
    this.budgets = budgetsOf(budgets, this.budgets);
    this.append("BudgetsSetEvent", { budgets: this.budgets });
  }

  /** Waits for an answer, or for the deadline, which answers with the default. */
  async question(question, options, fallback, wait) {
    const callId = `ask-${this.events.length}`;
    const deadline = new Date(Date.now() + wait).toISOString();
    this.open = { callId, question, options, default: fallback, deadline };
    this.append("ToolStartEvent", { callId, tool: "ask_user", input: { question, options } });
    this.append("QuestionAskedEvent", this.open);
    const answer = await new Promise((resolve) => {
      this.settle = resolve;
      const timer = setTimeout(() => resolve(fallback), wait);
      this.timers.add(timer);
    });
    this.open = null;
    this.append("QuestionAnsweredEvent", { callId, answer });
    this.append("ToolEndEvent", { callId, tool: "ask_user", output: answer, isError: false, durationMs: 10 });
  }

  /** Answers what was said between stages. */
  async followUp(scene) {
    this.answering = true;
    if (scene === "ponders") {
      this.say({ turn: 1, attempt: 1, offset: 0, text: "Both were close: the first column separates **Adelie** from" });
      await this.sleep(5000);
    }
    await this.speak(
      1,
      "Because the flipper's length and the body's mass carry much the same, I kept the first **alone**.",
    );
    if (this.answering) this.append("FollowUpEndedEvent", { state: "DONE", error: null });
    this.answering = false;
  }

  end(run, state, summary, error = null) {
    run.endedAt = new Date().toISOString();
    this.append("StageRunEndedEvent", { stageRunId: run.id, stage: run.stage, state, summary, error });
    run.state = state;
    run.error = error;
    this.state = state === "DONE" ? `${run.stage}_DONE` : state;
    this.append("StateChangeEvent", { state: this.state });
  }

  cancel() {
    for (const timer of this.timers) clearTimeout(timer);
    if (this.answering) this.append("FollowUpEndedEvent", { state: "CANCELLED", error: null });
    this.answering = false;
    this.open = null;
    if (this.current) this.end(this.current, "CANCELLED", null);
  }

  message(text, interrupt, provider, scene) {
    this.messages += 1;
    const answers = !this.current && !this.answering && provider?.converses;
    if (answers) this.append("FollowUpStartedEvent", { provider: provider.name, model: provider.defaultModel });
    this.append("UserMessageEvent", { messageId: `m${this.messages}`, text, interrupt: interrupt ?? false });
    if (interrupt) this.stopped = true;
    if (answers) void this.followUp(scene);
  }

  async speak(turn, text, usage = {}) {
    this.append("TurnStartedEvent", { turn, attempt: 1 });
    for (let at = 0; at < text.length; at += 12) {
      this.say({ turn, attempt: 1, offset: at, text: text.slice(at, at + 12) });
      await this.sleep(0.2);
    }
    if (!this.current && !this.answering) return;
    this.append("AgentMessageEvent", { messageId: `a${turn}-${this.events.length}`, turn, text });
    this.append("UsageRecordedEvent", {
      broken: false,
      turn,
      inputTokens: 1200,
      outputTokens: 150,
      cacheReadTokens: 400,
      cacheWriteTokens: 0,
      costUsd: 0.012,
      estimated: false,
      ...usage,
    });
    this.append("TurnEndedEvent", { turn, attempt: 1, stopReason: "tool_use" });
  }

  async execute(slug, source, output, work = async () => {}) {
    const call = `call-${this.events.length}`;
    this.call = call;
    this.append("ToolStartEvent", { callId: call, tool: "execute_code", input: { code: source, slug } });
    this.append("ExecutionStartedEvent", {
      callId: call,
      script: `eda/scripts/${slug}.py`,
      timeoutSeconds: 600,
      memoryMib: 4096,
    });
    this.stopped = false;
    for (const line of output) {
      if (this.stopped) break;
      this.append("CodeOutputEvent", {
        callId: call,
        stream: line.startsWith("!") ? "STDERR" : "STDOUT",
        text: `${line}\n`,
      });
      await this.sleep(0.5);
    }
    await work(call);
    this.append("ExecutionEndedEvent", {
      callId: call,
      how: this.stopped ? "TERMINATED" : "EXITED",
      code: this.stopped ? null : 0,
      said: this.stopped ? "was stopped" : "exited with code 0",
      durationMs: 1200,
      cpuSeconds: 1,
      peakMemory: 210_000_000,
      droppedOutput: 0,
    });
    this.append("ToolEndEvent", {
      callId: call,
      tool: "execute_code",
      output: output.join("\n"),
      isError: false,
      durationMs: 1200,
    });
    this.call = null;
  }

  plan(...states) {
    const titles = ["Look at every column", "Draw the distributions", "Write the report"];
    this.append("PlanUpdatedEvent", { steps: titles.map((title, at) => ({ title, status: states[at] })) });
  }
}

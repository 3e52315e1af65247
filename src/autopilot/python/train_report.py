"""Write train/report.md and data/metadata.json: what was tried, what was chosen and why, and what it is worth."""

import json

from trainable import session_dir, stage_dir

# --- decided by the autopilot ---
TARGET = "target"
TASK = "binary"  # "binary", "multiclass" or "regression"
METRIC = "roc_auc"  # fixed before training; models are compared by it on validation
METRIC_REASON = "it was chosen for the kind of problem"
SEED = 42
CLASS_WEIGHTS = False  # whether the classes were weighted by their rarity
FOLDS = 5  # cross-validation folds on train that parameters were tuned by; 0: on validation
REMARKS = []  # steps that could not be done, or not with all rows
REPRODUCIBLE = True  # no step was cut short by the clock
# --- end of decisions ---

NAMES = {"dummy": "Dummy", "linear": "Linear", "forest": "Forest", "lightgbm": "LightGBM", "xgboost": "XGBoost", "ensemble": "Ensemble"}


def number(value):
    """A number with about five telling digits: prices have no ten-thousandths."""
    return f"{value:,.4f}" if abs(value) < 100 else f"{value:,.1f}"


def cell(value):
    """Text that cannot break a Markdown table."""
    text = " ".join(str(value).split()).replace("|", "\\|").replace("`", "'")
    return text if len(text) <= 200 else text[:199] + "…"


def code(name):
    return f"`{cell(name)}`"


def load(path, missing=None):
    return json.loads(path.read_text()) if path.exists() else missing


def figure(name, caption):
    return [f"![{caption}](figures/{name}.png)", ""] if (stage_dir() / "figures" / f"{name}.png").exists() else []


def metadata_of(choice, test, importance, plan):
    board = {entry["name"]: entry for entry in choice["leaderboard"]}
    params = {name: board[name]["params"] for name in choice["members"]}
    return {
        "best_model": choice["best_model"], "best_model_params": params if len(params) > 1 else next(iter(params.values())),
        "models_evaluated": [{"model": entry["name"], "validation": {METRIC: entry[f"val_{METRIC}"]}, "trials": entry["trials"],
                              "params": entry["params"]} for entry in choice["leaderboard"]],
        "test_metrics": test["test_metrics"], "test_metrics_ci": test["test_metrics_ci"], "dummy_metrics": test["dummy_metrics"],
        "vs_dummy": test["vs_dummy"], "validation_metrics": {METRIC: choice[f"val_{METRIC}"]},
        "feature_importance": importance["importance"], "feature_importance_method": importance["method"],
        "class_imbalance_strategy": "class_weights" if CLASS_WEIGHTS else "none",
        "tuning_method": "optuna TPE, " + (f"{FOLDS}-fold cross-validation on train" if FOLDS else "scored on validation"),
        "tuning_trials": sum(entry["trials"] for entry in choice["leaderboard"]), "random_seed": SEED,
        "task": TASK, "target_column": TARGET, "metric": METRIC, "metric_reason": METRIC_REASON, "ensemble_members": choice["members"],
        "classes": plan["classes"], "positive_class": None if plan["positive"] is None else plan["classes"][plan["positive"]],
        "threshold": choice["threshold"], "calibration": choice["calibration"], "log_target": plan["log_target"],
        "fitted_rows": plan["fitted_rows"], "train_rows": plan["train_rows"], "remarks": REMARKS, "reproducible": REPRODUCIBLE,
    }


def verdict(versus):
    if versus["lower"] > 0:
        return "The model has learned something: the whole interval lies above zero."
    return "**The interval contains zero: on this test set the model is not shown to be better than knowing nothing.**"


def limits(metadata, prep, choice, test):
    lines = []
    if test["rows"] < 200:
        lines.append(f"The test has only {test['rows']} rows; read the intervals, not the figures.")
    validation, final = choice[f"val_{METRIC}"], test["test_metrics"][METRIC]
    interval = test["test_metrics_ci"][METRIC]
    if not interval["lower"] <= validation <= interval["upper"]:
        lines.append(f"Validation said {number(validation)} and test {number(final)}: "
                     "validation served for choosing, so it flatters, or the splits differ by chance.")
    if metadata["fitted_rows"] < metadata["train_rows"]:
        lines.append(f"The models were fitted on {metadata['fitted_rows']:,} random rows of {metadata['train_rows']:,} in train, to stay within time and memory.")
    top, share = next(iter(metadata["feature_importance"].items()), (None, 0))
    if share > 0.8:
        lines.append(f"{code(top)} carries {share:.0%} of the importance: make sure it is known at the time of prediction.")
    if prep["split_strategy"] == "random":
        lines.append("The split is random: if the rows have an order in time that no column shows, the future may be harder than the test.")
    lines += [f"{cell(remark)}." for remark in REMARKS]
    lines.append("The importance says what the model uses, not what causes the target.")
    return [f"- {line}" for line in lines]


def main():
    stage = stage_dir()
    plan, choice, test = (load(stage / f"data/{name}.json") for name in ("plan", "choice", "test"))
    importance = load(stage / "data/importance.json", {"method": "not computed", "importance": {}})
    prep = load(session_dir() / "prep/data/metadata.json")
    metadata = metadata_of(choice, test, importance, plan)
    (stage / "data/metadata.json").write_text(json.dumps(metadata, indent=1, ensure_ascii=False))
    versus, name = test["vs_dummy"], NAMES[choice["best_model"]]
    interval = test["test_metrics_ci"][METRIC]
    members = ", ".join(NAMES[m] for m in choice["members"])
    lines = ["# Training", "",
             f"**{name}**" + (f" (average of {members})" if len(choice["members"]) > 1 else "") + f" predicts {code(TARGET)} with {METRIC} "
             f"**{number(versus['model'])}** on {test['rows']:,} test rows (95 % interval {number(interval['lower'])} to {number(interval['upper'])}); "
             f"a dummy has {number(versus['dummy'])}.", "", "## What matters", "",
             f"- Better than the dummy by {number(versus['difference'])} (95 % {number(versus['lower'])} to {number(versus['upper'])}, paired bootstrap). {verdict(versus)}",
             f"- {METRIC} was fixed before training: {METRIC_REASON}.",
             "- Chosen on validation alone; the test set was opened once, after the choice."]
    if metadata["threshold"] is not None:
        lines.append(f"- Threshold {metadata['threshold']:.3f} for {code(metadata['positive_class'])}, chosen on validation for the best {choice['threshold_goal']}"
                     f"{', because a missed one is worse than a false alarm' if choice['threshold_goal'] == 'F2' else ''}; {choice['calibration']}.")
    if plan["log_target"]:
        lines.append("- The models learn the logarithm of the target, which did better; predictions are in its own units.")
    lines += ["", "## Test", "", "| metric | model | 95 % interval | dummy |", "|---|---|---|---|"]
    lines += [f"| {key} | {number(value)} | {number(test['test_metrics_ci'][key]['lower'])} to {number(test['test_metrics_ci'][key]['upper'])} | "
              f"{number(test['dummy_metrics'].get(key, float('nan')))} |" for key, value in test["test_metrics"].items()]
    lines += ["", *figure("confusion_matrix", "Confusion matrix on test"), *figure("curves", "ROC, precision and recall, calibration on test"),
              *figure("residuals", "Actual against predicted, and residuals")]
    lines += ["## What was tried", "", f"| model | validation {METRIC} | trials | what |", "|---|---|---|---|"]
    lines += [f"| {NAMES[e['name']]} | {e[f'val_{METRIC}']:.4f} | {e['trials'] or ''} | {cell(e['note'])} |" for e in choice["leaderboard"]]
    lines += [f"| Average of {', '.join(NAMES[m] for m in e['members'])} | {e[f'val_{METRIC}']:.4f} |  | better than the best single model in "
              f"{e['better_in']:.0%} of resamples |" for e in choice["averages"]]
    tuning = f"{FOLDS}-fold cross-validation on train" if FOLDS else "their score on validation"
    lines += ["", f"Parameters were tuned by Optuna (TPE, seed {SEED}) with {tuning}; the number of trials follows from the size of the data.",
              "An average is kept only when it beats the best single model in at least 90 % of resampled validation sets."]
    if choice["close"]:
        lines.append(f"Within the noise of validation: {', '.join(NAMES[n] for n in choice['close'])}. Another draw of rows might have chosen one of them.")
    if CLASS_WEIGHTS:
        lines.append("Classes are weighted by their rarity in every model.")
    lines += ["", "Parameters of the chosen model:", "", "```json", json.dumps(metadata["best_model_params"], indent=1), "```", "",
              "## What it goes by", "", *figure("importance", "What the model goes by"), *figure("shap", "Direction of the strongest features"),
              f"By {importance['method']}.", "", "## Limits", "", *limits(metadata, prep, choice, test)]
    lines += ["", "## Using it", "", "```python", "import joblib, pandas as pd", "",
              'pipeline = joblib.load("prep/data/prep_pipeline.pkl")', 'model = joblib.load("train/models/model.pkl")',
              "predictions = model.predict(pipeline.transform(pd.read_parquet(\"rows.parquet\")))", "```"]
    (stage / "report.md").write_text("\n".join(lines) + "\n")
    print(f"• report.md and metadata.json: {name}, {METRIC} {number(versus['model'])} on test")


if __name__ == "__main__":
    main()

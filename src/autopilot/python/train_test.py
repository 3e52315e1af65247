"""Open the test set, once: the chosen model and the dummy, with intervals by bootstrap.

Leaves data/test.json, data/test_predictions.parquet and the figures of the errors.
"""

import json
import warnings

import joblib
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from scipy.stats import rankdata
from sklearn import metrics
from trainable import log, log_confusion_matrix, log_image, log_pr, log_roc, session_dir, stage_dir

# --- decided by the autopilot ---
TARGET = "target"
TASK = "binary"  # "binary", "multiclass" or "regression"
METRIC = "roc_auc"  # fixed before training; models are compared by it on validation
SEED = 42
RESAMPLES = 1000
# --- end of decisions ---

LOWER_IS_BETTER = ("rmse", "mae", "median_absolute_error", "log_loss", "brier")
BLUE, ORANGE, INK = "#3b6ea8", "#d9822b", "#2f3542"


def digits(value):
    """A number with about five telling digits: prices have no ten-thousandths."""
    return f"{value:,.4f}" if abs(value) < 100 else f"{value:,.1f}"


def regression_metrics(y, predicted):
    error = y - predicted
    spread = ((y - y.mean()) ** 2).sum()
    return {"rmse": float(np.sqrt((error**2).mean())), "mae": float(np.abs(error).mean()),
            "r2": float(1 - (error**2).sum() / spread) if spread > 0 else float("nan"), "median_absolute_error": float(np.median(np.abs(error)))}


def ranking_metrics(truth, scores):
    """Area under the ROC curve (by ranks) and average precision, as scikit-learn defines them, at a bootstrap's speed."""
    positives = int(truth.sum())
    if not 0 < positives < len(truth):
        return {}
    area = (rankdata(scores)[truth].sum() - positives * (positives + 1) / 2) / (positives * (len(truth) - positives))
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(truth) - 1)
    hits = np.cumsum(truth[order])[last]
    return {"roc_auc": float(area), "average_precision": float((np.diff(hits, prepend=0) / positives * hits / (last + 1)).sum())}


def class_metrics(y, labels, probabilities, positive):
    """Metrics of classes by number; a class that does not occur counts for none of them."""
    count = probabilities.shape[1]
    matrix = np.bincount(y * count + labels, minlength=count * count).reshape(count, count)
    right, actual, called = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    seen, either = actual > 0, actual + called > 0
    f1 = 2 * right / np.maximum(actual + called, 1)
    chance = probabilities[np.arange(len(y)), y]
    result = {"accuracy": float(right.sum() / len(y)), "balanced_accuracy": float((right[seen] / actual[seen]).mean()),
              "f1_macro": float(f1[either].mean()), "log_loss": float(-np.log(np.maximum(chance, np.finfo("float64").eps)).mean())}
    if positive is None:
        areas = [ranking_metrics(y == i, probabilities[:, i]).get("roc_auc") for i in range(count)] if count <= 30 else [None]
        return result | ({"roc_auc": float(np.mean(areas))} if None not in areas else {})
    truth, scores = y == positive, probabilities[:, positive]
    result |= ranking_metrics(truth, scores)
    result |= {"f1": float(f1[positive]), "precision": float(right[positive] / max(called[positive], 1)),
               "recall": float(right[positive] / max(actual[positive], 1))}
    return result | {"brier": float(np.mean((scores - truth) ** 2))}


def bootstrap(y, model, dummy, measure):
    """95 % intervals of every metric, and of the difference from the dummy on the same resampled rows."""
    rng, kept, differences = np.random.default_rng(SEED), [], []
    for _ in range(RESAMPLES):
        rows = rng.integers(0, len(y), len(y))
        a, b = measure(y[rows], *(part[rows] for part in model)), measure(y[rows], *(part[rows] for part in dummy))
        kept.append(a)
        if METRIC in a and METRIC in b:
            differences.append((b[METRIC] - a[METRIC]) if METRIC in LOWER_IS_BETTER else (a[METRIC] - b[METRIC]))
    table = pd.DataFrame(kept)
    intervals = {name: {"lower": float(table[name].quantile(0.025)), "upper": float(table[name].quantile(0.975))} for name in table}
    return intervals, np.asarray(differences, dtype="float64")


def style():
    plt.rcParams.update({"figure.facecolor": "#fbfbf9", "axes.facecolor": "#fbfbf9", "savefig.facecolor": "#fbfbf9", "figure.dpi": 110,
                         "text.color": INK, "axes.labelcolor": INK, "axes.spines.top": False, "axes.spines.right": False, "font.size": 9.5,
                         "axes.titlesize": 11, "axes.titleweight": "bold", "text.parse_math": False})


def save(figure, name, title):
    path = stage_dir() / "figures" / f"{name}.png"
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, bbox_inches="tight")
    plt.close(figure)
    log_image(title, path)


def draw_regression(y, predicted):
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8))
    shown = np.random.default_rng(SEED).permutation(len(y))[:5000]
    size = 22 if len(y) < 500 else 8
    ends = [min(y.min(), predicted.min()), max(y.max(), predicted.max())]
    left.plot(ends, ends, color=ORANGE, linewidth=1.5)
    left.scatter(predicted[shown], y[shown], s=size, alpha=0.5, color=BLUE, linewidths=0)
    left.set(xlabel="predicted", ylabel="actual", title="Actual against predicted")
    right.axhline(0, color=ORANGE, linewidth=1.5)
    right.scatter(predicted[shown], (y - predicted)[shown], s=size, alpha=0.5, color=BLUE, linewidths=0)
    right.set(xlabel="predicted", ylabel="residual", title="Residuals")
    figure.tight_layout()
    save(figure, "residuals", "Residuals on test")


def draw_classes(y, labels, probabilities, positive, names):
    log_confusion_matrix("Confusion matrix on test", [names[i] for i in y], [names[i] for i in labels], labels=names)
    if len(names) <= 30:
        matrix = metrics.confusion_matrix(y, labels, labels=range(len(names)))
        short = [name if len(name) <= 16 else name[:15] + "…" for name in names]
        size = 2.6 + 0.4 * len(names)
        figure, axis = plt.subplots(figsize=(size + 0.6, size))
        axis.imshow(matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1)
        for (i, j), value in np.ndenumerate(matrix):
            axis.text(j, i, f"{value:,}", ha="center", va="center", color="white" if value > 0.5 * matrix[i].sum() else INK, fontsize=8)
        axis.set_xticks(range(len(names)), short, rotation=35, ha="right")
        axis.set_yticks(range(len(names)), short)
        axis.set(xlabel="predicted", ylabel="actual", title="Confusion matrix on test")
        save(figure, "confusion_matrix", "Confusion matrix on test")
    if positive is None:
        present = [i for i in range(len(names)) if (y == i).any()]
        if len(present) == len(names) <= 20:
            log_roc("ROC on test", [names[i] for i in y], probabilities, labels=names)
        return
    truth, scores = y == positive, probabilities[:, positive]
    if not 0 < truth.sum() < len(truth):
        return
    log_roc("ROC on test", truth, scores, labels=[False, True])
    log_pr("Precision and recall on test", truth, scores, labels=[False, True])
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.5))
    fpr, tpr, _ = metrics.roc_curve(truth, scores)
    precision, recall, _ = metrics.precision_recall_curve(truth, scores)
    axes[0].plot(fpr, tpr, color=BLUE)
    axes[0].plot([0, 1], [0, 1], color=ORANGE, linewidth=1, linestyle="--")
    axes[0].set(xlabel="false positive rate", ylabel="true positive rate", title="ROC")
    axes[1].plot(recall, precision, color=BLUE)
    axes[1].axhline(truth.mean(), color=ORANGE, linewidth=1, linestyle="--")
    axes[1].set(xlabel="recall", ylabel="precision", title="Precision and recall", ylim=(0, 1.03))
    parts = [part for part in np.array_split(np.argsort(scores, kind="stable"), max(2, min(10, len(y) // 20))) if len(part)]
    axes[2].plot([0, 1], [0, 1], color=ORANGE, linewidth=1, linestyle="--")
    axes[2].plot([scores[p].mean() for p in parts], [truth[p].mean() for p in parts], color=BLUE, marker="o", markersize=4)
    axes[2].set(xlabel="predicted probability", ylabel="share that happened", title="Calibration")
    figure.tight_layout()
    save(figure, "curves", "ROC, precision and recall, calibration on test")


def main():
    warnings.filterwarnings("ignore")
    style()
    stage = stage_dir()
    plan = json.loads((stage / "data/plan.json").read_text())
    model, dummy = joblib.load(stage / "models/model.pkl"), joblib.load(stage / "models/candidates/dummy.pkl")
    frame = pq.read_table(session_dir() / "prep/data/test.parquet").to_pandas()
    x, actual = frame.drop(columns=TARGET), frame[TARGET].to_numpy()
    saved = pd.DataFrame({"actual": actual, "predicted": model.predict(x)})
    if TASK == "regression":
        y, measure = actual, regression_metrics
        of_model, of_dummy = (saved["predicted"].to_numpy(),), (dummy.predict(x),)
        draw_regression(y, of_model[0])
    else:
        classes = joblib.load(stage / "models/classes.pkl")
        y = np.searchsorted(classes, actual)
        of_model = (np.searchsorted(classes, saved["predicted"].to_numpy()), model.predict_proba(x))
        of_dummy = (dummy.predict(x), dummy.predict_proba(x))
        for index, name in enumerate(plan["classes"][:50]):
            saved[f"probability of {name}"] = of_model[1][:, index]

        def measure(truth, labels, probabilities):
            return class_metrics(truth, labels, probabilities, plan["positive"])

        draw_classes(y, *of_model, plan["positive"], plan["classes"])
    saved.to_parquet(stage / "data/test_predictions.parquet", index=False)
    result, base = measure(y, *of_model), measure(y, *of_dummy)
    intervals, differences = bootstrap(y, of_model, of_dummy, measure)
    sign = -1 if METRIC in LOWER_IS_BETTER else 1
    lower, upper = np.quantile(differences, [0.025, 0.975]) if len(differences) else (float("nan"),) * 2
    versus = {"metric": METRIC, "model": result[METRIC], "dummy": base[METRIC], "difference": sign * (result[METRIC] - base[METRIC]),
              "lower": float(lower), "upper": float(upper), "resamples": len(differences), "higher_is_better": sign > 0}
    (stage / "data/test.json").write_text(json.dumps({"rows": len(y), "test_metrics": result, "test_metrics_ci": intervals,
                                                      "dummy_metrics": base, "vs_dummy": versus}, indent=1))
    log(step=0, metrics={f"test_{name}": value for name, value in result.items()} | {f"dummy_{METRIC}": base[METRIC]}, run="chosen")
    print(f"• test, {len(y):,} rows: " + ", ".join(f"{name} {digits(value)}" for name, value in result.items()))
    print(f"• {METRIC} {digits(result[METRIC])} (95 % {digits(intervals[METRIC]['lower'])} to {digits(intervals[METRIC]['upper'])}), dummy {digits(base[METRIC])}")
    print(f"• better than the dummy by {digits(versus['difference'])} (95 % {digits(lower)} to {digits(upper)}, paired bootstrap)")


if __name__ == "__main__":
    main()

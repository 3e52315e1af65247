"""Choose on validation: one model or an average of the best, the threshold and the calibration. Test stays closed.

Leaves models/model.pkl, one object of scikit-learn's that predicts in the target's own terms, and data/choice.json.
"""

import json
import warnings

import joblib
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from sklearn import metrics
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier, StratifiedKFold
from trainable import log, log_table, session_dir, stage_dir

# --- decided by the autopilot ---
TARGET = "target"
TASK = "binary"  # "binary", "multiclass" or "regression"
METRIC = "roc_auc"  # fixed before training; models are compared by it on validation
SEED = 42
TUNE_THRESHOLD = False  # choose the threshold on validation, and calibrate: for imbalanced classes
RECALL_FIRST = False  # a missed positive is worse than a false alarm: recall counts double (F2)
# --- end of decisions ---

RESAMPLES = 200
SIMPLEST_FIRST = ["dummy", "linear", "forest", "lightgbm", "xgboost"]
CONFIDENCE = 0.9  # share of resamples in which an average must beat the best single model to be kept
LOWER_IS_BETTER = ("rmse", "mae", "log_loss")
VAL_ROWS = 50000  # validation rows that models are compared on, at most


def read_rows(name, limit):
    """Features and target of a split; a random sample, drawn with the seed, when it has more rows than the limit."""
    table = pq.read_table(session_dir() / "prep/data" / f"{name}.parquet")
    if table.num_rows > limit:
        table = table.take(np.sort(np.random.default_rng(SEED).choice(table.num_rows, limit, replace=False)))
    frame = table.to_pandas()
    return frame.drop(columns=TARGET), frame[TARGET].to_numpy()


def score(y, predicted, plan):
    """The metric, turned so that more is better. `predicted`: probabilities per class, or numbers."""
    if METRIC in ("rmse", "mae", "r2"):
        error = y - predicted
        if METRIC == "r2":
            return float(1 - (error**2).sum() / ((y - y.mean()) ** 2).sum())
        return -float(np.sqrt((error**2).mean()) if METRIC == "rmse" else np.abs(error).mean())
    if METRIC == "log_loss":
        return -float(metrics.log_loss(y, predicted, labels=range(predicted.shape[1])))
    if METRIC in ("roc_auc", "average_precision"):
        if predicted.shape[1] > 2:
            return float(metrics.roc_auc_score(y, predicted, multi_class="ovr", labels=range(predicted.shape[1])))
        measure = metrics.roc_auc_score if METRIC == "roc_auc" else metrics.average_precision_score
        return float(measure(y == plan["positive"], predicted[:, plan["positive"]]))
    labels = predicted.argmax(axis=1)
    if METRIC in ("accuracy", "balanced_accuracy"):
        return float(getattr(metrics, f"{METRIC}_score")(y, labels))
    average = {"average": "macro"} if METRIC.endswith("_macro") or predicted.shape[1] > 2 else {"pos_label": plan["positive"]}
    return float(getattr(metrics, f"{METRIC.removesuffix('_macro')}_score")(y, labels, zero_division=0, **average))


def shown(value):
    return -value if METRIC in LOWER_IS_BETTER else value


def ranking(scores):
    """Best first; of equals the simpler one."""
    return sorted(scores, key=lambda name: (-scores[name], SIMPLEST_FIRST.index(name)))


def averages(scores, predicted):
    """Plain averages of the best two, three and of all: few, so that validation cannot be searched to death."""
    best = [name for name in ranking(scores) if name != "dummy"]
    for count in sorted({2, 3, len(best)}):
        if 1 < count <= len(best):
            yield best[:count], np.mean([predicted[n] for n in best[:count]], axis=0)


def resampled_scores(y, values, plan):
    """The score on each of the same resampled validation sets, NaN where a class is missing from one."""
    rng, scores = np.random.default_rng(SEED), []
    for _ in range(RESAMPLES if len(y) <= 10000 else RESAMPLES // 4):
        rows = rng.integers(0, len(y), len(y))
        whole = TASK == "regression" or len(np.unique(y[rows])) == len(plan["classes"])
        scores.append(score(y[rows], values[rows], plan) if whole else np.nan)
    return np.asarray(scores)


def share_better(a, b):
    """In which share of the resampled validation sets the scores `a` are above `b`."""
    both = ~np.isnan(a) & ~np.isnan(b)
    return float((a[both] > b[both]).mean()) if both.any() else 0.0


def assemble(members, x, y, plan):
    """One object out of fitted models, none of which is fitted again."""
    models = {n: joblib.load(stage_dir() / f"models/candidates/{n}.pkl") for n in members}
    if TASK != "regression":
        # The models know classes by number; the voting one gives them back their names.
        return VotingClassifier([(n, FrozenEstimator(m)) for n, m in models.items()], voting="soft").fit(x, y)
    if plan["log_target"]:
        models = {n: m if n == "dummy" else TransformedTargetRegressor(FrozenEstimator(m), func=np.log1p, inverse_func=np.expm1).fit(x, y)
                  for n, m in models.items()}
    return VotingRegressor([(n, FrozenEstimator(m)) for n, m in models.items()]).fit(x, y)


def calibrated(model, x, y, plan):
    """The model with a logistic calibration, when that brings the probabilities nearer to what happens."""
    positive = (np.searchsorted(model.classes_, y) == plan["positive"]).astype(int)
    if min(positive.sum(), (1 - positive).sum()) < 25:
        return model, "too few rows of a class in validation to calibrate"
    raw = model.predict_proba(x)[:, plan["positive"]]
    wrapped = CalibratedClassifierCV(FrozenEstimator(model), method="sigmoid")
    held_out = np.zeros(len(y))
    for fit, hold in StratifiedKFold(5, shuffle=True, random_state=SEED).split(x, positive):
        held_out[hold] = clone(wrapped).fit(x.iloc[fit], y[fit]).predict_proba(x.iloc[hold])[:, plan["positive"]]
    before, after = metrics.brier_score_loss(positive, raw), metrics.brier_score_loss(positive, held_out)
    words = f"Brier score {before:.4f} as it is, {after:.4f} with a logistic calibration (cross-validated on validation)"
    return (wrapped.fit(x, y), words + ": calibrated") if after < before else (model, words + ": left as it is")


def best_threshold(y, probabilities):
    """The threshold of the best F-score; the middle one of all that come within 1 % of it, which is steadier."""
    precision, recall, thresholds = metrics.precision_recall_curve(y, probabilities)
    weight = 4 if RECALL_FIRST else 1
    f_score = ((1 + weight) * precision * recall / np.maximum(weight * precision + recall, 1e-12))[:-1]
    good = thresholds[f_score >= 0.99 * f_score.max()]
    return float(np.median(good)), float(f_score.max())


def main():
    warnings.filterwarnings("ignore")
    plan = json.loads((stage_dir() / "data/plan.json").read_text())
    x, labels = read_rows("val", VAL_ROWS)
    y = labels if TASK == "regression" else np.searchsorted(joblib.load(stage_dir() / "models/classes.pkl"), labels)
    records = {p.stem: json.loads(p.read_text()) for p in sorted((stage_dir() / "data/candidates").glob("*.json"))}
    predicted = {name: np.load(stage_dir() / f"data/candidates/{name}.npy") for name in records}
    scores = {name: score(y, values, plan) for name, values in predicted.items()}
    order = ranking(scores)
    best, tried = order[0], []
    members, chosen = [best], predicted[best]
    base = resampled_scores(y, chosen, plan)
    for names, values in averages(scores, predicted):
        share = share_better(resampled_scores(y, values, plan), base)
        tried.append({"members": names, f"val_{METRIC}": shown(score(y, values, plan)), "better_in": share})
        if share >= CONFIDENCE and score(y, values, plan) > score(y, chosen, plan):
            members, chosen = names, values
    close = [n for n in order[1:] if n != "dummy" and share_better(resampled_scores(y, predicted[n], plan), base) >= 0.1]

    model = assemble(members, x, labels, plan)
    threshold, calibration, f_score, goal = None, None, None, "F2" if RECALL_FIRST else "F1"
    if TUNE_THRESHOLD:
        model, calibration = calibrated(model, x, labels, plan)
        threshold, f_score = best_threshold(y == plan["positive"], model.predict_proba(x)[:, plan["positive"]])
        model = FixedThresholdClassifier(FrozenEstimator(model), threshold=threshold, pos_label=model.classes_[plan["positive"]]).fit(x, labels)
    joblib.dump(model, stage_dir() / "models/model.pkl", compress=3)
    name = members[0] if len(members) == 1 else "ensemble"
    choice = {"best_model": name, "members": members, "averages": tried, "close": close, "threshold": threshold, "threshold_goal": goal, "threshold_score": f_score,
              "calibration": calibration, f"val_{METRIC}": shown(score(y, chosen, plan)), "val_rows": len(y),
              "leaderboard": [{**records[n], f"val_{METRIC}": shown(scores[n])} for n in order]}
    (stage_dir() / "data/choice.json").write_text(json.dumps(choice, indent=1, ensure_ascii=False))
    log_table("Models on validation", pd.DataFrame([{"model": n, METRIC: shown(scores[n]), "what": records[n]["note"]} for n in order]))
    log(step=0, metrics={f"val_{METRIC}": choice[f"val_{METRIC}"]}, run="chosen")
    print(f"• chosen on {len(y):,} validation rows: {name}" + (f" of {', '.join(members)}" if len(members) > 1 else "")
          + f", {METRIC} {choice[f'val_{METRIC}']:.4f}")
    for entry in tried:
        print(f"• average of {', '.join(entry['members'])}: {entry[f'val_{METRIC}']:.4f}, better than {best} in {entry['better_in']:.0%} of resamples")
    if close:
        print(f"• within the noise of validation: {', '.join(close)}")
    if threshold is not None:
        print(f"• threshold {threshold:.3f} for {plan['classes'][plan['positive']]} ({goal} {f_score:.3f} on validation); {calibration}")


if __name__ == "__main__":
    main()

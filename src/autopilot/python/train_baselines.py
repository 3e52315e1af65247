"""Train what every model must beat: a dummy that knows only the target's distribution, and a linear model.

Fixes what all later steps share (classes, the positive one, whether the target is learned as a logarithm) in
data/plan.json. Each model leaves models/candidates/NAME.pkl, data/candidates/NAME.json and its validation predictions.
"""

import json
import warnings

import joblib
import numpy as np
import pyarrow.parquet as pq
from sklearn import metrics
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold
from trainable import configure_dashboard, log, session_dir, stage_dir

# --- decided by the autopilot ---
TARGET = "target"
TASK = "binary"  # "binary", "multiclass" or "regression"
METRIC = "roc_auc"  # fixed before training; models are compared by it on validation
SEED = 42
FIT_ROWS = 100000  # rows that a model is fitted on, at most
CLASS_WEIGHTS = False  # weight the classes by their rarity
FOLDS = 5  # cross-validation folds on train that parameters are tuned by; 0: on validation
# --- end of decisions ---

STRENGTHS = [0.01, 0.1, 1.0, 10.0]
ALPHAS = [0.1, 1.0, 10.0, 100.0, 1000.0]
POSITIVE_NAMES = ("1", "1.0", "true", "yes", "y", "t", "positive", "pos")
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


def make_plan(y):
    """What all models share."""
    if TASK == "regression":
        skew = float(((y - y.mean()) ** 3).mean() / max(y.std() ** 3, 1e-300))
        return {"classes": None, "positive": None, "try_log": bool(skew > 1 and y.min() >= 0), "log_target": False}
    classes, counts = np.unique(y, return_counts=True)
    named = [i for i, name in enumerate(classes) if str(name).lower() in POSITIVE_NAMES]
    rarest = int(counts.argmin()) if counts.min() < counts.max() else len(classes) - 1
    positive = None if TASK != "binary" else rarest if CLASS_WEIGHTS or not named else named[0]
    return {"classes": [str(name) for name in classes], "positive": positive, "try_log": False, "log_target": False}


def linear(strength):
    if TASK == "regression":
        return Ridge(alpha=strength)
    return LogisticRegression(C=strength, max_iter=2000, class_weight="balanced" if CLASS_WEIGHTS else None)


def predictions(model, x, log_target):
    if TASK == "regression":
        return np.expm1(model.predict(x)) if log_target else model.predict(x)
    return model.predict_proba(x)


def tuned(x, y, x_val, y_val, plan, log_target):
    """The best strength of regularisation and its score: by cross-validation on train, or on validation."""
    goal = np.log1p(y) if log_target else y
    results = []
    for strength in ALPHAS if TASK == "regression" else STRENGTHS:
        if FOLDS:
            kind = KFold if TASK == "regression" else StratifiedKFold
            parts = kind(FOLDS, shuffle=True, random_state=SEED).split(x, y)
            scores = []
            for fit, hold in parts:
                model = linear(strength).fit(x.iloc[fit], goal[fit])
                scores.append(score(y[hold], predictions(model, x.iloc[hold], log_target), plan))
            results.append((float(np.mean(scores)), strength))
        else:
            model = linear(strength).fit(x, goal)
            results.append((score(y_val, predictions(model, x_val, log_target), plan), strength))
    return max(results)


def keep(name, model, predicted, y_val, plan, params, note):
    """Saves a candidate and shows its score."""
    value = shown(score(y_val, predicted, plan))
    joblib.dump(model, stage_dir() / f"models/candidates/{name}.pkl", compress=3)
    np.save(stage_dir() / f"data/candidates/{name}.npy", predicted)
    record = {"name": name, "params": params, f"val_{METRIC}": value, "trials": 0, "note": note}
    (stage_dir() / f"data/candidates/{name}.json").write_text(json.dumps(record, indent=1))
    log(step=0, metrics={f"val_{METRIC}": value}, run=name)
    print(f"• {name}: validation {METRIC} {value:.4f} ({note})")


def main():
    warnings.filterwarnings("ignore")
    configure_dashboard([
        {"title": f"Validation {METRIC} by model", "metrics": [f"val_{METRIC}"], "type": "bar"},
        {"title": f"Tuning: {METRIC} by trial", "metrics": ["trial_score", "best_score"], "type": "line"},
        {"title": "Boosting: loss by iteration", "metrics": ["train_loss", "val_loss"], "type": "line"},
        {"title": f"Test {METRIC}", "metrics": [f"test_{METRIC}", f"dummy_{METRIC}"], "type": "bar"},
    ])
    x, y = read_rows("train", FIT_ROWS)
    x_val, y_val = read_rows("val", VAL_ROWS)
    plan = make_plan(y)
    classes = None
    if TASK != "regression":
        classes = np.unique(y)
        y, y_val = np.searchsorted(classes, y), np.searchsorted(classes, y_val)
    for folder in ("data/candidates", "models/candidates"):
        (stage_dir() / folder).mkdir(parents=True, exist_ok=True)
    joblib.dump(classes, stage_dir() / "models/classes.pkl")

    if TASK == "regression":
        dummy = DummyRegressor(strategy="median" if METRIC == "mae" else "mean").fit(x, y)
    else:
        dummy = DummyClassifier(strategy="prior").fit(x, y)
    keep("dummy", dummy, predictions(dummy, x_val, False), y_val, plan, {}, "knows only the target's distribution")

    best, strength = tuned(x, y, x_val, y_val, plan, False)
    if plan["try_log"]:
        log_best, log_strength = tuned(x, y, x_val, y_val, plan, True)
        plan["log_target"] = log_best > best
        strength = log_strength if plan["log_target"] else strength
        print(f"• the target is skewed: as a logarithm {METRIC} is {shown(log_best):.4f}, as it is {shown(best):.4f}")
    plan["fitted_rows"], plan["train_rows"] = len(x), pq.read_metadata(session_dir() / "prep/data/train.parquet").num_rows
    (stage_dir() / "data/plan.json").write_text(json.dumps(plan, indent=1, ensure_ascii=False))
    model = linear(strength).fit(x, np.log1p(y) if plan["log_target"] else y)
    params = {"alpha" if TASK == "regression" else "C": strength}
    how = f"{FOLDS}-fold cross-validation on train" if FOLDS else "validation"
    keep("linear", model, predictions(model, x_val, plan["log_target"]), y_val, plan, params, f"regularisation by {how}")
    if plan["fitted_rows"] < plan["train_rows"]:
        print(f"• models are fitted on {len(x):,} random rows of {plan['train_rows']:,} in train")


if __name__ == "__main__":
    main()

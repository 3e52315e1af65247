"""Tune and train a forest: random or extremely randomised trees, whichever does better.

Leaves models/candidates/forest.pkl, data/candidates/forest.json and its validation predictions.
"""

import json
import warnings

import joblib
import numpy as np
import optuna
import pyarrow.parquet as pq
from sklearn import ensemble, metrics
from sklearn.model_selection import KFold, StratifiedKFold
from trainable import log, session_dir, stage_dir

# --- decided by the autopilot ---
TARGET = "target"
TASK = "binary"  # "binary", "multiclass" or "regression"
METRIC = "roc_auc"  # fixed before training; models are compared by it on validation
SEED = 42
THREADS = 2
FIT_ROWS = 100000  # rows that a model is fitted on, at most
CLASS_WEIGHTS = False  # weight the classes by their rarity
FOLDS = 5  # cross-validation folds on train that parameters are tuned by; 0: on validation
TRIALS = 8
TREES = 300
# --- end of decisions ---

TREE_ROWS = 25000

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


def forest(params, trees, rows):
    params = dict(params)
    # A tree needs no more rows than this; many trees see them all.
    if rows > TREE_ROWS:
        params |= {"bootstrap": True, "max_samples": TREE_ROWS}
    name = params.pop("kind") + ("Regressor" if TASK == "regression" else "Classifier")
    weights = {} if TASK == "regression" else {"class_weight": "balanced" if CLASS_WEIGHTS else None}
    return getattr(ensemble, name)(n_estimators=trees, n_jobs=THREADS, random_state=SEED, **weights, **params)


def fitted(params, trees, x, goal):
    model = forest(params, trees, len(x)).fit(x, goal)
    # Several threads would add the trees' votes in the order they finish: the last bits would differ from run to run.
    return model.set_params(n_jobs=1)


def predictions(model, x, plan):
    if TASK == "regression":
        return np.expm1(model.predict(x)) if plan["log_target"] else model.predict(x)
    return model.predict_proba(x)


def folds(x, y):
    kind = KFold if TASK == "regression" else StratifiedKFold
    return list(kind(FOLDS, shuffle=True, random_state=SEED).split(x, y))


def main():
    warnings.filterwarnings("ignore")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    plan = json.loads((stage_dir() / "data/plan.json").read_text())
    x, y = read_rows("train", FIT_ROWS)
    x_val, y_val = read_rows("val", VAL_ROWS)
    if TASK != "regression":
        classes = joblib.load(stage_dir() / "models/classes.pkl")
        y, y_val = np.searchsorted(classes, y), np.searchsorted(classes, y_val)
    goal = np.log1p(y) if plan["log_target"] else y
    small = max(1, len(x) // 20000)

    def objective(trial):
        params = {
            "kind": trial.suggest_categorical("kind", ["RandomForest", "ExtraTrees"]),
            "max_features": trial.suggest_categorical("max_features", ["sqrt", 0.3, 0.6] + ([1.0] if len(x) < 20000 else [])),
            "min_samples_leaf": small * trial.suggest_int("min_samples_leaf", 1, 16, log=True),
        }
        trees = TREES // 3
        if FOLDS:
            scores = [score(y[hold], predictions(fitted(params, trees, x.iloc[fit], goal[fit]), x.iloc[hold], plan), plan)
                      for fit, hold in folds(x, y)]
        else:
            scores = [score(y_val, predictions(fitted(params, trees, x, goal), x_val, plan), plan)]
        trial.set_user_attr("params", params)
        return float(np.mean(scores))

    def report(study, trial):
        log(step=trial.number, metrics={"trial_score": shown(trial.value), "best_score": shown(study.best_value)}, run="forest-tuning")

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=SEED))
    study.optimize(objective, n_trials=TRIALS, callbacks=[report])
    params = study.best_trial.user_attrs["params"]
    model = fitted(params, TREES, x, goal)
    predicted = predictions(model, x_val, plan)
    value = shown(score(y_val, predicted, plan))
    joblib.dump(model, stage_dir() / "models/candidates/forest.pkl", compress=3)
    np.save(stage_dir() / "data/candidates/forest.npy", predicted)
    record = {"name": "forest", "params": {**params, "n_estimators": TREES}, f"val_{METRIC}": value, "trials": TRIALS,
              "tuning_score": shown(study.best_value), "note": f"{params['kind']}, {TREES} trees"}
    (stage_dir() / "data/candidates/forest.json").write_text(json.dumps(record, indent=1))
    log(step=0, metrics={f"val_{METRIC}": value}, run="forest")
    print(f"• forest: validation {METRIC} {value:.4f} after {TRIALS} trials ({record['note']}, leaves of {params['min_samples_leaf']} or more rows)")


if __name__ == "__main__":
    main()

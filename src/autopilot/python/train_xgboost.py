"""Tune and train XGBoost.

The number of trees follows from early stopping: on the held-out folds, or on validation when there are rows enough.
Leaves models/candidates/xgboost.pkl, data/candidates/xgboost.json and its validation predictions.
"""

import json
import warnings

import joblib
import numpy as np
import optuna
import pyarrow.parquet as pq
import xgboost
from sklearn import metrics
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.utils.class_weight import compute_sample_weight
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
TRIALS = 20
ROUNDS = 600  # trees, at most
# --- end of decisions ---

PATIENCE = 30  # trees without progress before a fit stops
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


class LogIterations(xgboost.callback.TrainingCallback):
    """Shows the loss of every iteration, or of every fifth one past 200."""

    def after_iteration(self, model, epoch, evals_log):
        if epoch < 200 or epoch % 5 == 0:
            train, val = (next(iter(evals_log[name].values()))[-1] for name in ("validation_0", "validation_1"))
            log(step=epoch, metrics={"train_loss": train, "val_loss": val}, run="xgboost")
        return False


def booster(params, rounds, **more):
    fixed = {"n_estimators": rounds, "random_state": SEED, "n_jobs": THREADS, "tree_method": "hist", "verbosity": 0}
    kind = xgboost.XGBRegressor if TASK == "regression" else xgboost.XGBClassifier
    return kind(**fixed, **params, **more)


def weights(goal):
    return compute_sample_weight("balanced", goal) if CLASS_WEIGHTS else None


def predictions(model, x, plan):
    if TASK == "regression":
        values = model.predict(x).astype("float64")
        return np.expm1(values) if plan["log_target"] else values
    return model.predict_proba(x).astype("float64")


def stopped_early(params, x, goal, x_hold, goal_hold):
    """A model with as many trees as did best on the held-out rows."""
    model = booster(params, ROUNDS, early_stopping_rounds=PATIENCE)
    return model.fit(x, goal, sample_weight=weights(goal), eval_set=[(x_hold, goal_hold)], verbose=False)


def main():
    warnings.filterwarnings("ignore")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    plan = json.loads((stage_dir() / "data/plan.json").read_text())
    x, y = read_rows("train", FIT_ROWS)
    x_val, y_val = read_rows("val", VAL_ROWS)
    if TASK != "regression":
        classes = joblib.load(stage_dir() / "models/classes.pkl")
        y, y_val = np.searchsorted(classes, y), np.searchsorted(classes, y_val)
    goal, goal_val = (np.log1p(y), np.log1p(np.maximum(y_val, 0))) if plan["log_target"] else (y, y_val)

    def objective(trial):
        params = {
            "learning_rate": trial.suggest_float("learning_rate", 0.04, 0.25, log=True),
            "max_depth": trial.suggest_int("max_depth", 2, 8),
            "min_child_weight": trial.suggest_float("min_child_weight", 0.5, 20.0, log=True),
            "colsample_bytree": trial.suggest_float("colsample_bytree", 0.4, 1.0),
            "subsample": trial.suggest_float("subsample", 0.6, 1.0),
            "reg_lambda": trial.suggest_float("reg_lambda", 0.01, 10.0, log=True),
        }
        scores, trees = [], []
        if FOLDS:
            kind = KFold if TASK == "regression" else StratifiedKFold
            for fit, hold in kind(FOLDS, shuffle=True, random_state=SEED).split(x, y):
                model = stopped_early(params, x.iloc[fit], goal[fit], x.iloc[hold], goal[hold])
                scores.append(score(y[hold], predictions(model, x.iloc[hold], plan), plan))
                trees.append(model.best_iteration + 1)
        else:
            model = stopped_early(params, x, goal, x_val, goal_val)
            scores.append(score(y_val, predictions(model, x_val, plan), plan))
            trees.append(model.best_iteration + 1)
        trial.set_user_attr("params", params)
        trial.set_user_attr("trees", max(1, round(float(np.mean(trees)))))
        return float(np.mean(scores))

    def report(study, trial):
        log(step=trial.number, metrics={"trial_score": shown(trial.value), "best_score": shown(study.best_value)}, run="xgboost-tuning")

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=SEED))
    study.optimize(objective, n_trials=TRIALS, callbacks=[report])
    best = study.best_trial.user_attrs
    model = booster(best["params"], best["trees"], callbacks=[LogIterations()])
    model.fit(x, goal, sample_weight=weights(goal), eval_set=[(x, goal), (x_val, goal_val)], verbose=False)
    # The callback is a class of this script: with it, nobody else could load the model.
    model.set_params(callbacks=None)
    predicted = predictions(model, x_val, plan)
    value = shown(score(y_val, predicted, plan))
    joblib.dump(model, stage_dir() / "models/candidates/xgboost.pkl", compress=3)
    np.save(stage_dir() / "data/candidates/xgboost.npy", predicted)
    record = {"name": "xgboost", "params": {**best["params"], "n_estimators": best["trees"]}, f"val_{METRIC}": value, "trials": TRIALS,
              "tuning_score": shown(study.best_value), "note": f"{best['trees']} trees of depth {best['params']['max_depth']}"}
    (stage_dir() / "data/candidates/xgboost.json").write_text(json.dumps(record, indent=1))
    log(step=0, metrics={f"val_{METRIC}": value}, run="xgboost")
    print(f"• xgboost: validation {METRIC} {value:.4f} after {TRIALS} trials ({record['note']})")


if __name__ == "__main__":
    main()

"""Ask what the chosen model goes by: SHAP values where it is made of trees, permutation on validation where not.

Leaves data/importance.json, data/shap_values.parquet and figures.
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
from sklearn.inspection import permutation_importance
from trainable import log_image, session_dir, stage_dir

# --- decided by the autopilot ---
TARGET = "target"
TASK = "binary"  # "binary", "multiclass" or "regression"
METRIC = "roc_auc"  # fixed before training; models are compared by it on validation
SEED = 42
ROWS = 300  # validation rows that are explained
# --- end of decisions ---

SCORERS = {"rmse": "neg_root_mean_squared_error", "mae": "neg_mean_absolute_error", "r2": "r2", "roc_auc": "roc_auc_ovr",
           "log_loss": "neg_log_loss"}


def tree_shap(name, x):
    """Mean absolute SHAP value per feature, and the values themselves (rows × features) for one output."""
    import shap

    explainer = shap.TreeExplainer(joblib.load(stage_dir() / f"models/candidates/{name}.pkl"))
    values = np.asarray(explainer.shap_values(x, check_additivity=False) if name == "forest" else explainer(x).values)
    if values.ndim == 3 and values.shape[1] != x.shape[1]:
        values = np.moveaxis(values, 0, -1)
    mean = np.abs(values).mean(axis=(0, 2) if values.ndim == 3 else 0)
    return mean, values


def draw_importance(importance, how):
    top = list(importance.items())[:15][::-1]
    figure, axis = plt.subplots(figsize=(6.4, 1.2 + 0.27 * len(top)))
    axis.barh([name[:32] for name, _ in top], [value for _, value in top], color="#3b6ea8")
    axis.set(xlabel=how, title="What the model goes by")
    return figure


def draw_directions(x, values, names):
    """Each dot is a row: how far its value of the feature moved the prediction, coloured from low to high."""
    rng = np.random.default_rng(SEED)
    figure, axis = plt.subplots(figsize=(6.8, 1.4 + 0.34 * len(names)))
    for height, name in enumerate(reversed(names)):
        column = x[name].to_numpy()
        rank = pd.Series(column).rank(pct=True).to_numpy()
        moved = values[:, list(x.columns).index(name)]
        dots = axis.scatter(moved, height + rng.uniform(-0.28, 0.28, len(moved)), c=rank, cmap="coolwarm", s=7, linewidths=0, alpha=0.8)
    axis.set_yticks(range(len(names)), [name[:32] for name in reversed(names)])
    axis.axvline(0, color="#9aa1ab", linewidth=1)
    axis.set(xlabel="SHAP value: what the feature adds to the prediction", title="Direction of the strongest features")
    figure.colorbar(dots, ax=axis, label="value of the feature: low to high", ticks=[])
    return figure


def save(figure, name, title):
    path = stage_dir() / "figures" / f"{name}.png"
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, bbox_inches="tight")
    plt.close(figure)
    log_image(title, path)


def main():
    warnings.filterwarnings("ignore")
    plt.rcParams.update({"figure.facecolor": "#fbfbf9", "axes.facecolor": "#fbfbf9", "savefig.facecolor": "#fbfbf9", "figure.dpi": 110,
                         "axes.spines.top": False, "axes.spines.right": False, "font.size": 9.5, "axes.titlesize": 11,
                         "axes.titleweight": "bold", "text.parse_math": False})
    stage = stage_dir()
    plan = json.loads((stage / "data/plan.json").read_text())
    choice = json.loads((stage / "data/choice.json").read_text())
    table = pq.read_table(session_dir() / "prep/data/val.parquet")
    if table.num_rows > ROWS:
        table = table.take(np.sort(np.random.default_rng(SEED).choice(table.num_rows, ROWS, replace=False)))
    frame = table.to_pandas()
    x, y = frame.drop(columns=TARGET), frame[TARGET]
    trees = [name for name in choice["members"] if name in ("lightgbm", "xgboost", "forest")]
    totals, values, explained = np.zeros(x.shape[1]), None, []
    for name in trees:
        try:
            mean, found = tree_shap(name, x)
        except Exception as error:  # a model that SHAP does not know is no reason to stop
            print(f"• SHAP does not explain {name}: {error}")
            continue
        # The models of an average speak in different units, so each one's shares are added.
        totals += mean / max(mean.sum(), 1e-300)
        explained.append(name)
        values = found if values is None else values
    if explained:
        method, how = f"mean |SHAP| of {', '.join(explained)} on {len(x)} validation rows", "share of the mean |SHAP| value"
    else:
        # Permuting is the only honest question to a model that is not made of trees; it needs no SHAP.
        scorer = SCORERS.get(METRIC, METRIC) if TASK != "binary" or METRIC != "roc_auc" else "roc_auc"
        if METRIC in ("average_precision", "f1", "precision", "recall"):
            scorer = "neg_log_loss"
        result = permutation_importance(joblib.load(stage / "models/model.pkl"), x, y, scoring=scorer, n_repeats=5, random_state=SEED)
        totals = np.maximum(result.importances_mean, 0)
        method, how = f"permutation on {len(x)} validation rows ({scorer})", "share of the loss when shuffled"
    totals = totals / totals.sum() if totals.sum() > 0 else totals
    order = np.lexsort((np.arange(len(totals)), -totals))
    importance = {x.columns[i]: float(totals[i]) for i in order}
    (stage / "data/importance.json").write_text(json.dumps({"method": method, "importance": importance}, indent=1, ensure_ascii=False))
    save(draw_importance(importance, how), "importance", "What the model goes by")
    if values is not None:
        one = values if values.ndim == 2 else values[:, :, plan["positive"] if plan["positive"] is not None else 0]
        if one.shape == x.shape:
            if TASK == "binary" and plan["positive"] == 0 and values.ndim == 2:
                one = -one
            pd.DataFrame(one, columns=x.columns).to_parquet(stage / "data/shap_values.parquet", index=False)
            if TASK != "multiclass":
                save(draw_directions(x, one, list(importance)[:12]), "shap", "Direction of the strongest features")
    print(f"• {method}: " + ", ".join(f"{name} {share:.0%}" for name, share in list(importance.items())[:6]))


if __name__ == "__main__":
    main()

"""Draw the figures of the report: the target, what is missing, the strongest columns, correlations."""

import json
import warnings

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from trainable import log_image, stage_dir

# --- decided by the autopilot ---
TARGET = "target"
TASK = "binary"  # "binary", "multiclass" or "regression"
# --- end of decisions ---

INK, BLUE, ORANGE = "#2f3542", "#3b6ea8", "#d9822b"


def style():
    """An opaque light card with dark ink reads well on a light and on a dark page."""
    plt.rcParams.update({
        "figure.facecolor": "#fbfbf9", "axes.facecolor": "#fbfbf9", "savefig.facecolor": "#fbfbf9", "figure.dpi": 110,
        "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": "#9aa1ab", "xtick.color": INK, "ytick.color": INK,
        "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": "#e3e5e8",
        "axes.axisbelow": True, "axes.titlesize": 11, "axes.titleweight": "bold", "font.size": 9.5,
        # A dollar sign in a column's name is a dollar sign, not the start of a formula.
        "text.parse_math": False,
    })


def short(name, width=28):
    text = " ".join(str(name).split())
    return text if len(text) <= width else text[: width - 1] + "…"


def save(figure, name, title):
    path = stage_dir() / "figures" / f"{name}.png"
    figure.savefig(path, bbox_inches="tight")
    plt.close(figure)
    log_image(title, path)


def numbers(series):
    return pd.to_numeric(series, errors="coerce").astype("float64").replace([np.inf, -np.inf], np.nan)


def draw_target(y):
    figure, axis = plt.subplots(figsize=(6.4, 3.4))
    if TASK == "regression":
        sns.histplot(numbers(y).dropna(), bins=40, ax=axis, color=BLUE)
        axis.axvline(numbers(y).median(), color=ORANGE, linewidth=2, label="median")
        axis.legend(frameon=False)
        axis.set(xlabel=short(TARGET), ylabel="rows")
    else:
        counts = y.astype("str").value_counts().head(20)[::-1]
        bars = axis.barh([short(level) for level in counts.index], counts.to_numpy(), color=BLUE)
        axis.bar_label(bars, [f"{count / len(y):.1%}" for count in counts], padding=3)
        axis.set(xlabel="rows")
        axis.grid(axis="y", visible=False)
    axis.set_title(f"Target: {short(TARGET)}")
    save(figure, "target", f"Target: {short(TARGET)}")


def draw_missing(columns):
    gaps = sorted((c for c in columns if c["missing"]), key=lambda c: -c["missing_share"])[:20][::-1]
    if not gaps:
        return
    figure, axis = plt.subplots(figsize=(6.4, 1.2 + 0.26 * len(gaps)))
    bars = axis.barh([short(c["name"]) for c in gaps], [100 * c["missing_share"] for c in gaps], color=ORANGE)
    axis.bar_label(bars, [f"{c['missing_share']:.1%}" for c in gaps], padding=3)
    axis.set(xlabel="% of rows", title="Missing values", xlim=(0, max(5, 112 * gaps[-1]["missing_share"])))
    axis.grid(axis="y", visible=False)
    save(figure, "missing", "Missing values")


def draw_associations(relations):
    top = relations[relations.get("power", pd.Series(0.0, index=relations.index)).fillna(0) > 0].head(15)[::-1]
    if top.empty:
        return
    figure, axis = plt.subplots(figsize=(6.4, 1.2 + 0.26 * len(top)))
    axis.barh([short(name) for name in top["column"]], top["power"], color=BLUE)
    axis.set(xlim=(0, 1), xlabel="0 = like guessing, 1 = perfect (small tree, 3-fold)", title="What one column alone predicts")
    axis.grid(axis="y", visible=False)
    save(figure, "associations", "What one column alone predicts")


def draw_top_columns(frame, relations, by_name):
    """The six strongest columns against the target."""
    drawable = ("numeric", "numeric_text", "boolean", "categorical")
    top = [by_name[n] for n in relations["column"] if by_name[n]["kind"] in drawable and by_name[n]["role"] == "feature"][:6]
    if not top:
        return
    rows = (len(top) + 2) // 3
    figure, axes = plt.subplots(rows, min(3, len(top)), figsize=(3.5 * min(3, len(top)), 2.9 * rows), squeeze=False)
    y = numbers(frame[TARGET]) if TASK == "regression" else frame[TARGET].astype("str")
    classes = None if TASK == "regression" else list(y.value_counts().head(6).index)
    for axis, column in zip(axes.flat, top):
        name = column["name"]
        if column["kind"] in ("numeric", "numeric_text"):
            x = numbers(frame[name])
            if classes is None:
                axis.scatter(x, y, s=6, alpha=0.35, color=BLUE, linewidths=0)
                axis.set(xlabel=short(name), ylabel=short(TARGET, 18))
            else:
                low, high = x.quantile([0.01, 0.99])
                shown = pd.DataFrame({"x": x.clip(low, high), "class": y.map(lambda v: short(v, 16))})[y.isin(classes)]
                order = [short(c, 16) for c in classes]
                sns.boxplot(data=shown, x="x", y="class", order=list(dict.fromkeys(order)), ax=axis, color="#a9c3e0", fliersize=1.5)
                axis.set(xlabel=short(name), ylabel="")
        else:
            levels = frame[name].astype("str").fillna("(missing)")
            kept = list(levels.value_counts().head(8).index)
            if classes is None:
                means = y.groupby(levels).median()[kept].sort_values()
                axis.barh([short(level, 16) for level in means.index], means.to_numpy(), color=BLUE)
                axis.set(xlabel=f"median {short(TARGET, 18)}", title=short(name))
            else:
                share = pd.crosstab(levels, y, normalize="index").reindex(index=kept, columns=classes).fillna(0)
                share.index = [short(level, 16) for level in share.index]
                share.columns = [short(c, 16) for c in share.columns]
                share.plot.barh(stacked=True, ax=axis, legend=axis is axes.flat[0], colormap="viridis", width=0.8)
                axis.set(xlabel="share of classes", ylabel="", title=short(name))
    for axis in list(axes.flat)[len(top):]:
        axis.set_visible(False)
    figure.tight_layout()
    save(figure, "top_columns", "The strongest columns against the target")


def draw_correlations(frame, relations, by_name):
    names = [n for n in relations["column"] if by_name[n]["kind"] in ("numeric", "numeric_text") and by_name[n]["role"] == "feature"]
    if len(names) < 3:
        return
    table = pd.DataFrame({n: numbers(frame[n]) for n in names[:18]})
    matrix = table.corr(method="spearman", min_periods=10)
    labels = [short(n, 20) for n in matrix.columns]
    size = 2.6 + 0.34 * len(labels)
    figure, axis = plt.subplots(figsize=(size + 1, size))
    sns.heatmap(matrix.to_numpy(), vmin=-1, vmax=1, cmap="RdBu_r", square=True, ax=axis, xticklabels=labels, yticklabels=labels,
                annot=len(labels) <= 10, fmt=".2f", annot_kws={"size": 7.5}, cbar_kws={"shrink": 0.7})
    axis.set_title("Spearman correlation")
    save(figure, "correlations", "Spearman correlation")


def main():
    warnings.filterwarnings("ignore")
    style()
    data = stage_dir() / "data"
    (stage_dir() / "figures").mkdir(exist_ok=True)
    columns = json.loads((data / "columns.json").read_text())
    by_name = {column["name"]: column for column in columns}
    frame = pd.read_parquet(data / "sample.parquet")
    frame = frame[frame[TARGET].notna()]
    relations = pd.DataFrame(json.loads((data / "findings.json").read_text())["associations"], columns=None)
    draw_target(frame[TARGET])
    draw_missing(columns)
    if not relations.empty:
        draw_associations(relations)
        points = frame.sample(min(len(frame), 3000), random_state=0)
        draw_top_columns(points, relations, by_name)
        draw_correlations(points, relations, by_name)
    drawn = sorted(path.stem for path in (stage_dir() / "figures").glob("*.png"))
    print(f"• drew {len(drawn)} figures: {', '.join(drawn)}")


if __name__ == "__main__":
    main()

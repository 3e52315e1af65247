"""Load the pipeline again as a stranger would, and check that it and the three splits are what they claim to be.

Leaves data/checks.json and two figures; ends with an error when a check fails.
"""

import json
import warnings

import joblib
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.stats import ks_2samp
from trainable import dataset_dir, log_image, stage_dir

# --- decided by the autopilot ---
TABLE = "table.parquet"
TARGET = "target"
TASK = "binary"  # "binary", "multiclass" or "regression"
# --- end of decisions ---

COMPARED_ROWS = 20000  # rows of a split that are transformed again
COLOURS = {"train": "#3b6ea8", "val": "#d9822b", "test": "#4c9a6a"}


def check_again(pipeline, names, file, ids, part):
    """Whether raw rows become the rows of the split: all at once, and each by itself."""
    ids, part = ids[:COMPARED_ROWS], part.iloc[:COMPARED_ROWS]
    raw = pa.table({n: file.read(columns=[n]).column(n).take(pa.array(ids)) for n in names}).to_pandas()
    again = pipeline.transform(raw)
    features = part.drop(columns=TARGET)
    together = list(again.columns) == list(features.columns) and np.allclose(again, features, rtol=1e-9, atol=1e-9)
    alone = [np.allclose(pipeline.transform(raw.iloc[[i]]), features.iloc[[i]], rtol=1e-9, atol=1e-9) for i in range(min(20, len(raw)))]
    return bool(together), bool(all(alone))


def drift(train, test):
    """Features whose distribution differs between train and test, by the Kolmogorov-Smirnov distance."""
    found = {}
    for name in train.columns:
        if name != TARGET:
            a, b = train[name].to_numpy()[:COMPARED_ROWS], test[name].to_numpy()[:COMPARED_ROWS]
            distance, p_value = ks_2samp(a, b, method="asymp")
            if p_value < 0.001 / train.shape[1] and distance > 0.1:
                found[name] = float(distance)
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def draw_target(splits):
    plt.rcParams.update({"figure.facecolor": "#fbfbf9", "axes.facecolor": "#fbfbf9", "savefig.facecolor": "#fbfbf9", "figure.dpi": 110,
                         "axes.spines.top": False, "axes.spines.right": False, "font.size": 9.5, "text.parse_math": False})
    figure, axis = plt.subplots(figsize=(6.4, 3.2))
    if TASK == "regression":
        edges = np.histogram_bin_edges(splits["train"][TARGET], bins=30)
        for name, part in splits.items():
            axis.hist(part[TARGET].clip(edges[0], edges[-1]), bins=edges, density=True, histtype="step", linewidth=1.8, color=COLOURS[name], label=name)
        axis.set(xlabel=" ".join(TARGET.split())[:40], ylabel="density")
    else:
        classes = list(splits["train"][TARGET].astype("str").value_counts().head(12).index)
        for index, (name, part) in enumerate(splits.items()):
            share = part[TARGET].astype("str").value_counts(normalize=True).reindex(classes).fillna(0)
            axis.bar(np.arange(len(classes)) + 0.27 * (index - 1), 100 * share, width=0.25, color=COLOURS[name], label=name)
        axis.set_xticks(range(len(classes)), [c[:18] for c in classes], rotation=30 if len(classes) > 5 else 0)
        axis.set(ylabel="% of the split")
    axis.set_title("The target in the three splits", fontweight="bold", fontsize=11)
    axis.legend(frameon=False)
    path = stage_dir() / "figures" / "target_by_split.png"
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, bbox_inches="tight")
    log_image("The target in the three splits", path)


def main():
    warnings.filterwarnings("ignore")
    data = stage_dir() / "data"
    metadata = json.loads((data / "metadata.json").read_text())
    row_ids = pd.read_parquet(data / "row_ids.parquet")
    pipeline = joblib.load(data / "prep_pipeline.pkl")
    splits = {name: pd.read_parquet(data / f"{name}.parquet") for name in metadata["splits"]}
    file = pq.ParquetFile(dataset_dir() / TABLE)
    types = {name: [str(t) for t in part.dtypes] + list(part.columns) for name, part in splits.items()}
    checks = {
        "same columns and types in all splits": len({tuple(t) for t in types.values()}) == 1,
        "no missing value in any split": not any(part.isna().any().any() for part in splits.values()),
        "only finite features": all(np.isfinite(part.drop(columns=TARGET).to_numpy()).all() for part in splits.values()),
        "no raw row twice": not row_ids["row_id"].duplicated().any(),
        "rows as in metadata.json": all(len(part) == metadata["splits"][name]["rows"] for name, part in splits.items()),
        "no constant feature in train": bool((splits["train"].drop(columns=TARGET).nunique() > 1).all()),
    }
    if TASK != "regression":
        classes = set(splits["train"][TARGET].astype("str"))
        checks["validation and test hold no class that train lacks"] = all(set(p[TARGET].astype("str")) <= classes for p in splits.values())
    for name, part in splits.items():
        ids = row_ids.loc[row_ids["split"] == name, "row_id"].to_numpy()
        together, alone = check_again(pipeline, metadata["input_columns"], file, ids, part)
        checks[f"the saved pipeline makes {name} again from its raw rows"] = together
        checks[f"rows of {name} one by one come out the same"] = alone
    hashes = {n: set(pd.util.hash_pandas_object(p, index=False)) for n, p in splits.items()}
    met = {f"{a} and {b}": len(hashes[a] & hashes[b]) for a, b in (("train", "val"), ("train", "test"), ("val", "test"))}
    moved = drift(splits["train"], splits["test"])
    draw_target(splits)
    failed = [name for name, passed in checks.items() if not passed]
    (data / "checks.json").write_text(json.dumps({"checks": checks, "equal_after_transform": met, "drift": moved}, indent=1, ensure_ascii=False))
    print(f"• {len(checks) - len(failed)} of {len(checks)} checks passed" + (f"; failed: {'; '.join(failed)}" if failed else ""))
    print(f"• rows that look alike after the transforms: {', '.join(f'{n} in {k}' for k, n in met.items())}")
    print(f"• {len(moved)} features differ between train and test" + (f": {', '.join(list(moved)[:5])}" if moved else ""))
    if failed and failed != ["validation and test hold no class that train lacks"]:
        raise SystemExit("the preparation is not what it claims to be: " + "; ".join(failed))


if __name__ == "__main__":
    main()

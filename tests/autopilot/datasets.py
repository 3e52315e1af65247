"""Write the tables that the autopilot is tried on: `python datasets.py OUT [NAME...]`.

Each becomes OUT/NAME/table.parquet with a dataset.json beside it, as the describe runner leaves them, and a line of
OUT/NAME/expect.json that says what must come of it. Real ones come with scikit-learn and statsmodels; the odd ones
are made up to be odd.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd


def bundled(name, target):
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    frame = bunch.frame
    if hasattr(bunch, "target_names") and frame["target"].nunique() == len(bunch.target_names) and name != "digits":
        frame["target"] = np.asarray(bunch.target_names)[frame["target"].astype(int)]
    return frame.rename(columns={"target": target})


def fair():
    """6,366 women, 1974: extramarital affairs (statsmodels, public domain); a binary, imbalanced target."""
    import statsmodels.api as sm

    frame = sm.datasets.fair.load_pandas().data
    frame["has_affair"] = np.where(frame["affairs"] > 0, "yes", "no")
    return frame.drop(columns="affairs")


def leaky():
    """`fair` with what must be found: a copy of the target, an identifier, gaps, copies of rows, odd types."""
    rng = np.random.default_rng(1)
    frame = fair().head(2500).copy()
    frame.insert(0, "record_id", np.arange(1000, 3500))
    frame["outcome code"] = np.where(frame["has_affair"] == "yes", "A", "B")
    frame["income"] = [f"{v:.2f}" if v > 900 else " " for v in rng.gamma(4, 1000, len(frame))]
    frame["joined"] = pd.Series(pd.date_range("2001-01-01", periods=2500, freq="7h")).sample(frac=1, random_state=1).dt.strftime("%d.%m.%Y").to_numpy()
    frame["city"] = rng.choice([f"city {i}" for i in range(60)], len(frame))
    frame.loc[rng.random(len(frame)) < 0.3, "rate_marriage"] = np.nan
    frame["note"] = [" ".join(rng.choice(["good", "bad", "late", "kind", "old", "blue"], rng.integers(4, 9))) for _ in range(len(frame))]
    return pd.concat([frame, frame.tail(40)], ignore_index=True)


def odd():
    """Hostile names and every awkward kind of column, 200 rows, a numeric target below zero."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=200)
    frame = pd.DataFrame({
        "a [kg] <x>": x, 'he said "hi"': rng.choice(["ä", "ö", "日本"], 200), "back\\slash\nnewline": rng.normal(size=200),
        "{curly}:,$": rng.random(200) > 0.5, "nothing": [None] * 200, "one": 1, "a.b": rng.normal(size=200), "a": rng.normal(size=200),
        "'; import os #": pd.Series(rng.choice([True, False, None], 200)), "infinite": np.where(x > 1.5, np.inf, x**2),
        "when": pd.date_range("2020-01-01", periods=200, tz="UTC").to_series().sample(frac=1, random_state=3).to_numpy(),
        "label 😀": 3 * x - 5 + rng.normal(size=200) * 0.5,
    })
    frame.loc[::9, "label 😀"] = np.nan
    return frame


def small():
    """60 rows, one feature, two classes."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=60)
    return pd.DataFrame({"x": x, "y": np.where(x + rng.normal(size=60) * 0.5 > 0, "up", "down")})


def wide():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(400, 500))
    frame = pd.DataFrame(x, columns=[f"v{i}" for i in range(500)])
    frame["class"] = np.select([x[:, 0] + x[:, 1] > 1, x[:, 2] > 0.5], ["high", "mid"], "low")
    return frame


def dates_only():
    """Only dates, in order: the target follows the season."""
    rng = np.random.default_rng(5)
    when = pd.date_range("2018-01-01", periods=900, freq="D")
    return pd.DataFrame({"day": when, "sales": 100 + 30 * np.sin(when.day_of_year / 58) + 12 * (when.day_of_week > 4) + rng.normal(size=900) * 5})


def grouped():
    """Patients that come back: the identifier repeats."""
    rng = np.random.default_rng(6)
    who = rng.integers(0, 150, 1200)
    level = rng.normal(size=150)[who]
    frame = pd.DataFrame({"patient_id": who + 5000, "age": rng.integers(20, 80, 1200), "dose": rng.choice([1, 2, 4], 1200)})
    frame["pressure"] = 120 + 0.5 * (frame["age"] - 50) + 3 * frame["dose"] + level + rng.normal(size=1200) * 4
    return frame


def rare():
    """Five classes, one with a single row and one with four; 2 % and 0.3 % levels."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(1500, 3))
    kind = np.array(["common", "second", "third"])[np.argmax(x + [1.2, 0.3, 0], axis=1)]
    kind[:1] = "unique"
    kind[1:5] = "tiny"
    return pd.DataFrame({"p": x[:, 0], "q": x[:, 1], "r": x[:, 2], "colour": rng.choice(["red", "blue"], 1500), "kind": kind})


def big():
    """1,000,000 rows and 30 columns."""
    rng = np.random.default_rng(8)
    rows = 1_000_000
    frame = pd.DataFrame({f"n{i}": rng.normal(size=rows).round(3) for i in range(22)})
    for i in range(7):
        frame[f"c{i}"] = rng.choice([f"level {j}" for j in range(3 + 9 * i)], rows)
    odds = frame["n0"] + frame["n1"] * frame["n2"] + (frame["c0"] == "level 1") - 1
    frame["clicked"] = np.where(rng.random(rows) < 1 / (1 + np.exp(-odds)), "yes", "no")
    return frame


TABLES = {
    "iris": (lambda: bundled("iris", "species"), {"target": "species", "task": "multiclass"}),
    "wine": (lambda: bundled("wine", "cultivar"), {"target": "cultivar", "task": "multiclass"}),
    "cancer": (lambda: bundled("breast_cancer", "diagnosis"), {"target": "diagnosis", "task": "binary"}),
    "diabetes": (lambda: bundled("diabetes", "progression"), {"target": "progression", "task": "regression"}),
    "digits": (lambda: bundled("digits", "digit"), {"target": "digit", "task": "multiclass"}),
    "fair": (fair, {"target": "has_affair", "task": "binary"}),
    "leaky": (leaky, {"target": "has_affair", "task": "binary", "named": True}),
    "odd": (odd, {"target": "label 😀", "task": "regression", "named": True}),
    # Ten test rows cannot show that a model is better than the dummy; the pipeline must say so, not fail.
    "small": (small, {"target": "y", "task": "binary", "unsure": True}),
    "wide": (wide, {"target": "class", "task": "multiclass"}),
    "dates_only": (dates_only, {"target": "sales", "task": "regression"}),
    "grouped": (grouped, {"target": "pressure", "task": "regression"}),
    "rare": (rare, {"target": "kind", "task": "multiclass"}),
    "big": (big, {"target": "clicked", "task": "binary"}),
}


def describe(frame):
    """The parts of the describe runner's answer that the autopilot reads."""
    columns = []
    for name in frame.columns:
        values = frame[name]
        kind = ("boolean" if values.dtype == bool else "numeric" if pd.api.types.is_numeric_dtype(values)
                else "datetime" if pd.api.types.is_datetime64_any_dtype(values) else "categorical")
        columns.append({"name": name, "dtype": str(values.dtype), "kind": kind, "missing": int(values.isna().sum()),
                        "unique": int(values.astype("str").nunique())})
    return {"tables": [{"name": "table", "file_names": ["table.csv"], "path": "table.parquet", "rows": len(frame), "columns": columns}],
            "main_table": "table"}


def main():
    out = Path(sys.argv[1])
    for name in sys.argv[2:] or [n for n in TABLES if n != "big"]:
        make, expect = TABLES[name]
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        frame = make()
        frame.to_parquet(folder / "table.parquet", index=False)
        (folder / "dataset.json").write_text(json.dumps(describe(frame), ensure_ascii=False))
        (folder / "expect.json").write_text(json.dumps(expect, ensure_ascii=False))
        print(f"{name}: {len(frame)} rows, {len(frame.columns)} columns")


if __name__ == "__main__":
    main()

"""Fit one pipeline on train only (raw rows in, features out) and write the three splits with it.

The pipeline is made of scikit-learn's transformers and of functions of pandas, NumPy and the standard library, so it
loads wherever those are installed. Leaves data/prep_pipeline.pkl, data/{train,val,test}.parquet, data/metadata.json.
"""

import json
import re
import warnings
from operator import attrgetter, methodcaller

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler, TargetEncoder
from trainable import dataset_dir, session_dir, stage_dir

# --- decided by the autopilot ---
TABLE = "table.parquet"
TARGET = "target"
TASK = "binary"  # "binary", "multiclass" or "regression"
SEED = 42
FIT_ROWS = 200000  # rows of train that the transforms are fitted on, at most
# --- end of decisions ---

ONE_HOT_LEVELS = 10
ROWS_PER_LEVEL = 30  # below this, a mean of the target per level would mostly repeat the row itself
CHUNK = 100000  # rows that are transformed at a time
DATE_PARTS = {"year": "dt.year", "month": "dt.month", "day": "dt.day", "weekday": "dt.day_of_week", "yearday": "dt.day_of_year"}


def step(function, **keywords):
    """A stateless step that keeps the names of its columns."""
    return FunctionTransformer(function, kw_args=keywords or None, feature_names_out="one-to-one")


def number_steps(first=(), log=False, marker=False):
    clean = [("finite", step(methodcaller("replace", [np.inf, -np.inf], np.nan)))]
    fill = [("impute", SimpleImputer(strategy="median", add_indicator=marker, keep_empty_features=True))]
    # Rows to come may be below the smallest one that was seen.
    tame = [("floor", step(np.clip, a_min=0.0, a_max=None)), ("log", step(np.log1p))] if log else []
    return Pipeline([*first, *clean, *fill, *tame, ("scale", StandardScaler())])


def level_plan(train, columns, y):
    """Which categorical columns become one column per level, which the target's mean, which their frequent levels."""
    plan = {"one_hot": [], "target_mean": [], "frequent": []}
    for column in columns:
        levels = train[column["name"]].nunique()
        many_classes = TASK == "multiclass" and y.nunique() > 5
        if levels <= ONE_HOT_LEVELS:
            plan["one_hot"].append(column["name"])
        elif len(train) / levels >= ROWS_PER_LEVEL and not many_classes:
            plan["target_mean"].append(column["name"])
        else:
            plan["frequent"].append(column["name"])
    return plan


def clean_types(columns):
    """Raw types to the types that the transforms expect, whatever a reader made of the file."""
    types = {c["name"]: "float64" for c in columns if c["kind"] in ("numeric", "boolean") or "mean" in c and c["kind"] == "categorical"}
    texts = {c["name"]: "str" for c in columns if c["kind"] in ("categorical", "text", "numeric_text")}
    gaps = {c["name"]: "(missing)" if c["kind"] == "categorical" else "" for c in columns if c["kind"] in ("categorical", "text")}
    calls = [("numbers", methodcaller("astype", types)), ("texts", methodcaller("astype", texts)), ("gaps", methodcaller("fillna", gaps))]
    return Pipeline([("select", FunctionTransformer(methodcaller("filter", [c["name"] for c in columns])))]
                    + [(name, FunctionTransformer(call)) for name, call in calls])


def column_transformer(columns, train, y):
    """The transforms by kind of column, with what they do in words for the metadata."""
    steps, words = [], []
    numeric = [c for c in columns if c["kind"] in ("numeric", "numeric_text", "boolean")]
    for from_text in (False, True):
        for log in (False, True):
            for marker in (False, True):
                chosen = [c["name"] for c in numeric
                          if (c["kind"] == "numeric_text") == from_text and (c["missing_share"] >= 0.05) == marker
                          and (c.get("skew", 0) > 2 and c.get("min", -1) >= 0) == log]
                if chosen:
                    parse = [("parse", step(methodcaller("apply", pd.to_numeric, errors="coerce")))] if from_text else []
                    steps.append((f"number{len(steps)}", number_steps(parse, log, marker), chosen))
                    words.append({"columns": chosen, "steps": (["parse numbers"] if from_text else []) + ["median"]
                                  + (["missing marker"] if marker else []) + (["log1p"] if log else []) + ["standardise"]})
    plan = level_plan(train, [c for c in columns if c["kind"] == "categorical"], y)
    rare = max(3, int(0.005 * len(train)))
    if plan["one_hot"]:
        encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=rare, drop="if_binary", sparse_output=False)
        steps.append(("level", encoder, plan["one_hot"]))
        words.append({"columns": plan["one_hot"], "steps": [f"one column per level; levels under {rare} rows together"]})
    if plan["target_mean"]:
        kind = {"binary": "binary", "multiclass": "multiclass", "regression": "continuous"}[TASK]
        steps.append(("mean", Pipeline([("mean", TargetEncoder(target_type=kind, smooth=20.0)), ("scale", StandardScaler())]), plan["target_mean"]))
        words.append({"columns": plan["target_mean"], "steps": ["mean of the target per level, smoothed", "standardise"]})
    if plan["frequent"]:
        encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=rare, max_categories=16, sparse_output=False)
        steps.append(("frequent", encoder, plan["frequent"]))
        words.append({"columns": plan["frequent"], "steps": ["one column for each of the 15 most frequent levels, the rest together"]})
    for column in (c for c in columns if c["kind"] == "datetime"):
        parse = ("parse", step(methodcaller("apply", pd.to_datetime, format=column.get("format"), errors="coerce", utc=True)))
        parts = DATE_PARTS | ({"hour": "dt.hour"} if column["with_time"] else {})
        for part, attribute in parts.items():
            take = ("part", step(methodcaller("apply", attrgetter(attribute))))
            steps.append((f"date_{part}_{len(steps)}", number_steps([parse, take]), [column["name"]]))
        words.append({"columns": [column["name"]], "steps": [", ".join(parts), "median", "standardise"]})
    for column in (c for c in columns if c["kind"] == "text"):
        length = Pipeline([("length", step(methodcaller("map", len))), ("log", step(np.log1p)), ("scale", StandardScaler())])
        words_of = TfidfVectorizer(max_features=3000, min_df=max(2, len(train) // 1000), sublinear_tf=True)
        steps.append((f"length_{len(steps)}", length, [column["name"]]))
        try:
            terms = len(words_of.fit(train[column["name"]]).vocabulary_)
        except ValueError:
            terms = 0
        if terms > 12:
            topics = Pipeline([("words", words_of), ("topics", TruncatedSVD(10, random_state=SEED))])
            steps.append((f"words_{len(steps)}", topics, column["name"]))
        words.append({"columns": [column["name"]], "steps": ["length", "TF-IDF to 10 components" if terms > 12 else "too few words for TF-IDF"]})
    return ColumnTransformer(steps, sparse_threshold=0.0), words


def feature_names(raw, kinds):
    """Names that every library takes: letters, digits and underscores, each once, none of them the target's."""
    names, taken = [], {re.sub(r"\W+", "_", TARGET).lower(), TARGET.lower()}
    for full in raw:
        block, rest = full.split("__", 1)
        part = re.fullmatch(r"date_([a-z]+)_\d+|(length)_\d+", block)
        name = rest.replace("missingindicator_", "missing_") + (f"_{part[1] or part[2]}" if part else "")
        name = f"{block}_{name}" if name.startswith("truncatedsvd") else name
        name = re.sub(r"\W+", "_", name).strip("_")[:80] or "feature"
        unique, count = name, 2
        while unique.lower() in taken:
            unique, count = f"{name}_{count}", count + 1
        taken.add(unique.lower())
        names.append(unique)
        kinds[unique] = "categorical" if block in ("level", "mean", "frequent") else "numeric"
    return names


def fit(columns, train, y):
    """The fitted pipeline, in words and by kind of feature."""
    clean = clean_types(columns)
    cleaned = clean.transform(train)
    encode, words = column_transformer(columns, cleaned, y)
    vary = VarianceThreshold()
    vary.fit(encode.fit(cleaned, y).transform(cleaned))
    kinds = {}
    names = feature_names(encode.get_feature_names_out()[vary.get_support()], kinds)
    table = FunctionTransformer(pd.DataFrame, kw_args={"columns": names, "dtype": "float64"})
    return Pipeline([("clean", clean), ("encode", encode), ("vary", vary), ("table", table)]), words, kinds


def read_rows(file, names, ids):
    """The raw rows of the given row numbers, in their order."""
    return pa.table({name: file.read(columns=[name]).column(name).take(pa.array(ids)) for name in names}).to_pandas()


def target_column(raw, column):
    """The target as the table has it; text that holds numbers becomes numbers in a regression."""
    if TASK == "regression":
        if column["kind"] == "numeric_text":
            raw = pd.to_numeric(raw.astype("str").str.strip(), errors="coerce")
        return raw.astype("float64")
    return raw.astype("bool") if column["dtype"] == "bool" else raw


def write_split(name, pipeline, frame, target):
    """Transforms and writes a split in pieces, so that memory follows from the piece."""
    path, writer = stage_dir() / "data" / f"{name}.parquet", None
    for start in range(0, len(frame), CHUNK):
        features = pipeline.transform(frame.iloc[start:start + CHUNK])
        features[TARGET] = target.iloc[start:start + CHUNK].to_numpy()
        table = pa.Table.from_pandas(features, preserve_index=False, schema=writer.schema if writer else None)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    writer.close()


def main():
    warnings.filterwarnings("ignore")
    data = stage_dir() / "data"
    split = json.loads((data / "split.json").read_text())
    row_ids = pd.read_parquet(data / "row_ids.parquet")
    every = json.loads((session_dir() / "eda/data/columns.json").read_text())
    target = next(c for c in every if c["name"] == TARGET)
    columns = [c for c in every if c["role"] == "feature"]
    if not columns:
        raise SystemExit("no column is left to learn from: all are identifiers, constant, empty or suspected of leakage")
    file = pq.ParquetFile(dataset_dir() / TABLE)
    names = [c["name"] for c in columns]
    raw = read_rows(file, [*names, TARGET], row_ids["row_id"].to_numpy())
    raw[TARGET] = target_column(raw[TARGET], target)
    train = raw[(row_ids["split"] == "train").to_numpy()]
    fitted_on = train.sample(min(len(train), FIT_ROWS), random_state=SEED).sort_index() if len(train) > FIT_ROWS else train
    pipeline, words, kinds = fit(columns, fitted_on[names], fitted_on[TARGET])
    joblib.dump(pipeline, data / "prep_pipeline.pkl", compress=3)
    for name in split["counts"]:
        part = raw[(row_ids["split"] == name).to_numpy()]
        write_split(name, pipeline, part[names], part[TARGET])

    balance = None if TASK == "regression" else {str(k): int(v) for k, v in raw[TARGET].value_counts().sort_index().items()}
    metadata = {
        "target_column": TARGET, "problem_type": "regression" if TASK == "regression" else "classification", "task": TASK,
        "features": list(kinds), "categorical_features": [n for n, kind in kinds.items() if kind == "categorical"],
        "numeric_features": [n for n, kind in kinds.items() if kind == "numeric"],
        "n_classes": len(balance) if balance else None, "class_distribution": balance,
        "splits": {name: {"rows": rows} for name, rows in split["counts"].items()}, "transforms": words,
        "random_seed": SEED, "original_shape": [split["rows_in_table"], split["columns_in_table"]],
        "duplicates_removed": split["duplicates_removed"], "outliers_removed": 0,
        "input_columns": names, "dropped_columns": {c["name"]: c["reason"] for c in every if c["role"] in ("drop", "group")},
        "split_strategy": split["strategy"], "split_column": split["column"], "notes": split["notes"],
        "fitted_on_rows": len(fitted_on), "copies_kept": split["copies_kept"],
    }
    shares = [count / sum(balance.values()) for count in balance.values()] if balance else []
    summary = {"target": TARGET, "task": TASK, "rows": split["counts"], "features": len(kinds), "classes": len(shares),
               "minority_share": min(shares, default=None), "split_strategy": split["strategy"], "copies_kept": split["copies_kept"]}
    (data / "summary.json").write_text(json.dumps(summary, indent=1, ensure_ascii=False))
    (data / "metadata.json").write_text(json.dumps(metadata, indent=1, ensure_ascii=False))
    print(f"• {len(names)} columns became {len(kinds)} features, fitted on {len(fitted_on):,} rows of train")
    for entry in words[:8]:
        print(f"• {len(entry['columns'])} columns: {', '.join(entry['steps'])}")


if __name__ == "__main__":
    main()

import json
import os
import pathlib

import joblib
import pandas as pd
import trainable
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

seed = int(os.environ["TRAINABLE_SEED"])
raw = pd.read_parquet(sorted(trainable.dataset_dir().glob("*.parquet"))[0]).reset_index(drop=True)
target, numeric, categorical = "kind", ["size", "weight", "noise"], ["colour"]
first, test = train_test_split(raw, test_size=0.15, stratify=raw[target], random_state=seed)
train, val = train_test_split(first, test_size=0.15 / 0.85, stratify=first[target], random_state=seed)
colours = Pipeline([
    ("fill", SimpleImputer(strategy="constant", fill_value="unknown", missing_values=None)),
    ("encode", OneHotEncoder(handle_unknown="ignore", sparse_output=False)),
])
numbers = Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
pipeline = ColumnTransformer([("numbers", numbers, numeric), ("colours", colours, categorical)])
pipeline.set_output(transform="pandas")


def plain(rows):
    rows = rows[numeric + categorical].copy()
    rows["colour"] = rows["colour"].astype(object).where(rows["colour"].notna(), None)
    return rows


pipeline.fit(plain(train))
pathlib.Path("data").mkdir(exist_ok=True)
ids = []
for name, rows in [("train", train), ("val", val), ("test", test)]:
    features = pipeline.transform(plain(rows)).reset_index(drop=True)
    features[target] = rows[target].to_numpy()
    features.to_parquet(f"data/{name}.parquet")
    ids += [{"row_id": int(at), "split": name} for at in rows.index]
pd.DataFrame(ids).to_parquet("data/row_ids.parquet")
joblib.dump(pipeline, "data/prep_pipeline.pkl")
metadata = {
    "target_column": target,
    "problem_type": "classification",
    "features": [name for name in features.columns if name != target],
    "categorical_features": categorical,
    "numeric_features": numeric,
    "n_classes": int(raw[target].nunique()),
    "class_distribution": {name: int(n) for name, n in train[target].value_counts().items()},
    "splits": {name: {"rows": len(rows)} for name, rows in [("train", train), ("val", val), ("test", test)]},
    "transforms": ["impute and scale numbers", "fill and encode colour"],
    "random_seed": seed,
    "original_shape": list(raw.shape),
    "duplicates_removed": 0,
    "outliers_removed": 0,
}
pathlib.Path("data/metadata.json").write_text(json.dumps(metadata))
pathlib.Path("report.md").write_text("# What was prepared\n\nNumbers are scaled, the colour is encoded.\n")
print("split", len(train), len(val), len(test))

"""Split first; then one pipeline, fitted on train alone, that takes raw rows."""

import json

import joblib
import numpy as np
import pandas as pd
import trainable
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

SEED = 42
data, here = trainable.dataset_dir(), trainable.stage_dir()
main = json.loads((data / "dataset.json").read_text())["main_table"]
raw = pd.read_parquet(data / f"{main}.parquet")
target = TARGET or raw.columns[-1]
regression = pd.api.types.is_numeric_dtype(raw[target]) and raw[target].nunique() > 20

# Copies go together, so only the first of them is split; the others are left out.
frame = raw.dropna(subset=[target]).drop_duplicates()
strata = pd.qcut(frame[target], 5, labels=False, duplicates="drop") if regression else frame[target].astype(str)
if strata.value_counts().min() < 7:
    strata = None
train, rest = train_test_split(frame, test_size=0.3, random_state=SEED, stratify=strata)
halves = None if strata is None else strata.loc[rest.index]
val, test = train_test_split(rest, test_size=0.5, random_state=SEED, stratify=halves)
splits = {"train": train, "val": val, "test": test}
print({name: len(rows) for name, rows in splits.items()}, flush=True)

features = [name for name in raw.columns if name != target]
numeric = [name for name in features if pd.api.types.is_numeric_dtype(raw[name])]
categorical = [name for name in features if name not in numeric]
pipeline = ColumnTransformer(
    [
        ("numeric", SimpleImputer(strategy="median", keep_empty_features=True), numeric),
        (
            "categorical",
            make_pipeline(
                SimpleImputer(strategy="constant", fill_value="missing", missing_values=None),
                OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=12, sparse_output=False),
            ),
            categorical,
        ),
    ],
    verbose_feature_names_out=False,
).set_output(transform="pandas")
pipeline.fit(train[features])

(here / "data").mkdir(exist_ok=True)
places = []
for name, rows in splits.items():
    made = pipeline.transform(rows[features]).astype(np.float64)
    columns = list(made.columns)
    made[target] = rows[target].to_numpy() if regression else rows[target].astype(str).to_numpy()
    made.to_parquet(here / "data" / f"{name}.parquet", index=False)
    places.append(pd.DataFrame({"row_id": rows.index.to_numpy(), "split": name}))
pd.concat(places).to_parquet(here / "data" / "row_ids.parquet", index=False)
joblib.dump(pipeline, here / "data" / "prep_pipeline.pkl")
classes = None if regression else frame[target].astype(str).value_counts().to_dict()
metadata = {
    "target_column": target,
    "problem_type": "regression" if regression else "classification",
    "features": columns,
    "categorical_features": categorical,
    "numeric_features": numeric,
    "n_classes": None if regression else len(classes),
    "class_distribution": classes,
    "splits": {name: {"rows": len(rows)} for name, rows in splits.items()},
    "transforms": ["median imputation of numbers", "one-hot encoding of categories"],
    "random_seed": SEED,
    "original_shape": list(raw.shape),
    "duplicates_removed": int(raw.duplicated().sum()),
    "outliers_removed": 0,
}
(here / "data" / "metadata.json").write_text(json.dumps(metadata, indent=1))
(here / "report.md").write_text(f"""# Preparation

{len(raw)} rows were split into {len(train)}, {len(val)} and {len(test)} for train, validation and test.
Numbers are imputed by the median of train, categories are encoded one-hot; {metadata["duplicates_removed"]} copies were left out.
""")

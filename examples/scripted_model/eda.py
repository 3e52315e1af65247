"""A figure of the target, the findings and the report."""

import json

import matplotlib.pyplot as plt
import pandas as pd
import trainable

data, here = trainable.dataset_dir(), trainable.stage_dir()
main = json.loads((data / "dataset.json").read_text())["main_table"]
frame = pd.read_parquet(data / f"{main}.parquet")
target = TARGET or frame.columns[-1]
regression = pd.api.types.is_numeric_dtype(frame[target]) and frame[target].nunique() > 20

figure, axes = plt.subplots(figsize=(7, 3.5), layout="constrained")
if regression:
    axes.hist(frame[target].dropna(), bins=30)
    axes.set(title=f"{target}: distribution", xlabel=target, ylabel="rows")
else:
    counts = frame[target].astype(str).value_counts().head(20)
    axes.bar(counts.index, counts.to_numpy())
    axes.set(title=f"{target}: classes", xlabel=target, ylabel="rows")
trainable.log_image("target", figure)

missing = {name: int(count) for name, count in frame.isna().sum().items() if count}
findings = {
    "target": target,
    "problem_type": "regression" if regression else "classification",
    "columns": list(frame.columns),
    "leakage": [],
    "identifiers": [],
    "duplicates": int(frame.duplicated().sum()),
    "missing": missing,
    "split": "stratified",
    "recommendations": ["impute gaps on train alone", "encode categories one-hot"],
}
(here / "data").mkdir(exist_ok=True)
(here / "data" / "findings.json").write_text(json.dumps(findings, indent=1))
rows = "\n".join(f"| {name} | {frame[name].dtype} | {missing.get(name, 0)} |" for name in frame.columns)
(here / "report.md").write_text(f"""# What the data says

{len(frame)} rows, {frame.shape[1]} columns; `{target}` makes it a **{findings["problem_type"]}**.
{findings["duplicates"]} rows are exact copies of another row.

![The target](figures/target.png)

| column | type | missing |
|---|---|---:|
{rows}

Nothing was looked at beyond this: a script wrote it, not a thinking model.
""")
print("report, figure and findings are written")

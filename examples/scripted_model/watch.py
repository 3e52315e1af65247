"""Column by column, slowly enough to be watched, steered and stopped."""

import json
import time

import pandas as pd
import trainable

data = trainable.dataset_dir()
main = json.loads((data / "dataset.json").read_text())["main_table"]
frame = pd.read_parquet(data / f"{main}.parquet")
print(f"{len(frame)} rows, {frame.shape[1]} columns", flush=True)
for name in (list(frame.columns) * 8)[:16]:
    time.sleep(0.5)
    print(f"{name}: {frame[name].dtype}, {frame[name].isna().sum()} missing, {frame[name].nunique()} distinct", flush=True)

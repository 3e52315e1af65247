import json
import pathlib

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
import trainable

frame = pd.read_parquet(sorted(trainable.dataset_dir().glob("*.parquet"))[0])
counts = frame["kind"].value_counts()
pathlib.Path("figures").mkdir(exist_ok=True)
pathlib.Path("data").mkdir(exist_ok=True)
plt.bar(counts.index, counts.values)
plt.savefig("figures/kinds.png")
findings = {"rows": len(frame), "missing": {name: int(n) for name, n in frame.isna().sum().items()}}
pathlib.Path("data/findings.json").write_text(json.dumps(findings))
text = f"# What the table holds\n\n{len(frame)} rows; colours are missing in {findings['missing']['colour']}.\n\n![kinds](figures/kinds.png)\n"
pathlib.Path("report.md").write_text(text)
print("rows", len(frame), "kinds", len(counts))

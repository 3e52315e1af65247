"""Write prep/report.md: how the rows were split, what became of the columns, and what was checked."""

import json

from trainable import stage_dir

# --- decided by the autopilot ---
TARGET = "target"
# --- end of decisions ---

SHOWN = 40


def cell(value):
    """Text that cannot break a Markdown table."""
    text = " ".join(str(value).split()).replace("|", "\\|").replace("`", "'")
    return text if len(text) <= 80 else text[:79] + "…"


def code(name):
    return f"`{cell(name)}`"


def some(names, limit=8):
    return ", ".join(code(n) for n in names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")


def main():
    stage = stage_dir()
    metadata = json.loads((stage / "data/metadata.json").read_text())
    checks = json.loads((stage / "data/checks.json").read_text())
    splits = {name: entry["rows"] for name, entry in metadata["splits"].items()}
    total, (rows, width) = sum(splits.values()), metadata["original_shape"]
    how = {"random": "at random, stratified by the target", "time": f"by time on {code(metadata['split_column'])}: the latest rows are the test",
           "group": f"by {code(metadata['split_column'])}: all rows of one value are in one split"}[metadata["split_strategy"]]
    lines = ["# Preparation", "",
             f"{rows:,} rows × {width} columns became {total:,} rows × {len(metadata['features'])} features and the target {code(TARGET)}.", "",
             "## What matters", "",
             f"- Split first, {how}; seed {metadata['random_seed']}.",
             f"- Everything that is learned (medians, levels, means, scales) was learned from {metadata['fitted_on_rows']:,} rows of train only.",
             f"- {metadata['duplicates_removed']:,} copies removed; no outlier removed: nothing shows that one is an error.",
             f"- `data/prep_pipeline.pkl` turns raw rows into features; {sum(checks['checks'].values())} of {len(checks['checks'])} checks passed."]
    lines += [f"- {cell(note)}." if len(note) < 80 else f"- {' '.join(note.split())}." for note in metadata["notes"]]
    lines += ["", "## Splits", "", "| split | rows | share |", "|---|---|---|"]
    lines += [f"| {name} | {count:,} | {count / total:.1%} |" for name, count in splits.items()]
    lines += ["", "![The target in the three splits](figures/target_by_split.png)", ""]
    lines += ["## What became of the columns", "", "| columns | transform |", "|---|---|"]
    lines += [f"| {some(entry['columns'])} | {cell(', then '.join(entry['steps']))} |" for entry in metadata["transforms"]]
    lines += ["", "The features are all numbers without gaps, in the same order and type in the three files. The target stays as it was.", ""]
    if metadata["dropped_columns"]:
        lines += ["## Left out", "", "| column | reason |", "|---|---|"]
        lines += [f"| {code(name)} | {cell(reason)} |" for name, reason in list(metadata["dropped_columns"].items())[:SHOWN]]
        lines.append("")
    lines += ["## Checks", ""] + [f"- {'passed' if passed else '**failed**'}: {name}" for name, passed in checks["checks"].items()]
    met = checks["equal_after_transform"]
    if any(met.values()):
        lines.append(f"- Different raw rows that look alike after the transforms: {', '.join(f'{n} in {k}' for k, n in met.items() if n)}.")
    if checks["drift"]:
        lines.append(f"- Distributed differently in train and test: {some(list(checks['drift']))}. "
                     + ("With a split by time that is the passing of time." if metadata["split_strategy"] == "time" else "Look at them."))
    (stage / "report.md").write_text("\n".join(lines) + "\n")
    print(f"• report.md: {total:,} rows, {len(metadata['features'])} features")


if __name__ == "__main__":
    main()

"""Write eda/report.md: what was found, headline first, and what it means for the preparation."""

import json
from trainable import stage_dir

# --- decided by the autopilot ---
TABLE = "table.parquet"
LEFT_OUT_TABLES = []  # other tables of the dataset, which are not used
# --- end of decisions ---

COLUMN_ROWS = 60  # columns shown in the report's tables; all are in data/columns.json


def cell(value, width=60):
    """Text that cannot break a Markdown table."""
    text = " ".join(str(value).split()).replace("|", "\\|").replace("`", "'")
    return text if len(text) <= width else text[: width - 1] + "…"


def code(name):
    return f"`{cell(name)}`"


def number(value):
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1e5 or float(value).is_integer() else f"{value:,.4g}"


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return lines + ["| " + " | ".join(str(value) for value in row) + " |" for row in rows] + [""]


def headline(findings):
    target, task = code(findings["target"]), findings["task"]
    lines = [f"- **Target:** {target}, chosen because {findings['target_reason']}.",
             f"- **Problem:** {task}, because {findings['task_reason']}."]
    if findings["target_missing"]:
        lines.append(f"- {findings['target_missing']:,} rows have no target; they are of no use for training and are left out.")
    if "class_balance" in findings:
        total = sum(findings["class_balance"].values())
        shares = ", ".join(f"{cell(k)} {v / total:.1%}" for k, v in list(findings["class_balance"].items())[:6])
        lines.append(f"- **Classes:** {findings['classes']} ({shares})" + (": **imbalanced**." if findings["imbalanced"] else "."))
    else:
        lines.append(f"- **Target distribution:** skew {findings['target_skew']:.2f}, minimum {number(findings['target_min'])}.")
    strong = [r for r in findings["associations"] if r.get("power", 0) > 0.01][:5]
    if strong:
        lines.append("- **Strongest columns:** " + ", ".join(f"{code(r['column'])} ({r['power']:.2f})" for r in strong)
                     + ". The figure is what a small tree on that column alone achieves: 0 like guessing, 1 perfect.")
    else:
        lines.append("- No single column says much about the target; what can be learned lies in combinations, if anywhere.")
    for suspect in findings["leakage_suspects"][:5]:
        lines.append(f"- **Leakage?** {code(suspect['column'])}: {cell(suspect['reason'], 200)}.")
    if findings["duplicate_rows"]:
        lines.append(f"- {findings['duplicate_rows']:,} rows are exact copies of another row.")
    return lines


def recommendations(findings, columns):
    lines = []
    if findings["time_column"]:
        lines.append(f"Split by time on {code(findings['time_column'])}: the rows are in its order, so the test must be the latest.")
    elif findings["group_column"]:
        lines.append(f"Split by {code(findings['group_column'])}: it repeats, and one of its values must not be in two splits.")
    elif findings["task"] != "regression":
        lines.append("Split at random, stratified by class.")
    else:
        lines.append("Split at random, stratified by ranges of the target.")
    for dropped in findings["dropped"][:20]:
        lines.append(f"Leave out {code(dropped['column'])}: {cell(dropped['reason'], 200)}.")
    gaps = [c for c in columns if c["role"] == "feature" and c["missing"]]
    if gaps:
        marked = sum(c["missing_share"] >= 0.05 for c in gaps)
        lines.append(f"Fill the gaps in {', '.join(code(c['name']) for c in gaps[:6])}{f' and {len(gaps) - 6} more' if len(gaps) > 6 else ''} by "
                     + "the median or a level of their own" + ("; mark where 5 % or more is missing." if marked else "."))
    skewed = [c for c in columns if c["role"] == "feature" and c.get("skew", 0) > 2 and c.get("min", -1) >= 0]
    if skewed:
        lines.append(f"Take the logarithm of {len(skewed)} right-skewed columns: {', '.join(code(c['name']) for c in skewed[:6])}.")
    wide = [c for c in columns if c["role"] == "feature" and c["kind"] == "categorical" and c["unique"] > 10]
    if wide:
        lines.append(f"Encode {', '.join(code(c['name']) for c in wide[:6])} by something else than one column per level.")
    if findings.get("imbalanced"):
        lines.append("Weight the classes, judge by precision and recall, and choose the threshold on validation.")
    if findings["duplicate_rows"]:
        lines.append("Keep copies of a row in one split.")
    return [f"{index}. {line}" for index, line in enumerate(lines, 1)]


def numeric_table(columns):
    shown = [c for c in columns if "mean" in c][:COLUMN_ROWS]
    rows = [[code(c["name"]), f"{c['missing_share']:.1%}", number(c["mean"]), number(c["std"]), number(c["min"]), number(c["median"]),
             number(c["max"]), f"{c['skew']:.2f}", f"{c['outliers_iqr']:,}"] for c in shown]
    return table(["column", "missing", "mean", "std", "min", "median", "max", "skew", "outside IQR fences"], rows) if rows else []


def level_table(columns):
    shown = [c for c in columns if "levels" in c][:COLUMN_ROWS]
    rows = [[code(c["name"]), f"{c['missing_share']:.1%}", f"{c['levels']:,}", f"{c['rare_levels']:,}",
             ", ".join(f"{cell(k)} ({v:,})" for k, v in c["top"][:3])] for c in shown]
    return table(["column", "missing", "levels", "rare levels (<1 %)", "most frequent"], rows) if rows else []


def other_table(columns):
    shown = [c for c in columns if "mean" not in c and "levels" not in c][:COLUMN_ROWS]
    rows = [[code(c["name"]), c["kind"], f"{c['missing_share']:.1%}",
             f"{c['first']} to {c['last']}" if "first" in c else cell(c.get("value") or "")] for c in shown]
    return table(["column", "kind", "missing", "values"], rows) if rows else []


def measure(value):
    """A figure of a table, or nothing where the measure does not apply."""
    return "" if value is None or value != value else f"{value:.3f}"


def association_table(findings):
    keys = ["pearson", "spearman", "cramers_v", "mutual_info", "power"]
    rows = [[code(r["column"])] + [measure(r.get(key)) for key in keys] for r in findings["associations"][:20]]
    return table(["column", "Pearson", "Spearman", "Cramér's V", "mutual information", "alone"], rows) if rows else []


def main():
    stage = stage_dir()
    data = stage / "data"
    columns = json.loads((data / "columns.json").read_text())
    profile = json.loads((data / "profile.json").read_text())
    findings = json.loads((data / "findings.json").read_text())

    def figure(name, caption):
        return [f"![{caption}](figures/{name}.png)", ""] if (stage / "figures" / f"{name}.png").exists() else []

    lines = [f"# Exploratory analysis of {code(TABLE.rsplit('.', 1)[0])}", "", f"{profile['rows']:,} rows and {profile['columns']} columns; "
             f"{profile['missing_share']:.1%} of the cells are missing.", "", "## What matters", "", *headline(findings), ""]
    lines += ["## What follows for the preparation", "", *recommendations(findings, columns), ""]
    lines += ["## Target", "", *figure("target", "Distribution of the target")]
    lines += ["## What the columns say about the target", "", *figure("associations", "What one column alone predicts"),
              *association_table(findings), *figure("top_columns", "The strongest columns against the target")]
    lines += ["## Columns that say the same", ""]
    if findings["high_correlations"]:
        lines += [f"{findings['high_correlation_count']} pairs have |r| above 0.9.", ""]
        lines += table(["a", "b", "r"], [[code(p["a"]), code(p["b"]), f"{p['r']:.3f}"] for p in findings["high_correlations"][:15]])
    else:
        lines += ["No pair of numeric columns has |r| above 0.9.", ""]
    lines += figure("correlations", "Spearman correlation of the strongest columns")
    lines += ["## Columns", ""]
    if len(columns) > COLUMN_ROWS:
        lines += [f"The first {COLUMN_ROWS} of each kind; all {len(columns)} are in `data/columns.json`.", ""]
    lines += [*numeric_table(columns), *level_table(columns), *other_table(columns)]
    lines += ["## Missing values", "", *(figure("missing", "Missing values") or ["Nothing is missing.", ""])]
    lines += ["## How this was made", "", "- Every row was read for the profile: counts, quantiles, levels, duplicates."]
    if findings["sampled_rows"]:
        lines.append(f"- Associations, correlations and figures use {findings['sampled_rows']:,} rows drawn at random.")
    lines.append("- Outliers are values beyond 1.5 interquartile ranges from the quartiles; they are counted, not removed.")
    if LEFT_OUT_TABLES:
        lines.append("- Not used, because no key for a join was stated: " + ", ".join(code(t) for t in LEFT_OUT_TABLES) + ".")
    lines.append("- The autopilot follows fixed rules and has no knowledge of the field: names and meanings need a human eye.")
    (stage / "report.md").write_text("\n".join(lines) + "\n")
    print(f"• report.md: {len(lines)} lines, {len(findings['dropped'])} columns to leave out, {findings['features']} features")


if __name__ == "__main__":
    main()

"""Decide what kind of problem the target poses, and how every column relates to it.

Looks for leakage, redundant pairs, groups and dates on the way, and gives every column a role. Associations are
measured on a random sample of rows, drawn with the seed, when the table has more rows than the sample.
Leaves data/findings.json (what the next stages decide from), data/associations.csv, data/sample.parquet, and the roles
in data/columns.json.
"""

import json
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import stats
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from trainable import dataset_dir, stage_dir

# --- decided by the autopilot ---
TABLE = "table.parquet"
TARGET = "target"
TARGET_REASON = "the last column"
TASK_HINT = None  # "classification" or "regression", when the user's words say so
IGNORE = []  # columns that the user wants left out
SAMPLE_ROWS = 20000
SEED = 42
# --- end of decisions ---

MEASURED_COLUMNS = 300  # columns that get a cross-validated tree and mutual information
CORRELATED_COLUMNS = 500  # columns of the correlation matrix
USABLE = ("numeric", "numeric_text", "boolean", "categorical", "datetime", "text")


def shown(name):
    return "`" + " ".join(str(name).split()) + "`"


def sample_table(file, columns):
    """A random sample of the rows, in file order, read one column at a time."""
    rows = file.metadata.num_rows
    chosen = np.arange(rows)
    if rows > SAMPLE_ROWS:
        chosen = np.sort(np.random.default_rng(SEED).choice(rows, SAMPLE_ROWS, replace=False))
    read = {name: file.read(columns=[name]).column(name).take(pa.array(chosen)) for name in columns}
    return pa.table(read)


def as_numbers(series, column):
    """A column as floats; levels become codes, dates become days."""
    kind = column["kind"]
    if kind in ("numeric", "boolean", "group", "identifier") and not column["dtype"].endswith("string"):
        return series.astype("float64").replace([np.inf, -np.inf], np.nan)
    if kind == "numeric_text":
        return pd.to_numeric(series.astype("str").str.strip(), errors="coerce")
    if kind == "datetime":
        dates = pd.to_datetime(series, format=column.get("format"), errors="coerce", utc=True)
        return (dates - pd.Timestamp("2000-01-01", tz="UTC")) / pd.Timedelta(days=1)
    if kind == "text":
        return series.astype("str").str.len().astype("float64")
    codes = pd.Series(pd.factorize(series.astype("str"), sort=True)[0], index=series.index).astype("float64")
    return codes.where(codes >= 0)


def problem_type(column, series):
    """(task, reason, labels or numbers of the target)."""
    kind, unique = column["kind"], column.get("unique", 1)
    numeric = kind in ("numeric", "numeric_text") or (kind in ("identifier", "group", "categorical") and "mean" in column)
    if kind in ("empty", "constant", "unsupported"):
        return None, f"`{TARGET}` is {kind}, so there is nothing to predict", None
    if kind == "datetime":
        return None, f"`{TARGET}` holds dates; predict a number or a class instead", None
    if unique == 2:
        return "binary", "it has two distinct values", series.astype("str")
    if numeric and TASK_HINT != "classification":
        whole_few = column.get("integer") and unique <= 10 and column["rows_present"] >= 10 * unique
        if whole_few and TASK_HINT != "regression":
            return "multiclass", f"it holds only {unique} distinct whole numbers", series.astype("str")
        return "regression", f"it is numeric with {unique:,} distinct values", as_numbers(series, column)
    if TASK_HINT == "regression":
        return None, f"a regression was asked for, but `{TARGET}` is not a number", None
    if unique > 200 or unique > 0.5 * column["rows_present"]:
        return None, f"`{TARGET}` has {unique:,} distinct values, too many for classes, and is not a number", None
    return "multiclass", f"it has {unique} distinct values that name classes", series.astype("str")


def predictive_power(x, y, task):
    """How well a small tree on this one column alone predicts the target: 0 as the dummy, 1 perfectly (3-fold)."""
    values = x.fillna(x.min() - 1 if x.notna().any() else 0).to_numpy().reshape(-1, 1)
    if task == "regression":
        tree = DecisionTreeRegressor(max_leaf_nodes=32, min_samples_leaf=5, random_state=SEED)
        return max(0.0, float(cross_val_score(tree, values, y, cv=3, scoring="r2").mean()))
    tree = DecisionTreeClassifier(max_leaf_nodes=32, min_samples_leaf=5, random_state=SEED, class_weight="balanced")
    chance = 1 / len(np.unique(y))
    score = float(cross_val_score(tree, values, y, cv=3, scoring="balanced_accuracy").mean())
    return max(0.0, (score - chance) / (1 - chance))


def associate(column, x, y, task):
    """Association of one column with the target, by the measures that fit both."""
    found = {"column": column["name"], "kind": column["kind"]}
    present = x.notna()
    if present.sum() < 10 or x[present].nunique() < 2:
        return found
    if column["kind"] != "categorical" and task != "multiclass":
        found["pearson"] = float(np.corrcoef(x[present], y[present])[0, 1])
        found["spearman"] = float(stats.spearmanr(x[present], y[present]).statistic)
    if column["kind"] in ("categorical", "boolean") and task != "regression":
        table = pd.crosstab(x[present], y[present])
        if min(table.shape) > 1:
            chi2, p_value = stats.chi2_contingency(table, correction=False)[:2]
            found["chi2_p"] = float(p_value)
            found["cramers_v"] = float(np.sqrt(chi2 / table.to_numpy().sum() / (min(table.shape) - 1)))
    return found


def roles(columns, relations, copies, task, rows):
    """What to do with every column, and why."""
    for column in columns:
        name, kind = column["name"], column["kind"]
        relation = relations.get(name, {})
        power, absent = relation.get("power", 0.0), relation.get("missing_power", 0.0)
        role, reason = "feature", ""
        if name == TARGET:
            role, reason = "target", TARGET_REASON
        elif name in IGNORE:
            role, reason = "drop", "the instructions say to leave it out"
        elif kind in ("empty", "constant"):
            role, reason = "drop", "all values are missing" if kind == "empty" else "it has a single value"
        elif kind == "unsupported":
            role, reason = "drop", f"values of type {column['dtype']} are not used"
        elif kind == "identifier":
            role, reason = "drop", "it names the row: nearly every value occurs once"
        elif kind == "group":
            role, reason = "group", "it names whom the row belongs to, and repeats"
        elif column["missing_share"] > 0.95:
            role, reason = "drop", f"{column['missing_share']:.1%} of it is missing"
        elif max(power, absent) >= 0.995 and rows >= 200:
            role = "drop"
            reason = (f"leakage suspect: alone it predicts the target almost perfectly ({power:.3f} of 1)" if power >= absent
                      else f"leakage suspect: whether it is filled in tells the target ({absent:.3f} of 1)")
        elif name in copies:
            role, reason = "drop", f"it repeats `{copies[name]}` (|r| above 0.9999)"
        column["role"], column["reason"] = role, reason


def redundant_pairs(numbers, order):
    """Pairs of columns with |r| > 0.9, and the columns that only repeat an earlier one."""
    matrix = numbers.corr(min_periods=20).abs().to_numpy()
    names, pairs, copies = list(numbers.columns), [], {}
    for i, j in zip(*np.where(np.triu(np.nan_to_num(matrix), 1) > 0.9)):
        pairs.append({"a": names[i], "b": names[j], "r": float(numbers[names[i]].corr(numbers[names[j]]))})
        if matrix[i, j] > 0.9999 and names[i] not in copies:
            copies.setdefault(names[j], names[i])
    return sorted(pairs, key=lambda pair: (-abs(pair["r"]), pair["a"], pair["b"])), copies


def relate(columns, frame, y, task):
    """Associations of all usable columns, strongest first."""
    usable = [c for c in columns if c["kind"] in USABLE and c["name"] != TARGET]
    numbers = pd.DataFrame({c["name"]: as_numbers(frame[c["name"]], c) for c in usable}, index=frame.index)
    relations = {c["name"]: associate(c, numbers[c["name"]], y, task) for c in usable}
    quick = {n: max(abs(r.get("spearman", 0) or 0), r.get("cramers_v", 0) or 0) for n, r in relations.items()}
    measured = sorted(quick, key=lambda n: -quick[n])[:MEASURED_COLUMNS]
    small = numbers.sample(min(len(numbers), 5000), random_state=SEED).sort_index()
    smallest = y[small.index].value_counts().min() if task != "regression" else len(small)
    y_small = y[small.index]
    for name in measured:
        if smallest >= 3 and len(small) >= 30:
            relations[name]["power"] = predictive_power(small[name], y_small, task)
            gaps = small[name].isna().astype("float64")
            if 0.01 < gaps.mean() < 0.99:
                relations[name]["missing_power"] = predictive_power(gaps, y_small, task)
    if measured:
        discrete = [c["kind"] in ("categorical", "boolean") for n in measured for c in usable if c["name"] == n]
        filled = small[measured].fillna(small[measured].median()).fillna(0)
        measure = mutual_info_regression if task == "regression" else mutual_info_classif
        for name, value in zip(measured, measure(filled, y_small, discrete_features=discrete, random_state=SEED)):
            relations[name]["mutual_info"] = float(value)
    numeric = [c["name"] for c in usable if c["kind"] in ("numeric", "numeric_text", "boolean")][:CORRELATED_COLUMNS]
    pairs, copies = redundant_pairs(numbers[numeric], measured) if numeric else ([], {})
    return relations, pairs, copies


def main():
    warnings.filterwarnings("ignore")
    data = stage_dir() / "data"
    columns = json.loads((data / "columns.json").read_text())
    profile = json.loads((data / "profile.json").read_text())
    by_name = {column["name"]: column for column in columns}
    for column in columns:
        column["rows_present"] = profile["rows"] - column["missing"]
    sample = sample_table(pq.ParquetFile(dataset_dir() / TABLE), list(by_name))
    pq.write_table(sample, data / "sample.parquet")
    frame = sample.to_pandas()
    frame = frame[frame[TARGET].notna()]
    task, reason, y = problem_type(by_name[TARGET], frame[TARGET])
    findings = {"target": TARGET, "target_reason": TARGET_REASON, "task": task, "task_reason": reason, "rows": profile["rows"],
                "sampled_rows": sample.num_rows if sample.num_rows < profile["rows"] else None}
    if task is None:
        (data / "findings.json").write_text(json.dumps(findings, indent=1, ensure_ascii=False))
        print(f"• no model can be trained: {reason}")
        return
    labels = y if task != "regression" else None
    if task == "regression":
        y = y[y.notna()]
        frame = frame.loc[y.index]
    else:
        y = pd.Series(pd.factorize(y, sort=True)[0], index=y.index)
    relations, pairs, copies = relate(columns, frame, y, task)
    roles(columns, relations, copies, task, profile["rows"])
    ranked = sorted(relations.values(), key=lambda r: (-r.get("power", 0), -r.get("mutual_info", 0), r["column"]))
    pd.DataFrame(ranked).to_csv(data / "associations.csv", index=False)

    def named(*wanted):
        return [c["name"] for c in columns if c["role"] == "feature" and c["kind"] in wanted]

    dates = [c for c in columns if c["kind"] == "datetime" and c["role"] == "feature" and c["missing_share"] < 0.01]
    ordered = [c["name"] for c in dates if c["ordered_share"] >= 0.99 and c["distinct_share"] >= 0.05]
    groups = [c["name"] for c in columns if c["role"] == "group" and 20 <= c["unique"] < 0.95 * c["rows_present"]
              and c["missing_share"] == 0]
    findings |= {
        "problem_type": "regression" if task == "regression" else "classification",
        "target_missing": by_name[TARGET]["missing"], "target_facts": by_name[TARGET],
        "features": len(named(*USABLE)), "numeric": named("numeric", "numeric_text", "boolean")[:50],
        "categorical": named("categorical")[:50], "text": named("text")[:50], "dates": named("datetime")[:50],
        "time_column": ordered[0] if ordered else None, "group_column": groups[0] if groups else None,
        "dropped": [{"column": c["name"], "reason": c["reason"]} for c in columns if c["role"] == "drop"][:100],
        "leakage_suspects": [{"column": c["name"], "reason": c["reason"]} for c in columns if "leakage" in c["reason"]]
        + [{"column": r["column"], "reason": f"alone it predicts the target to {r['power']:.3f} of 1; kept, but look at it"}
           for r in ranked if r.get("power", 0) >= 0.95 and by_name[r["column"]]["role"] == "feature"],
        "duplicate_rows": profile["duplicate_rows"], "missing_share": profile["missing_share"],
        "high_correlations": pairs[:50], "high_correlation_count": len(pairs), "associations": ranked[:25],
    }
    if task == "regression":
        findings |= {"target_skew": float(y.skew()), "target_min": float(y.min())}
    else:
        counts = labels.value_counts().sort_index(kind="stable")
        counts = counts.sort_values(ascending=False, kind="stable")
        findings |= {"class_balance": {str(k): int(v) for k, v in counts.head(100).items()}, "classes": int(len(counts)),
                     "minority_share": float(counts.min() / counts.sum()),
                     "imbalanced": bool(counts.min() < 0.2 * counts.sum() * 2 / len(counts))}
    (data / "findings.json").write_text(json.dumps(findings, indent=1, ensure_ascii=False))
    (data / "columns.json").write_text(json.dumps(columns, indent=1, ensure_ascii=False))

    print(f"• {shown(TARGET)} makes this a {task} problem: {reason}")
    if task != "regression":
        print("• classes: " + ", ".join(f"{k} {v / counts.sum():.1%}" for k, v in counts.head(6).items()))
    strong = [r for r in ranked if r.get("power", 0) > 0.01][:5]
    print("• strongest single columns: " + (", ".join(f"{shown(r['column'])} {r['power']:.2f}" for r in strong) or "none stands out"))
    print(f"• {len(pairs)} pairs of columns with |r| > 0.9")
    for dropped in findings["dropped"][:8]:
        print(f"• leave out {shown(dropped['column'])}: {dropped['reason']}")
    if findings["sampled_rows"]:
        print(f"• associations measured on {sample.num_rows:,} random rows of {profile['rows']:,}; the profile covers all")


if __name__ == "__main__":
    main()

"""Profile every column of the table: type, missing values, spread, outliers, levels, dates, duplicates.

Reads the table one column at a time, so that its memory follows from the rows and not from the width.
Leaves data/columns.json (one record per column) and data/profile.json (the table as a whole).
"""

import json
import re
import warnings

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyarrow.types as pat
from trainable import dataset_dir, stage_dir

# --- decided by the autopilot ---
TABLE = "table.parquet"
# --- end of decisions ---

CODE_NAME = re.compile(r"(^|[_\W])(id|uuid|guid|key|code|zip|postcode|zipcode|index|idx|no|nr|number)$", re.I)
# Whom or what a row belongs to. Other codes that repeat, such as an airport's, are categories.
GROUP_NAME = re.compile(
    r"^(id|uuid|guid)$|(^|[_\W])(patient|customer|client|user|subject|household|person|member|account|participant|device|"
    r"machine|sensor|student|pupil|employee|driver|athlete|player)[_\W]*(id|no|nr|number|key|code)$",
    re.I,
)
DATE_FORMATS = ("ISO8601", "%d.%m.%Y", "%d.%m.%Y %H:%M", "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d-%b-%Y", "%Y%m%d",
                "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%b %d, %Y", "%Y/%m/%d", "%Y-%m", "%m-%d-%Y")


def shown(name):
    return "`" + " ".join(str(name).split()) + "`"


def words_apart(name):
    """`customerID` and `customer-id` read alike: words joined by underscores."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)


def date_format(values):
    """The one format in which at least 98 % of the texts are dates, or None."""
    head = values.head(2000)
    if head.str.fullmatch(r"\d{1,7}|\d{9,}|\d+\.\d+").mean() > 0.5 or not head.str.contains(r"\d").mean() > 0.9:
        return None
    for form in DATE_FORMATS:
        if pd.to_datetime(head, format=form, errors="coerce").notna().mean() >= 0.98:
            if pd.to_datetime(values, format=form, errors="coerce").notna().mean() >= 0.98:
                return form
    return None


def numeric_facts(values):
    finite = values[np.isfinite(values)]
    if finite.empty:
        return {"infinite": int(len(values))}
    quarters = finite.quantile([0.25, 0.5, 0.75]).tolist()
    spread = quarters[2] - quarters[0]
    outside = (finite < quarters[0] - 1.5 * spread) | (finite > quarters[2] + 1.5 * spread)
    return {
        "mean": float(finite.mean()), "std": float(finite.std(ddof=1)) if len(finite) > 1 else 0.0,
        "min": float(finite.min()), "q25": quarters[0], "median": quarters[1], "q75": quarters[2],
        "max": float(finite.max()), "skew": float(finite.skew()) if finite.nunique() > 2 else 0.0,
        "zeros": int((finite == 0).sum()), "negative": int((finite < 0).sum()),
        "outliers_iqr": int(outside.sum()) if spread > 0 else 0, "infinite": int(len(values) - len(finite)),
    }


def level_facts(values):
    counts = values.astype("str").value_counts()
    counts = counts.sort_index(kind="stable").sort_values(ascending=False, kind="stable")
    rare = counts[counts < max(2, 0.01 * counts.sum())]
    return {
        "levels": int(len(counts)), "top": [[str(level), int(count)] for level, count in counts.head(8).items()],
        "rare_levels": int(len(rare)), "rare_rows": int(rare.sum()),
    }


def date_facts(dates, rows):
    present = dates.dropna()
    steps = present.diff().dropna()
    return {
        "first": str(present.min()), "last": str(present.max()), "with_time": bool((present.dt.normalize() != present).any()),
        "ordered_share": float((steps >= pd.Timedelta(0)).mean()) if len(steps) else 0.0,
        "distinct_share": float(present.nunique() / max(1, rows)),
    }


def classify(name, series, arrow_type):
    """The kind of a column and the facts that belong to that kind."""
    present = series.dropna()
    if pat.is_nested(arrow_type) or pat.is_binary(arrow_type) or pat.is_duration(arrow_type):
        return "unsupported", {}
    unique = int(present.nunique())
    if unique <= 1:
        return ("empty" if present.empty else "constant"), {"value": None if present.empty else str(present.iloc[0])}
    name = words_apart(name)
    if pat.is_boolean(arrow_type):
        return "boolean", {"unique": unique, **level_facts(present)}
    if pat.is_temporal(arrow_type) and not pat.is_time(arrow_type):
        return "datetime", {"unique": unique, "format": None, **date_facts(pd.to_datetime(series), len(series))}
    if pat.is_integer(arrow_type) or pat.is_floating(arrow_type) or pat.is_decimal(arrow_type):
        numbers = present.astype("float64")
        facts = {"unique": unique, **numeric_facts(numbers)}
        whole = bool((numbers[np.isfinite(numbers)] % 1 == 0).all())
        facts["integer"] = whole
        consecutive = whole and unique == len(series) and numbers.diff().dropna().abs().eq(1).mean() > 0.99
        # Copies of whole rows repeat the number that names a row, so not quite every value needs to be unique.
        if whole and len(present) > 20 and (consecutive or (CODE_NAME.search(name) and unique >= 0.95 * len(present))):
            return "identifier", facts
        if whole and GROUP_NAME.search(name) and unique > 10:
            return "group", facts
        if whole and CODE_NAME.search(name) and unique <= 30:
            return "categorical", {**facts, **level_facts(present.astype("int64"))}
        return "numeric", facts
    texts = present.astype("str").str.strip()
    numbers = pd.to_numeric(texts.where(texts != "", None), errors="coerce")
    if numbers.notna().mean() >= 0.95 and numbers.nunique() > 10 and not CODE_NAME.search(name):
        return "numeric_text", {"unique": unique, "unparsable": int(numbers.isna().sum()), **numeric_facts(numbers.dropna())}
    form = date_format(texts)
    if form:
        dates = pd.to_datetime(series, format=form, errors="coerce")
        return "datetime", {"unique": unique, "format": form, **date_facts(dates, len(series))}
    words = float(texts.head(5000).str.count(r"\S+").mean())
    if unique > 20 and words >= 4 and unique > 0.2 * len(present):
        return "text", {"unique": unique, "mean_words": words, "mean_length": float(texts.head(5000).str.len().mean())}
    facts = {"unique": unique, **level_facts(present)}
    if unique > 20 and unique >= 0.98 * len(present):
        return "identifier", facts
    if GROUP_NAME.search(name) and unique > 10 and unique > 0.02 * len(present):
        return "group", facts
    return "categorical", facts


def main():
    warnings.filterwarnings("ignore", category=UserWarning)
    out = stage_dir() / "data"
    out.mkdir(parents=True, exist_ok=True)
    file = pq.ParquetFile(dataset_dir() / TABLE)
    fields = list(file.schema_arrow)
    rows = file.metadata.num_rows
    columns, row_hash = [], np.zeros(rows, dtype="uint64")
    for position, field in enumerate(fields):
        series = file.read(columns=[field.name]).column(field.name).to_pandas()
        kind, facts = classify(field.name, series, field.type)
        plain = series.astype("str") if series.dtype == object else series
        # Odd multipliers keep the position of a value in its row part of the row's hash.
        row_hash += pd.util.hash_pandas_object(plain, index=False).to_numpy() * np.uint64(2 * position + 1)
        missing = int(series.isna().sum())
        columns.append({"name": field.name, "dtype": str(field.type), "kind": kind, "missing": missing,
                        "missing_share": missing / max(1, rows), **facts})
    duplicates = int(pd.Series(row_hash).duplicated().sum())
    kinds = pd.Series([column["kind"] for column in columns]).value_counts().sort_index().to_dict()
    cells = sum(column["missing"] for column in columns)
    profile = {"table": TABLE, "rows": rows, "columns": len(columns), "kinds": kinds, "missing_cells": cells,
               "missing_share": cells / max(1, rows * len(columns)), "duplicate_rows": duplicates}
    (out / "columns.json").write_text(json.dumps(columns, indent=1, ensure_ascii=False))
    (out / "profile.json").write_text(json.dumps(profile, indent=1, ensure_ascii=False))

    print(f"• {rows:,} rows, {len(columns)} columns: " + ", ".join(f"{count} {kind}" for kind, count in kinds.items()))
    worst = sorted((c for c in columns if c["missing"]), key=lambda c: -c["missing"])
    print(f"• {cells:,} cells missing ({profile['missing_share']:.1%})"
          + (": most in " + ", ".join(f"{shown(c['name'])} {c['missing_share']:.0%}" for c in worst[:3]) if worst else ""))
    print(f"• {duplicates:,} rows are exact copies of an earlier row")
    skewed = [c["name"] for c in columns if abs(c.get("skew", 0)) > 2]
    outliers = sorted((c for c in columns if c.get("outliers_iqr")), key=lambda c: -c["outliers_iqr"])
    if skewed:
        print(f"• strongly skewed: {', '.join(shown(name) for name in skewed[:5])}")
    if outliers:
        print("• most values outside the IQR fences: "
              + ", ".join(f"{shown(c['name'])} {c['outliers_iqr']:,}" for c in outliers[:3]))


if __name__ == "__main__":
    main()

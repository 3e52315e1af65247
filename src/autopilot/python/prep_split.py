"""Split the rows into train, validation and test before anything is learned from them: 70 / 15 / 15.

Rows that are exact copies of each other, and rows of one group, go into the same split. Copies are then removed from
train. Leaves data/row_ids.parquet (which raw row went where, in the order of the splits) and data/split.json.
"""

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from trainable import dataset_dir, session_dir, stage_dir

# --- decided by the autopilot ---
TABLE = "table.parquet"
TARGET = "target"
TASK = "binary"  # "binary", "multiclass" or "regression"
SPLIT = "random"  # "random" (stratified), "time" or "group"
SPLIT_COLUMN = None  # the column that orders or groups the rows
SEED = 42
MAX_ROWS = 2000000  # more rows than this are sampled, because memory is limited
# --- end of decisions ---

SHARES = {"train": 0.70, "val": 0.15, "test": 0.15}
SMALLEST_CLASS = 3  # a class needs a row in each split
MANY_COPIES = 0.2  # above this share of copies they are no accident but the nature of the table


def target_values(column):
    values = pq.read_table(dataset_dir() / TABLE, columns=[TARGET]).column(TARGET).to_pandas()
    if TASK != "regression":
        return values.astype("str")
    if column["kind"] == "numeric_text":
        values = pd.to_numeric(values.astype("str").str.strip(), errors="coerce")
    return values.astype("float64").replace([np.inf, -np.inf], np.nan)


def row_hashes(rows):
    """One number per row that equal rows share, computed a column at a time."""
    file = pq.ParquetFile(dataset_dir() / TABLE)
    total = np.zeros(rows, dtype="uint64")
    for position, name in enumerate(file.schema_arrow.names):
        series = file.read(columns=[name]).column(name).to_pandas()
        plain = series.astype("str") if series.dtype == object else series
        total += pd.util.hash_pandas_object(plain, index=False).to_numpy() * np.uint64(2 * position + 1)
    return total


def strata(y):
    """What every split must contain in the same proportion."""
    if TASK != "regression":
        return pd.factorize(y, sort=True)[0]
    return pd.qcut(y.rank(method="first"), min(10, max(1, len(y) // 20)), labels=False).to_numpy()


def random_split(units, stratum, rng):
    """Splits the units (copies or groups of rows), each stratum by itself; returns a split per row."""
    first = pd.DataFrame({"unit": units, "stratum": stratum}).groupby("unit", sort=True)["stratum"].agg(lambda s: s.mode().iloc[0]) \
        if SPLIT == "group" else pd.Series(stratum, index=units).groupby(level=0, sort=True).first()
    assigned = pd.Series("train", index=first.index)
    owed = 0.0
    for value in np.unique(first):
        members = rng.permutation(first.index[first == value])
        # What rounding took from one stratum the next one gives, so that the shares come out right as a whole.
        owed += SHARES["test"] * len(members)
        held = max(1, round(owed)) if len(members) >= 3 else 0
        held = min(held, len(members) // 3)
        owed -= held
        assigned[members[:held]] = "test"
        assigned[members[held:2 * held]] = "val"
    return assigned.reindex(units).to_numpy()


def time_split(order):
    """The earliest rows train, the latest test; rows of one moment stay together."""
    ranks = order.rank(method="min").to_numpy() / len(order)
    return np.where(ranks <= SHARES["train"], "train", np.where(ranks <= SHARES["train"] + SHARES["val"], "val", "test"))


def main():
    data = stage_dir() / "data"
    data.mkdir(parents=True, exist_ok=True)
    columns = {c["name"]: c for c in json.loads((session_dir() / "eda/data/columns.json").read_text())}
    y = target_values(columns[TARGET])
    rows, notes = len(y), []
    rng = np.random.default_rng(SEED)
    hashes = row_hashes(rows)

    keep = y.notna().to_numpy()
    if not keep.all():
        notes.append(f"{int((~keep).sum()):,} rows without a target left out")
    if TASK != "regression":
        sizes = pd.Series(hashes[keep]).groupby(y[keep].to_numpy()).nunique()
        tiny = sizes.index[sizes < SMALLEST_CLASS]
        if len(tiny):
            lost = y.isin(tiny).to_numpy() & keep
            keep = keep & ~lost
            notes.append(f"{int(lost.sum())} rows of {len(tiny)} classes left out, because fewer than {SMALLEST_CLASS} different rows "
                         f"cannot be in train, validation and test: {', '.join(map(str, tiny[:10]))}")
        if y[keep].nunique() < 2:
            raise SystemExit(f"`{TARGET}` has fewer than two classes with {SMALLEST_CLASS} different rows; there is nothing to learn to tell apart")
    ids = np.flatnonzero(keep)
    if len(ids) < 30:
        raise SystemExit(f"only {len(ids)} rows are usable; 30 are the least that can be split into train, validation and test")
    if len(ids) > MAX_ROWS:
        notes.append(f"{MAX_ROWS:,} of {len(ids):,} rows drawn at random, because memory is limited")
        ids = np.sort(rng.choice(ids, MAX_ROWS, replace=False))
    y, hashes = y.iloc[ids].reset_index(drop=True), hashes[ids]

    if SPLIT == "time":
        column = columns[SPLIT_COLUMN]
        raw = pq.read_table(dataset_dir() / TABLE, columns=[SPLIT_COLUMN]).column(SPLIT_COLUMN).to_pandas()
        dates = pd.to_datetime(raw, format=column.get("format"), errors="coerce", utc=True).iloc[ids].reset_index(drop=True)
        split = time_split(dates.fillna(dates.min()))
    elif SPLIT == "group":
        groups = pq.read_table(dataset_dir() / TABLE, columns=[SPLIT_COLUMN]).column(SPLIT_COLUMN).to_pandas().iloc[ids]
        split = random_split(pd.factorize(groups, sort=True)[0], strata(y), rng)
    else:
        # Units are numbered in file order, so that the split does not depend on the hash's own values.
        split = random_split(pd.factorize(hashes)[0], strata(y), rng)

    copies = pd.Series(hashes).duplicated().to_numpy()
    dropped = copies & (split == "train")
    many = bool(copies.mean() > MANY_COPIES)
    if many:
        notes.append(f"{copies.mean():.0%} of the rows repeat another one: that is the nature of this table, so they stay, but all copies "
                     "of a row are in one split")
        dropped[:] = False
    if SPLIT == "time":
        # Copies across the boundary of two periods: the later one goes.
        dropped |= copies
    result = pd.DataFrame({"row_id": ids, "split": split})[~dropped]
    result = result.sort_values("split", key=lambda s: s.map({"train": 0, "val": 1, "test": 2}), kind="stable")
    counts = {name: int((result["split"] == name).sum()) for name in SHARES}
    if min(counts.values()) == 0:
        raise SystemExit(f"a split would be empty: {counts}; the table has too few different rows")
    result.to_parquet(data / "row_ids.parquet", index=False)
    record = {"strategy": SPLIT, "column": SPLIT_COLUMN, "seed": SEED, "rows_in_table": rows, "counts": counts,
              "columns_in_table": len(columns), "duplicates_removed": int(dropped.sum()), "copies_kept": many, "notes": notes}
    (data / "split.json").write_text(json.dumps(record, indent=1, ensure_ascii=False))
    print(f"• {SPLIT} split: " + ", ".join(f"{name} {count:,} ({count / len(result):.1%})" for name, count in counts.items()))
    print(f"• {record['duplicates_removed']:,} copies removed; no copy of a row is in two splits")
    for note in notes:
        print(f"• {note}")


if __name__ == "__main__":
    main()

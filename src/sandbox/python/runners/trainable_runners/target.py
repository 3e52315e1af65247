"""Whether a column can be what a model learns to predict, and which kind of problem it makes."""

import difflib

from .problems import counted, listed, quotable
from .statistics import shown_value

# A class needs a row in each of train, validation and test.
MIN_CLASS_ROWS = 3
# Few enough whole numbers are labels; more of them are an amount.
MAX_NUMBER_CLASSES = 10
SHOWN_CLASSES = 50


def find(wanted, columns, findings):
    """The column that is meant, or None after saying what is near."""
    cleaned = " ".join(wanted.split())
    if cleaned in columns:
        return cleaned
    folded = {name.casefold(): name for name in columns}
    near = [folded[name] for name in difflib.get_close_matches(cleaned.casefold(), list(folded), n=3, cutoff=0.6)]
    advice = f"did you mean {listed(near)}?" if near else f"the columns are {listed(columns, 8)}."
    findings.refuse(
        "TARGET_NOT_FOUND", f"There is no column `{quotable(wanted)}` for the target; {advice}", column=wanted
    )
    return None


def judge(column, position, statistics, findings):
    """The target's description: its problem type and classes. What makes it unusable is refused."""
    name = column["name"]
    shown, present = quotable(name), statistics.rows - column["missing"]
    described = {
        "name": name,
        "kind": column["kind"],
        "problem_type": None,
        "missing": column["missing"],
        "classes": None,
        "class_counts": [],
    }
    if not present:
        findings.refuse(
            "TARGET_EMPTY", f"The target `{shown}` has no values; choose another column or fill it in.", column=name
        )
        return described
    if column["unique"] == 1:
        only = statistics.class_counts(position, 1)[0][0]
        findings.refuse(
            "CONSTANT_TARGET",
            f"The target `{shown}` has the same value, `{quotable(only, 40)}`, in every row, so there is nothing to learn; "
            "choose another column.",
            column=name,
        )
        return described
    if column["missing"]:
        findings.warn(
            "TARGET_HAS_MISSING",
            f"The target `{shown}` is missing in {counted(column['missing'], 'row')}, which cannot be trained on.",
            column=name,
        )
    described["problem_type"] = _problem_type(column, present, findings)
    if described["problem_type"] in ("binary", "multiclass"):
        _judge_classes(described, column, position, statistics, findings)
    return described


def _problem_type(column, present, findings):
    name = column["name"]
    if column["kind"] == "datetime":
        findings.refuse(
            "TARGET_IS_DATE", f"The target `{quotable(name)}` is a date; choose a number or a category.", column=name
        )
        return None
    if column["dtype"] == "string":
        if column["unique"] > 0.5 * present:
            findings.refuse(
                "TARGET_NOT_REPEATED",
                f"The target `{quotable(name)}` has {column['unique']:,} different texts in {counted(present, 'row')}, "
                "too many to be classes; choose a number or a category.",
                column=name,
            )
            return None
        return "binary" if column["unique"] == 2 else "multiclass"
    if column["unique"] == 2:
        return "binary"
    if column["dtype"] == "int64" and column["unique"] <= MAX_NUMBER_CLASSES and column["unique"] < 0.5 * present:
        return "multiclass"
    return "regression"


def _judge_classes(described, column, position, statistics, findings):
    described["classes"] = column["unique"]
    described["class_counts"] = [
        {"value": shown_value(value), "count": rows} for value, rows in statistics.class_counts(position, SHOWN_CLASSES)
    ]
    value, rows = statistics.smallest_class(position)
    if rows < MIN_CLASS_ROWS:
        findings.refuse(
            "TARGET_CLASS_TOO_SMALL",
            f"Class `{quotable(value, 40)}` of the target `{quotable(column['name'])}` has only {counted(rows, 'row')} "
            f"where {MIN_CLASS_ROWS} are needed; add rows of that class, merge it with another or remove it.",
            column=column["name"],
        )

"""How well a model does: confusion matrix, ROC, precision and recall, histogram.

Computed here in plain Python, in one sort, so that what is shown never depends on which libraries are installed.
"""

from . import _channel
from ._values import (
    check_name,
    check_number,
    check_run,
    check_step,
    is_missing,
    same_length,
    sequence,
    type_name,
)

# More points than a chart has pixels to tell them apart would only be slower.
MAX_POINTS = 200
MAX_CLASSES = 200
MAX_BINS = 1000


def log_confusion_matrix(name, y_true, y_pred, labels=None, step=None, run=None):
    """Show a confusion matrix of true against predicted classes.

    Args:
        name: the matrix's heading, e.g. "LightGBM on validation".
        y_true: the true classes, one per row of data.
        y_pred: the predicted classes (not probabilities), in the same order.
        labels: optional list of all classes in the order to show; by default the sorted classes that occur.
        step: optional integer from 0 up, for a matrix that changes over time.
        run: optional name of the model or trial that it belongs to.

    Raises:
        TypeError, ValueError: an argument is not what is described above.

    Example:
        trainable.log_confusion_matrix("Validation", y_val, model.predict(X_val), run="lightgbm")
    """
    name, step, run = check_name("name", name), check_step(step), check_run(run)
    true, predicted = sequence("y_true", y_true), sequence("y_pred", y_pred)
    same_length("y_true", true, "y_pred", predicted)
    _one_dimension("y_true", true)
    _one_dimension("y_pred", predicted)
    classes = _classes(true + predicted) if labels is None else sequence("labels", labels)
    if len(classes) > MAX_CLASSES:
        raise ValueError(
            f"y_true and y_pred hold {len(classes)} classes; a confusion matrix shows at most {MAX_CLASSES}"
        )
    position = {label: index for index, label in enumerate(classes)}
    matrix = [[0] * len(classes) for _ in classes]
    for actual, guess in zip(true, predicted):
        if actual not in position or guess not in position:
            missing = actual if actual not in position else guess
            raise ValueError(f"labels must name every class; {missing!r} is not among them")
        matrix[position[actual]][position[guess]] += 1
    correct = sum(matrix[i][i] for i in range(len(classes))) / len(true)
    _channel.send(
        {
            "type": "confusion_matrix",
            "name": name,
            "step": step,
            "run": run,
            "data": {"labels": [str(label) for label in classes], "matrix": matrix},
        },
        lambda: f"[confusion matrix] {name}: {len(classes)} classes, {correct:.1%} of {len(true)} correct",
    )


def log_roc(name, y_true, y_score, labels=None, step=None, run=None):
    """Show ROC curves with their areas.

    Args:
        name: the chart's heading.
        y_true: the true classes, one per row of data.
        y_score: for two classes, the score or probability of the positive class per row; for several, one column per
            class, as `predict_proba` returns it.
        labels: optional list of the classes in the order of the columns of `y_score`; for two classes the second is the
            positive one. By default the sorted classes that occur in `y_true`.
        step: optional integer from 0 up, for a curve that changes over time.
        run: optional name of the model or trial that it belongs to.

    Raises:
        TypeError, ValueError: an argument is not what is described above.

    Example:
        trainable.log_roc("Validation", y_val, model.predict_proba(X_val)[:, 1], run="lightgbm")
    """
    curves = [_roc_curve(*each) for each in _one_against_rest(y_true, y_score, labels)]
    _send_curves("roc", name, curves, "auc", "AUC", step, run)


def log_pr(name, y_true, y_score, labels=None, step=None, run=None):
    """Show precision-recall curves with their average precision; the honest picture when a class is rare.

    Args:
        name: the chart's heading.
        y_true: the true classes, one per row of data.
        y_score: for two classes, the score or probability of the positive class per row; for several, one column per
            class, as `predict_proba` returns it.
        labels: optional list of the classes in the order of the columns of `y_score`; for two classes the second is the
            positive one. By default the sorted classes that occur in `y_true`.
        step: optional integer from 0 up, for a curve that changes over time.
        run: optional name of the model or trial that it belongs to.

    Raises:
        TypeError, ValueError: an argument is not what is described above.

    Example:
        trainable.log_pr("Validation", y_val, model.predict_proba(X_val)[:, 1], run="lightgbm")
    """
    curves = [_pr_curve(*each) for each in _one_against_rest(y_true, y_score, labels)]
    _send_curves("pr", name, curves, "average_precision", "AP", step, run)


def _send_curves(kind, name, curves, figure, short, step, run):
    name, step, run = check_name("name", name), check_step(step), check_run(run)
    _channel.send(
        {"type": kind, "name": name, "step": step, "run": run, "data": {"curves": curves}},
        lambda: f"[{kind}] {name}: " + ", ".join(f"{c['label']} {short} {c[figure]:.4f}" for c in curves),
    )


def _one_against_rest(y_true, y_score, labels):
    """(label, truth as booleans, scores) of each curve to draw."""
    true, scores = sequence("y_true", y_true), sequence("y_score", y_score)
    same_length("y_true", true, "y_score", scores)
    _one_dimension("y_true", true)
    classes = _classes(true) if labels is None else sequence("labels", labels)
    if len(classes) < 2:
        raise ValueError("y_true must contain at least two classes")
    if not isinstance(scores[0], (list, tuple)):
        if len(classes) != 2:
            raise ValueError(f"y_score must have one column per class for {len(classes)} classes, or labels name two")
        chosen = [(classes[1], scores)]
    else:
        if any(len(row) != len(classes) for row in scores):
            raise ValueError(f"y_score must have {len(classes)} columns, one per class; labels names them")
        chosen = [(label, [row[index] for row in scores]) for index, label in enumerate(classes)]
        chosen = chosen[1:] if len(classes) == 2 else chosen
    for label, column in chosen:
        truth = [value == label for value in true]
        if all(truth) or not any(truth):
            raise ValueError(f"y_true must contain both {label!r} and other classes")
        column = [check_number("a value of y_score", value) for value in column]
        if any(value != value for value in column):
            raise ValueError("y_score must not contain NaN")
        yield label, truth, column


def _cumulative(truth, scores):
    """(threshold, true positives, false positives) at each distinct score, from the highest down."""
    points, hits, misses, previous = [], 0, 0, None
    for score, positive in sorted(zip(scores, truth), key=lambda pair: -pair[0]):
        if previous is not None and score != previous:
            points.append((previous, hits, misses))
        hits, misses, previous = hits + positive, misses + (not positive), score
    points.append((previous, hits, misses))
    return points


def _roc_curve(label, truth, scores):
    points = [(None, 0, 0)] + _cumulative(truth, scores)
    positives, negatives = points[-1][1], points[-1][2]
    area = sum((fp1 - fp0) * (tp0 + tp1) / 2 for (_, tp0, fp0), (_, tp1, fp1) in zip(points, points[1:])) / (
        positives * negatives
    )
    kept = _thinned(points, positives, negatives)
    return {
        "label": str(label),
        "auc": area,
        "fpr": [fp / negatives for _, _, fp in kept],
        "tpr": [tp / positives for _, tp, _ in kept],
        "thresholds": [_finite(threshold) for threshold, _, _ in kept],
    }


def _pr_curve(label, truth, scores):
    points = _cumulative(truth, scores)
    positives, negatives = points[-1][1], points[-1][2]
    average, last = 0.0, 0
    for _, tp, fp in points:
        average += (tp - last) / positives * tp / (tp + fp)
        last = tp
    kept = _thinned(points, positives, negatives)
    return {
        "label": str(label),
        "average_precision": average,
        "share_positive": positives / len(truth),
        "recall": [tp / positives for _, tp, _ in kept],
        "precision": [tp / (tp + fp) for _, tp, fp in kept],
        "thresholds": [_finite(threshold) for threshold, _, _ in kept],
    }


def _thinned(points, positives, negatives):
    """At most MAX_POINTS of the points, evenly along the curve, always with both ends."""
    if len(points) <= MAX_POINTS:
        return points
    kept, step = [points[0]], 2 / (MAX_POINTS - 2)
    target = step
    for point in points[1:-1]:
        if point[1] / positives + point[2] / negatives >= target:
            kept.append(point)
            target = point[1] / positives + point[2] / negatives + step
    kept.append(points[-1])
    return kept


def log_histogram(name, values, bins=30, step=None, run=None):
    """Show how numbers are distributed, such as residuals or predicted probabilities.

    Args:
        name: the chart's heading.
        values: the numbers; missing and infinite ones are left out and counted.
        bins: number of bins (1 to 1000), or a list of increasing bin edges.
        step: optional integer from 0 up, for a distribution that changes over time.
        run: optional name of the model or trial that it belongs to.

    Raises:
        TypeError, ValueError: an argument is not what is described above.

    Example:
        trainable.log_histogram("Residuals", y_val - model.predict(X_val), run="lightgbm")
    """
    name, step, run = check_name("name", name), check_step(step), check_run(run)
    given = sequence("values", values)
    _one_dimension("values", given)
    numbers = [float(check_number("a value", value)) for value in given if not is_missing(value)]
    finite = [value for value in numbers if abs(value) != float("inf")]
    edges = _edges(bins, finite)
    counts, inside = _counts(finite, edges)
    data = {
        "edges": edges,
        "counts": counts,
        "missing": len(given) - len(numbers),
        "infinite": len(numbers) - len(finite),
        "outside": len(finite) - inside,
    }
    _channel.send(
        {"type": "histogram", "name": name, "step": step, "run": run, "data": data},
        lambda: f"[histogram] {name}: {inside} values from {edges[0]:.6g} to {edges[-1]:.6g}",
    )


def _edges(bins, values):
    count = check_number("bins", bins) if not hasattr(bins, "__len__") else None
    if count is not None:
        if isinstance(count, float) or not 1 <= count <= MAX_BINS:
            raise ValueError(f"bins must be an integer from 1 to {MAX_BINS}, not {bins!r}")
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        if low == high:
            low, high = low - 0.5, high + 0.5
        # Halved before they are subtracted: the range of two finite floats can be infinite.
        width = (high / 2 - low / 2) / count * 2
        edges = [low + width * index for index in range(count)] + [high]
        if any(after <= before for before, after in zip(edges, edges[1:])):
            edges = [low, high]
        return edges
    edges = [float(check_number("a bin edge", edge)) for edge in sequence("bins", bins)]
    if not 2 <= len(edges) <= MAX_BINS + 1:
        raise ValueError(f"bins must have between 2 and {MAX_BINS + 1} edges, not {len(edges)}")
    if not all(before < after < float("inf") for before, after in zip(edges, edges[1:])) or edges[0] == -float("inf"):
        raise ValueError("bins must be finite edges that increase")
    return edges


def _counts(values, edges):
    from bisect import bisect_right

    counts, inside = [0] * (len(edges) - 1), 0
    for value in values:
        if edges[0] <= value <= edges[-1]:
            counts[min(bisect_right(edges, value), len(counts)) - 1] += 1
            inside += 1
    return counts, inside


def _classes(values):
    try:
        distinct = set(values)
    except TypeError:
        raise TypeError("classes must be strings, numbers or booleans") from None
    if any(is_missing(value) for value in distinct):
        raise ValueError("y_true and y_pred must not contain missing values")
    try:
        return sorted(distinct)
    except TypeError:
        return sorted(distinct, key=lambda value: (type_name(value), str(value)))


def _one_dimension(argument, values):
    if any(isinstance(value, (list, tuple)) for value in values):
        if all(isinstance(value, (list, tuple)) and len(value) == 1 for value in values):
            values[:] = [value[0] for value in values]
        else:
            raise ValueError(f"{argument} must have one dimension: one value per row")


def _finite(value):
    return None if value is None or abs(value) == float("inf") else value

"""Numbers over time, and the charts that show them."""

from . import _channel
from ._values import check_name, check_number, check_run, check_step, json_number, type_name

CHART_TYPES = ("line", "bar", "area", "scatter")
MAX_METRICS = 1000
MAX_CHARTS = 100


def log(step, metrics, run=None):
    """Log the values of one or more metrics at a step; they appear in the live charts at once.

    Call it every iteration, epoch, tree or trial: it costs microseconds.

    Args:
        step: integer from 0 up, the position on the x axis (iteration, epoch, trial).
        metrics: dict of metric name to number. numpy scalars and tensors of one element are numbers too; NaN and
            infinities are kept as they are.
        run: optional name of the model or trial that the values belong to. Each run is a curve of its own, so give
            every model its own: run="lightgbm".

    Raises:
        TypeError, ValueError: an argument is not what is described above.

    Example:
        trainable.log(step=epoch, metrics={"train_loss": 0.52, "val_loss": 0.61}, run="xgboost")
    """
    step = check_step(step, optional=False)
    run = check_run(run)
    if not hasattr(metrics, "items"):
        raise TypeError(f"metrics must be a dict of name to number, not {type_name(metrics)}")
    values = {}
    for name, value in metrics.items():
        check_name("a metric's name", name)
        values[name] = json_number(check_number(f"metrics[{name!r}]", value))
    if not values:
        raise ValueError("metrics must not be empty")
    if len(values) > MAX_METRICS:
        raise ValueError(f"metrics must have at most {MAX_METRICS} names, not {len(values)}")
    _channel.send({"type": "metrics", "step": step, "metrics": values, "run": run}, lambda: _line(step, values, run))


def _line(step, values, run):
    shown = "  ".join(
        f"{name}={value if isinstance(value, (str, int)) else format(value, '.6g')}" for name, value in values.items()
    )
    return f"[{run or 'metrics'}] step {step}  {shown}"


def configure_dashboard(charts):
    """Lay out the live charts. Call it once, before the first `log`; a later call replaces the layout.

    Args:
        charts: list of dicts, one per chart, shown in this order:
            "title": the chart's heading;
            "metrics": list of the metric names it shows, as given to `log`;
            "type": "line" (default), "bar", "area" or "scatter".

    Raises:
        TypeError, ValueError: an argument is not what is described above.

    Example:
        trainable.configure_dashboard([
            {"title": "Loss", "metrics": ["train_loss", "val_loss"], "type": "line"},
            {"title": "Score by model", "metrics": ["val_auc"], "type": "bar"},
        ])
    """
    if not isinstance(charts, (list, tuple)):
        raise TypeError(f"charts must be a list of dicts, not {type_name(charts)}")
    if not 1 <= len(charts) <= MAX_CHARTS:
        raise ValueError(f"charts must hold between 1 and {MAX_CHARTS} charts, not {len(charts)}")
    checked = [_chart(f"charts[{index}]", chart) for index, chart in enumerate(charts)]
    _channel.send(
        {"type": "charts", "charts": checked},
        lambda: "[dashboard] " + "; ".join(f"{c['title']}: {', '.join(c['metrics'])}" for c in checked),
    )


def _chart(where, chart):
    if not isinstance(chart, dict):
        raise TypeError(f"{where} must be a dict, not {type_name(chart)}")
    unknown = sorted(str(key) for key in set(chart) - {"title", "metrics", "type"})
    if unknown:
        raise ValueError(f"{where} has unknown keys: {', '.join(unknown)}; a chart has title, metrics and type")
    names = chart.get("metrics")
    if isinstance(names, str):
        names = [names]
    if not isinstance(names, (list, tuple)):
        raise TypeError(f"{where}['metrics'] must be a list of metric names, not {type_name(names)}")
    if not names:
        raise ValueError(f"{where}['metrics'] must not be empty")
    kind = chart.get("type", "line")
    if kind not in CHART_TYPES:
        raise ValueError(f"{where}['type'] must be one of {', '.join(CHART_TYPES)}, not {kind!r}")
    return {
        "title": check_name(f"{where}['title']", chart.get("title")),
        "metrics": [check_name(f"a name in {where}['metrics']", name) for name in names],
        "type": kind,
    }

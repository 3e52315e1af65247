"""Show what a program measures while it runs.

    import trainable

    trainable.configure_dashboard([
        {"title": "Loss", "metrics": ["train_loss", "val_loss"], "type": "line"},
    ])
    for epoch in range(20):
        ...
        trainable.log(step=epoch, metrics={"train_loss": 0.5, "val_loss": 0.6}, run="xgboost")

Everything logged appears live to whoever watches the session. Metrics: `log`, laid out by `configure_dashboard`.
Results: `log_confusion_matrix`, `log_roc`, `log_pr`, `log_histogram`, `log_table`, `log_image`, `log_text`.
Folders: `dataset_dir`, `stage_dir`, `session_dir`.

All functions may be called from several threads and worker processes. Outside of Trainable the same program works
as it is: each call then prints one line.
"""

# Nothing here imports more than it must: this package is imported by every execution, and json, socket and pathlib
# alone would cost more than the ten milliseconds it may take.

from ._evaluation import log_confusion_matrix, log_histogram, log_pr, log_roc
from ._images import log_image
from ._metrics import configure_dashboard, log
from ._paths import dataset_dir, session_dir, stage_dir
from ._tables import log_table, log_text

__version__ = "0.1.0"

__all__ = [
    "log",
    "configure_dashboard",
    "log_image",
    "log_table",
    "log_confusion_matrix",
    "log_roc",
    "log_pr",
    "log_histogram",
    "log_text",
    "dataset_dir",
    "stage_dir",
    "session_dir",
]

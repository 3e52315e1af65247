"""The folders a program may use, and where they are when Trainable did not start it."""

import os
import sys


def dataset_dir():
    """The folder with the dataset, read-only: one `<table>.parquet` per table, and `dataset.json` that describes them.

    Returns a `pathlib.Path`. Outside of Trainable it is `$TRAINABLE_DATASET_DIR`, or a folder `dataset` beside the
    stages' folders; FileNotFoundError says so when neither exists.
    """
    from pathlib import Path

    given = os.environ.get("TRAINABLE_DATASET_DIR")
    if given:
        return Path(given)
    beside = session_dir() / "dataset"
    if beside.is_dir():
        return beside
    raise FileNotFoundError("no dataset folder; set TRAINABLE_DATASET_DIR to the folder that holds the tables")


def stage_dir():
    """The folder of the running stage (`eda`, `prep` or `train`), for what it leaves: report.md, figures/, data/, models/.

    Returns a `pathlib.Path`. Outside of Trainable it is `$TRAINABLE_STAGE_DIR`, or the folder that holds the script's
    own `scripts` folder, or the current directory.
    """
    from pathlib import Path

    given = os.environ.get("TRAINABLE_STAGE_DIR")
    if given:
        return Path(given)
    script = Path(sys.argv[0] or ".").resolve()
    return script.parent.parent if script.parent.name == "scripts" else Path.cwd()


def session_dir():
    """The session's folder, which holds the folders of its stages: what Prep left is in `session_dir() / "prep"`.

    Returns a `pathlib.Path`. Outside of Trainable it is `$TRAINABLE_SESSION_DIR`, or the folder above `stage_dir()`.
    """
    from pathlib import Path

    given = os.environ.get("TRAINABLE_SESSION_DIR")
    return Path(given) if given else stage_dir().parent

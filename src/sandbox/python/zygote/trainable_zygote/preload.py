"""Imports in advance what most scripts import, as far as the environment has it."""

import gc
import importlib
import os
import sys

_WANTED = (
    "argparse ast collections concurrent.futures csv dataclasses datetime functools glob io itertools json logging math "
    "multiprocessing pathlib pickle pprint random re shutil statistics string subprocess tempfile textwrap threading "
    "time traceback typing uuid warnings zipfile "
    "numpy numpy.random pandas pyarrow pyarrow.parquet sklearn sklearn.base joblib threadpoolctl scipy.sparse scipy.stats "
    "sklearn.model_selection sklearn.metrics sklearn.preprocessing sklearn.impute sklearn.compose sklearn.pipeline "
    "sklearn.linear_model sklearn.tree sklearn.ensemble sklearn.neighbors sklearn.dummy sklearn.decomposition "
    "sklearn.calibration sklearn.inspection matplotlib matplotlib.pyplot lightgbm xgboost duckdb optuna"
).split()


class Preload:
    """What is loaded so far."""

    def __init__(self):
        self.done = False
        self.blas = []
        self.warm = False
        self.loaded = frozenset()

    def run(self):
        """Imports everything and makes what is loaded cheap to share with children."""
        for name in _WANTED:
            try:
                importlib.import_module(name)
            except Exception:
                # A broken package of the environment fails in the script that wants it, where somebody can see it.
                continue
        self.blas = _blas()
        gc.collect()
        gc.freeze()
        self.done = True

    def settle(self):
        """Notes what a child that is forked now has, and whether it may go on in this interpreter.

        It may not when a module has started a thread, which the fork loses.
        """
        self.warm = len(os.listdir("/proc/self/task")) == 1
        self.loaded = frozenset(sys.modules)


def _blas():
    """The linear algebra libraries that were loaded; they were started with one thread."""
    threads = sys.modules.get("threadpoolctl")
    if threads is None:
        return []
    return [library for library in threads.ThreadpoolController().lib_controllers if library.user_api == "blas"]

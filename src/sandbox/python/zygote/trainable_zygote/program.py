"""Becoming the program: in this interpreter, with everything as a fresh one would have it."""

import atexit
import builtins
import fcntl
import gc
import importlib.machinery
import os
import random
import resource
import runpy
import signal
import sys
import threading
import types

from . import linux
from .message import receive

# The program knows the records' descriptor by this number.
_RECORD = 3
# No process here has a descriptor with a higher number.
_MOST_DESCRIPTORS = 1 << 16
# The same for all, whether the zygote that forked it was warm or not.
_NICE = 10
# No exit code: an interpreter that a KeyboardInterrupt ends dies by the signal, for whoever waits for it.
_INTERRUPTED = -1
# Touches what the first lines of most scripts touch, so that those pages are this process's own already.
_REHEARSAL = "import numpy as np, pandas as pd, sklearn, matplotlib.pyplot as plt\nfrom pathlib import Path\nprint('', end='')"


def run(way, filter_program, preload):
    """Waits for the request, runs its script or module as `__main__`, and never returns."""
    linux.drop_capabilities()
    linux.filter_system_calls(filter_program)
    if preload.done and preload.warm:
        _rehearse()
    entered = _Entered()
    received = receive(way, entered.enter)
    if received is None:
        os._exit(0)
    request, status = received.request, received.status
    try:
        entered.check(request["groups"])
        _give_way()
        _limits(request["limits"])
        os.chdir(request["workdir"])
        linux.landlock(request["writable"])
    except Exception as error:
        os.write(status, b"failed " + str(error).encode("utf-8", "backslashreplace")[:2000] + b"\n")
        os._exit(1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.write(status, b"started\n")
    _descriptors(received)
    if preload.warm:
        _become(request, preload)
    what = [request["script"]] if request["script"] else ["-m", request["runner"]]
    os.execve(sys.executable, [sys.executable, "-P", *what, *request["args"]], request["env"])


class _Entered:
    """The cgroups that this process is in as part of the execution."""

    def __init__(self):
        self._count = 0
        self._refusal = None

    def enter(self, groups):
        """Enters them. Nobody listens yet, so what fails is told with the request."""
        self._count = 0
        try:
            for group in groups:
                os.write(group, b"0")
                self._count += 1
        except OSError as error:
            self._refusal = error

    def check(self, expected):
        """Nothing of a model's is run outside of its limits."""
        if self._count != expected:
            raise self._refusal or OSError(f"{self._count} cgroups entered instead of {expected}")


def _give_way():
    """Makes this the first to go when the machine is short of memory, and the last on a core that others want."""
    os.nice(_NICE - os.nice(0))
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def _rehearse():
    try:
        exec(compile(_REHEARSAL, "rehearsal", "exec"), {})
    except Exception:
        # An environment without these packages has nothing to rehearse.
        pass


def _descriptors(received):
    """Puts each where it belongs and closes all others."""
    # Above all of the final numbers first, so that none is overwritten before it was moved.
    wanted = (received.stdout, received.stderr, received.record)
    moved = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 16) for descriptor in wanted]
    null = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
    for number, descriptor in enumerate([null, *moved]):
        os.dup2(descriptor, number)
    os.closerange(_RECORD + 1, _MOST_DESCRIPTORS)


def _limits(limits):
    for name, most in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        given = resource.getrlimit(kind)[1]
        if kind == resource.RLIMIT_DATA:
            # What the zygote has loaded is no allocation of the program's.
            most += _own_data()
        if given != resource.RLIM_INFINITY:
            most = min(most, given)
        resource.setrlimit(kind, (most, most))


def _own_data():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmData:"))


def _become(request, preload):
    os.environ.clear()
    os.environ.update(request["env"])
    random.seed()
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()
    for library in preload.blas:
        library.set_num_threads(request["cpus"])
    sys.argv = [request["script"] or request["runner"], *request["args"]]
    sys.orig_argv = [sys.executable, "-P", *sys.argv]
    code = _leave(preload.loaded, _status(request))
    if code == _INTERRUPTED:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(code)


def _script(path):
    with open(path, "rb") as file:
        source = file.read()
    main = types.ModuleType("__main__")
    main.__dict__.update(
        __file__=path,
        __builtins__=builtins,
        __cached__=None,
        __loader__=importlib.machinery.SourceFileLoader("__main__", path),
    )
    if sys.version_info < (3, 14):
        main.__annotations__ = {}
    sys.modules["__main__"] = main
    exec(compile(source, path, "exec", dont_inherit=True), main.__dict__)


def _module(name):
    sys.modules["__main__"] = types.ModuleType("__main__")
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def _status(request):
    try:
        if request["script"]:
            _script(request["script"])
        else:
            _module(request["runner"])
        return 0
    except SystemExit as asked:
        if asked.code is None:
            return 0
        if isinstance(asked.code, int):
            return asked.code & 0xFF
        print(asked.code, file=sys.stderr)
        return 1
    except BaseException as error:
        trace = _own(error.__traceback__)
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        return _INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1


def _own(trace):
    """What is left of a traceback without the frames of this file: what a fresh interpreter would show."""
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return trace


def _leave(loaded, code):
    """What an interpreter does at its end, but for taking apart all that was loaded in advance."""
    try:
        threading._shutdown()
        atexit._run_exitfuncs()
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
    # Nothing holds the script's own modules any more, so their objects are finalized and open files flushed, while what
    # they refer to is still there.
    sys.modules.pop("__main__", None)
    for name in [name for name in sys.modules if name not in loaded]:
        del sys.modules[name]
    gc.collect()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        # Nobody reads any more, or the script closed or replaced them.
        return code or 120
    return code

"""Where the stand-in keeps things, and what it lets through."""

import contextlib
import functools
import inspect
import os

from . import exception


class both:
    """A function that is called as `name.aio(…)`, bound like a method where it has a `self`."""

    def __init__(self, function):
        self.function = function
        self.is_method = "self" in inspect.signature(function).parameters

    def __get__(self, instance, owner):
        if self.is_method:
            return Callable(functools.partial(self.function, instance))
        return Callable(self.function)


class Callable:
    def __init__(self, aio):
        self.aio = aio


class Output:
    enabled = False

    @contextlib.contextmanager
    def enable(self):
        self.enabled = True
        try:
            yield
        finally:
            self.enabled = False


# Whether the SDK prints what is done at Modal.
output = Output()


def root():
    return os.environ["FAKE_MODAL_ROOT"]


def fault(name):
    return name in os.environ.get("FAKE_MODAL_FAULTS", "").split(",")


def fault_of(name, number):
    """Whether something goes wrong in this container: it does in the first that meets it, and in no other."""
    if not fault(name):
        return False
    path = os.path.join(root(), f"fault-{name}")
    try:
        with open(path, "x") as file:
            file.write(number)
    except FileExistsError:
        pass
    with open(path) as file:
        return file.read() == number


def check_tokens():
    found = os.environ.get("MODAL_TOKEN_ID"), os.environ.get("MODAL_TOKEN_SECRET")
    if found != ("ak-test", "as-test"):
        # As careless as a real one may be.
        raise exception.AuthError(f"Token ID {found[0]} with secret {found[1]} is not known.")
    if os.environ.get("MODAL_SANDBOX_V2") != "0":
        raise exception.InvalidError("these tests are of sandboxes of the first version")

"""Where the stand-in keeps things, and what it lets through."""

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


def root():
    return os.environ["FAKE_MODAL_ROOT"]


def fault(name):
    return name in os.environ.get("FAKE_MODAL_FAULTS", "").split(",")


def check_tokens():
    found = os.environ.get("MODAL_TOKEN_ID"), os.environ.get("MODAL_TOKEN_SECRET")
    if found != ("ak-test", "as-test"):
        # As careless as a real one may be.
        raise exception.AuthError(f"Token ID {found[0]} with secret {found[1]} is not known.")
    if os.environ.get("MODAL_SANDBOX_V2") != "0":
        raise exception.InvalidError("these tests are of sandboxes of the first version")

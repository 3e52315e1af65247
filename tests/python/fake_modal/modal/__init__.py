"""A stand-in for Modal's SDK at its boundary, for tests: the same names, and processes of this machine behind them.

What is kept lies in FAKE_MODAL_ROOT, so that it outlives the process that uses it, as Modal does. A sandbox is
bubblewrap with an agent in it; a mounted volume is a copy of its own that shows to others what was committed by `sync`,
and shows what others wrote after a reload. The tokens that it takes are `ak-test` and `as-test`.

As with Modal, files that are uploaded have the modes they had here, a path that ends in `*` is no path to list,
arguments have a limit, time is kept, and what was written last in a container is seen some time after its end.

FAKE_MODAL_FAULTS names what goes wrong, by commas: `away`, `no-image`, `open-files`, `no-capacity`; and in the first
container that meets it, for good, `no-reload`, `no-writes`, `no-shadow`.
"""

import os

from . import exception
from .image import Image
from .sandbox import Sandbox
from .state import both, check_tokens, fault, output, root
from .volume import Volume

__version__ = "1.6.0+fake"
__all__ = ["App", "Image", "Sandbox", "Volume", "enable_output", "exception"]

enable_output = output.enable


class App:
    def __init__(self, name):
        self.name, self.app_id = name, f"ap-{name}"

    @both
    async def lookup(name, *, create_if_missing=False):
        check_tokens()
        if fault("away"):
            raise exception.ConnectionError("Could not connect to the Modal server.")
        os.makedirs(os.path.join(root(), "sandboxes"), exist_ok=True)
        return App(name)

import json
import os
import pathlib
import sys
import time

from trainable import configure_dashboard, log


def text(path, content):
    path = pathlib.Path(path)
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)


# A line for each time that this very script is run.
pathlib.Path("ran").mkdir(exist_ok=True)
with open(f"ran/{pathlib.Path(sys.argv[0]).stem}.txt", "a") as file:
    file.write("ran\n")

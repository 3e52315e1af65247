"""python -m trainable_launch.place HELD PATH FOLDER…: puts a file where a program may, and as a program would.

HELD is where it lies now, out of the programs' reach; FOLDERs are those that programs may write in. Programs that run
meanwhile may have put links on the way, which lead no further than they come themselves.
"""

import os
import sys

from . import owner


def main(held, path, *folders):
    with open(held, "rb") as file:
        data = file.read()
    os.unlink(held)
    for folder in folders:
        owner.hand_over(folder)
    owner.become()
    os.makedirs(os.path.dirname(path), exist_ok=True)
    aside = f"{path}.{os.getpid()}"
    with open(aside, "wb") as file:
        file.write(data)
    os.replace(aside, path)


main(*sys.argv[1:])

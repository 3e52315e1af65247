"""A folder of which only one part may be written, where a volume can be mounted once and only whole or read-only.

    python -m trainable_launch.shadow make WHOLE AT PART      AT shows WHOLE, which is read-only, by links; PART is a copy
    python -m trainable_launch.shadow show FOLDER KNOWN       files of FOLDER that are not as KNOWN says, on stdout

What is shown: for each file a line of JSON with its `path`, `size` and `state`, then so many bytes. KNOWN is a file with a
JSON object of states by path, too many for an argument; it is deleted.
"""

import json
import os
import shutil
import stat
import sys

from . import owner


def make(whole, at, part):
    os.makedirs(at, exist_ok=True)
    for name in os.listdir(whole):
        if name != part:
            os.symlink(os.path.join(whole, name), os.path.join(at, name))
    source, target = os.path.join(whole, part), os.path.join(at, part)
    if os.path.isdir(source):
        shutil.copytree(source, target, symlinks=True)
    else:
        os.makedirs(target)


def states(folder):
    """Regular files below a folder with what tells that they have changed; no link is followed."""
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            try:
                found = os.lstat(path)
            except OSError:
                continue
            if stat.S_ISREG(found.st_mode):
                yield os.path.relpath(path, folder), f"{found.st_size} {found.st_mtime_ns} {found.st_ino}"


def show(folder, known):
    with open(known, "rb") as file:
        states_known = json.load(file)
    os.unlink(known)
    # It looks at what programs made, and sees no more than they do.
    owner.become()
    # Of what lies deeper a program may have closed some to itself; this one is never closed by mistake.
    os.listdir(folder)
    out = sys.stdout.buffer
    for path, state in states(folder):
        if states_known.get(path) == state:
            continue
        try:
            descriptor = os.open(os.path.join(folder, path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            continue
        with open(descriptor, "rb") as file:
            left = os.fstat(descriptor).st_size
            try:
                head = json.dumps({"path": path, "size": left, "state": state})
            except UnicodeEncodeError:
                continue
            out.write(head.encode("utf-8", "surrogateescape") + b"\n")
            while left:
                data = file.read(min(left, 1 << 20))
                # One that shrinks meanwhile is filled up; it has another state by the next time.
                data = data or bytes(min(left, 1 << 20))
                out.write(data)
                left -= len(data)
    out.flush()


if __name__ == "__main__":
    {"make": make, "show": show}[sys.argv[1]](*sys.argv[2:])

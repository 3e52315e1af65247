"""The harness of tests/killing on the release binary, with more kills than `make test` has time for."""

import json
import os
import re
import subprocess

from serving import BINARY, ROOT

KILLS = int(os.environ.get("TRAINABLE_KILLS", "200"))
COMMAND = ["cargo", "test", "--quiet", "--locked", "--test", "killing", "--", "--nocapture", "again_and_again"]


def run():
    """What the harness summed up, and whether all that it compares was as it must be."""
    given = {"TRAINABLE_KILLS": str(KILLS), "TRAINABLE_TEST_BINARY": str(BINARY)}
    ended = subprocess.run(COMMAND, cwd=ROOT, env=os.environ | given, capture_output=True, text=True, errors="replace")
    seed = re.search(r"TRAINABLE_KILL_SEED=(\d+)", ended.stdout)
    print(f"        seed {seed and seed[1]}", flush=True)
    found = re.search(r"^summary (.*)$", ended.stdout, re.M)
    if ended.returncode:
        print(ended.stdout[-5000:] + ended.stderr[-5000:], flush=True)
    return {"held": ended.returncode == 0 and bool(found), "summary": json.loads(found[1]) if found else None}

"""Every fuzz target of tests/fuzz under libFuzzer, which keeps what reaches new code.

An input that breaks a property is left in target/soak/fuzz; copied to tests/fuzz/corpus it is replayed by `make test`.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from serving import ROOT

FUZZ = Path("tests/fuzz")
WORK = Path("target/soak/fuzz")
CARGO_FUZZ = "0.13.2"
SECONDS = int(os.environ.get("TRAINABLE_FUZZ_SECONDS", "300"))
# What libFuzzer needs of a compiler works on stable Rust; only its sanitizers do not.
OPTIONS = ["--fuzz-dir", str(FUZZ), "--sanitizer", "none", "--features", "libfuzzer", "--target-dir", "target/fuzz"]


def targets():
    return sorted(path.stem for path in (ROOT / FUZZ / "fuzz_targets").glob("*.rs"))


def build():
    """Builds the targets, and the tool that builds them where it is missing."""
    if not shutil.which("c++"):
        raise SystemExit("libFuzzer is written in C++ and there is no compiler; install g++")
    tools = ROOT / "target/tools/fuzz"
    if not (tools / "bin/cargo-fuzz").exists():
        command = ["cargo", "install", "--quiet", "--locked", "--root", tools, f"cargo-fuzz@{CARGO_FUZZ}"]
        subprocess.run(command, cwd=ROOT, check=True)
    environment = os.environ | {"PATH": f"{tools / 'bin'}:{os.environ['PATH']}"}
    subprocess.run(["cargo", "fuzz", "build", *OPTIONS], cwd=ROOT, env=environment, check=True)


def run(target):
    """What libFuzzer said at its end, how many inputs it tried, and whether all properties held."""
    kept, temporary = ROOT / WORK / target, ROOT / WORK / f"{target}-tmp"
    kept.mkdir(parents=True, exist_ok=True)
    temporary.mkdir(exist_ok=True)
    binary = next((ROOT / "target/fuzz").glob(f"*/release/{target}"))
    options = [f"-max_total_time={SECONDS}", "-max_len=4096", "-timeout=20", "-print_final_stats=1"]
    options += ["-use_value_profile=1", f"-artifact_prefix={ROOT / WORK}/{target}-"]
    ended = subprocess.run(
        [binary, *options, kept, ROOT / FUZZ / "corpus" / target],
        env=os.environ | {"TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        errors="replace",
    )
    shutil.rmtree(temporary, ignore_errors=True)
    tried = re.search(r"stat::number_of_executed_units: (\d+)", ended.stderr)
    covered = re.findall(r"cov: (\d+)", ended.stderr)
    if ended.returncode:
        print(ended.stderr[-3000:], flush=True)
    return {
        "inputs": int(tried[1]) if tried else 0,
        "coverage": int(covered[-1]) if covered else 0,
        "held": ended.returncode == 0 and bool(tried),
    }

"""The long proofs, one function each. Each measures, keeps what it measured in target/soak, and holds it against its
bound; tests/SOAK.md is written from what is kept. Ends with 1 when a bound is broken.
"""

import datetime
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import fuzzing
import killing
from serving import BINARY, ROOT, Server, environment

KEPT = ROOT / "target/soak"
SAMPLES = ROOT / "src/dataset/samples"
STARTS = 10
START_MS, IDLE_MB, WORKING_MB = 300, 60, 300
ROWS = 1_000_000
MILLION_MINUTES = 60


def main():
    proofs = {"bounds": bounds, "million": million, "samples": samples, "kills": kills, "fuzz": fuzz}
    wanted = sys.argv[1:] or list(proofs)
    if unknown := set(wanted) - set(proofs):
        raise SystemExit(f"no proof {', '.join(sorted(unknown))}; choose from {', '.join(proofs)}")
    KEPT.mkdir(parents=True, exist_ok=True)
    held = True
    for name in wanted:
        load, began = os.getloadavg()[0], time.time()
        figures = proofs[name]()
        figures = [figure | {"held": bool(figure["held"])} for figure in figures]
        kept = {
            "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "cores": os.cpu_count(),
            "machine": platform.machine(),
            "load": [round(load, 1), round(os.getloadavg()[0], 1)],
            "minutes": round((time.time() - began) / 60, 1),
            "commit": _commit(),
            "figures": figures,
        }
        (KEPT / f"{name}.json").write_text(json.dumps(kept, indent=1))
        held &= all(figure["held"] for figure in figures)
        write_report(proofs)
    sys.exit(0 if held else 1)


def figure(what, measured, bound, held):
    print(f"{'held  ' if held else 'BROKEN'}  {what}: {measured} (bound: {bound})", flush=True)
    return {"what": what, "measured": measured, "bound": bound, "held": held}


def folder():
    """A folder that the sandboxes' user can reach, and that is deleted."""
    made = tempfile.TemporaryDirectory(prefix="trainable-soak-", ignore_cleanup_errors=True)
    os.chmod(made.name, 0o755)
    return made


def bounds():
    """How fast a server that is set up is ready, and what it holds while nothing happens."""
    with folder() as data:
        with Server(data):
            pass
        ready, idle = [], []
        for number in range(STARTS):
            with Server(data) as server:
                ready.append(server.ready_seconds * 1000)
                if number == STARTS - 1:
                    _settle(server)
                    idle.append(server.memory()[0])
    return [
        figure(
            f"start to ready, median of {STARTS}",
            f"{statistics.median(ready):.0f} ms (slowest {max(ready):.0f} ms)",
            f"{START_MS} ms",
            statistics.median(ready) < START_MS,
        ),
        figure("resident memory, idle", f"{idle[0]:.0f} MB", f"{IDLE_MB} MB", idle[0] < IDLE_MB),
    ]


def _settle(server):
    """Lets what a start does in the background end."""
    while not server.ask("{ server { environment { ready } } }")["environment"]["ready"]:
        time.sleep(0.2)
    time.sleep(5)


def million():
    """A million rows through a server, and what the server itself holds meanwhile."""
    with folder() as work:
        table = Path(work) / "million.csv"
        subprocess.run([_python(), "-c", TABLE, str(table), str(ROWS)], check=True)
        size = table.stat().st_size / 1e6
        data = Path(work) / "data"
        data.mkdir(mode=0o755)
        with Server(data) as server:
            began = time.monotonic()
            upload = server.upload(table)
            uploaded = time.monotonic() - began
            experiment = server.ask(CREATE, i={"source": {"uploadIds": [upload]}, "target": "outcome"})["experiment"]
            described = time.monotonic() - began - uploaded
            session = server.ask(SESSION, i={"experimentId": experiment["id"]})["session"]["id"]
            server.ask(START, i={"sessionId": session, "stage": "EDA", "through": "TRAIN", "seed": 42})
            state, lines, highest = _followed(server, session)
            took = (time.monotonic() - began) / 60
            result = server.ask("query($id: ID!) { session(id: $id) { result { bestModel } } }", id=session)["result"]
            highest = max(highest, server.memory()[1])
    said = next((text for text in lines if re.search(r"[\d,]{5,} (random )?rows (drawn|of)\b", text)), "")
    return [
        figure(
            f"{ROWS:,} rows, 30 columns, {size:.0f} MB of CSV: the session's end",
            f"{state} in {took:.1f} min (upload {uploaded:.1f} s, description {described:.1f} s), "
            f"best model {result and result['bestModel']}",
            "TRAIN_DONE",
            state == "TRAIN_DONE",
        ),
        figure(
            "the server's own resident memory at its highest meanwhile",
            f"{highest:.0f} MB",
            f"{WORKING_MB} MB",
            highest < WORKING_MB,
        ),
        figure("the agent says that it sampled", f"“{said[:160]}”" if said else "it does not", "said", bool(said)),
    ]


def _followed(server, session):
    """The state that a session ends in, what its agent said, and the server's highest memory."""
    highest, deadline = 0, time.monotonic() + MILLION_MINUTES * 60
    shown = None
    while time.monotonic() < deadline:
        highest = max(highest, *server.memory())
        state = server.ask("query($id: ID!) { session(id: $id) { state } }", id=session)["state"]
        if state != shown:
            print(f"        {state} at {highest:.0f} MB", flush=True)
            shown = state
        if state in ("TRAIN_DONE", "FAILED", "CANCELLED"):
            break
        time.sleep(0.5)
    found = server.ask(SAID, id=session)
    for stage in found["stages"]:
        if stage["current"] and stage["current"]["error"]:
            print(f"        {stage['current']['error']}", flush=True)
    said = [message["content"] for message in found["messages"]["nodes"]]
    said += [report["content"] for name in ("eda", "prep", "train") if (report := found[name])]
    lines = [line.strip(" -*>") for text in said for line in text.splitlines()]
    return state, lines, highest


def samples():
    """Every sample twice with one seed."""
    found, broken = [], []
    for sample in json.loads((SAMPLES / "samples.json").read_text()):
        runs = [_run(sample) for _ in range(2)]
        states = [run["state"] for run in runs]
        same = all(run["metadata"].get("test_metrics") for run in runs) and (
            runs[0]["metadata"]["test_metrics"] == runs[1]["metadata"]["test_metrics"]
        )
        versus = runs[0]["metadata"].get("vs_dummy") or {}
        lower = versus.get("lower")
        held = states == ["train_done"] * 2 and same and lower is not None and lower > 0
        minutes = " and ".join(f"{run['seconds'] / 60:.1f}" for run in runs)
        found.append(
            figure(
                f"`{sample['id']}`, twice with seed 42",
                f"{' and '.join(str(state) for state in states)} in {minutes} min; "
                + (f"same test metrics; {runs[0]['best_model']}" if same else "test metrics DIFFER")
                + (
                    f"; {versus['metric']} {versus['model']:.3f} against {versus['dummy']:.3f}, "
                    f"difference at least {lower:.3f}"
                    if lower is not None
                    else f"; no figure against the dummy ({runs[0]['error']})"
                ),
                "train_done, same metrics, lower 95 % bound of the difference above 0",
                held,
            )
        )
        if not held:
            broken.append((sample["id"], [run["metadata"].get("test_metrics") for run in runs]))
    for what in broken:
        print(what, file=sys.stderr)
    return found


def _run(sample):
    with folder() as work:
        data, out = Path(work) / "data", Path(work) / "out"
        data.mkdir(mode=0o755)
        began = time.monotonic()
        ended = subprocess.run(
            [BINARY, "run", SAMPLES / sample["file"], "--target", sample["target"], "--provider", "autopilot"]
            + ["--instructions", sample["instructions"], "--seed", "42", "--out", out, "--json"],
            env=environment(data),
            capture_output=True,
            text=True,
        )
        seconds = time.monotonic() - began
        summary = json.loads(ended.stdout) if ended.stdout else {"state": None, "error": ended.stderr[-300:]}
        metadata = out / "train/data/metadata.json"
        return {
            "state": summary["state"] if ended.returncode == 0 else f"exit {ended.returncode}",
            "error": summary.get("error"),
            "best_model": summary.get("best_model"),
            "seconds": seconds,
            "metadata": json.loads(metadata.read_text()) if metadata.exists() else {},
        }


def fuzz():
    """What reads the bytes of sandboxes, under inputs that libFuzzer looks for."""
    fuzzing.build()
    found = []
    for target in fuzzing.targets():
        ran = fuzzing.run(target)
        measured = f"{ran['inputs']:,} inputs, {ran['coverage']:,} edges reached"
        what = f"`{target}`, {fuzzing.SECONDS / 60:.0f} minutes"
        found.append(figure(what, measured, "every property holds", ran["held"]))
    return found


def kills():
    """A server under two users, killed or stopped wherever it is and started again."""
    ran = killing.run()
    summary = ran["summary"]
    if summary is None:
        return [figure(f"{killing.KILLS} ends of the server", "BROKEN OFF", "all of them", False)]
    hits = ", ".join(f"{name} {times}" for name, times in summary["hits"].items())
    return [
        figure(
            f"{summary['kills']} ends of the server, seed {summary['seed']}",
            f"{summary['sessions']} sessions, all TRAIN_DONE; {summary['events']:,} events and {summary['told']:,} "
            "acknowledged commands, none lost, none twice",
            "none lost, none twice, tables as the log gives them, every session TRAIN_DONE",
            ran["held"],
        ),
        figure("what was hit", hits, "7 different moments", len(summary["hits"]) >= 7),
    ]


def write_report(proofs):
    lines = [
        "# The long proofs",
        "",
        "Written by `make soak` (`tests/soak/run`) from what it measured; not by hand. MB are 10⁶ bytes.",
    ]
    for name, proof in proofs.items():
        kept = KEPT / f"{name}.json"
        if not kept.exists():
            continue
        kept = json.loads(kept.read_text())
        lines += [
            "",
            f"## {name}",
            "",
            f"{proof.__doc__.strip()} {kept['date']}, commit {kept['commit']}, {kept['cores']} cores "
            f"({kept['machine']}), load {kept['load'][0]} before and {kept['load'][1]} after, {kept['minutes']} min.",
            "",
            "| what | measured | bound | |",
            "|---|---|---|---|",
        ]
        for found in kept["figures"]:
            cells = [found["what"], found["measured"], found["bound"], "held" if found["held"] else "**broken**"]
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    (ROOT / "tests/SOAK.md").write_text("\n".join(lines) + "\n")


def _commit():
    """The last commit before the binary was built."""
    built = f"--before=@{int(BINARY.stat().st_mtime)}"
    command = ["git", "log", "-1", "--format=%h", built]
    asked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return asked.stdout.strip() or "unknown"


def _python():
    """The interpreter of the sandboxes' environment, which has pandas."""
    found = subprocess.run([ROOT / "tests/python/interpreter"], capture_output=True, text=True)
    if found.returncode:
        raise SystemExit(found.stderr)
    return found.stdout.strip()


CREATE = """mutation($i: CreateExperimentInput!) {
  createExperiment(input: $i) { experiment { id } userErrors { message } } }"""
SESSION = "mutation($i: CreateSessionInput!) { createSession(input: $i) { session { id } userErrors { message } } }"
START = "mutation($i: StartStageInput!) { startStage(input: $i) { session { id } userErrors { message } } }"
SAID = """query($id: ID!) { session(id: $id) {
  messages(first: 100) { nodes { content } }
  stages { current { error } }
  eda: report(stage: EDA) { content } prep: report(stage: PREP) { content } train: report(stage: TRAIN) { content } } }"""

# 30 columns: numbers that matter and that do not, counts, categories, a date, many towns, missing values.
TABLE = """
import sys
import numpy as np, pandas as pd
out, rows = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(0)
columns = {f"number_{i}": rng.normal(size=rows).round(5) for i in range(14)}
columns |= {f"count_{i}": rng.integers(0, 1000, rows) for i in range(6)}
levels = np.array([f"level_{k}" for k in range(20)])
columns |= {f"level_{i}": levels[rng.integers(0, 20, rows)] for i in range(7)}
columns["day"] = (pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1000, rows), "D")).strftime("%Y-%m-%d")
columns["town"] = np.array([f"Town {k}" for k in range(5000)])[rng.integers(0, 5000, rows)]
signal = columns["number_0"] - 0.5 * columns["number_1"] + (columns["level_0"] == "level_3") * 1.5
columns["outcome"] = np.where(signal + rng.normal(size=rows) > 0, "yes", "no")
frame = pd.DataFrame(columns)
assert frame.shape == (rows, 30), frame.shape
frame.loc[rng.random(rows) < 0.05, "number_3"] = np.nan
frame.to_csv(out, index=False)
"""

if __name__ == "__main__":
    if not shutil.which("git"):
        print("git is not there; the report names no commit", file=sys.stderr)
    main()

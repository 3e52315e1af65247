"""Points per second that MLflow's tracking server takes, as one JSON object on stdout.

One client sends full batches over one connection to a server with SQLite, both as they come.
"""

import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

rounds, points, names = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
# What one call may carry, by the server's own rule.
BATCH = 1000
PATIENCE_S = 120


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def post(connection, path, body):
    connection.request("POST", f"/api/2.0/mlflow/{path}", json.dumps(body), {"content-type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path}: {answer.status} {text[:500]!r}")
    return json.loads(text)


def wait_for(server, port, log):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", "/health")
            if connection.getresponse().read() is not None:
                return connection
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the server did not start: " + log.read_text()[-500:])


def measure(connection, n):
    experiment = post(connection, "experiments/create", {"name": f"bench {n}"})["experiment_id"]
    run = post(connection, "runs/create", {"experiment_id": experiment, "start_time": 0})["run"]["info"]["run_id"]
    now = int(time.time() * 1000)
    metric = lambda at: {"key": names[at % len(names)], "value": at / 7, "timestamp": now, "step": at // len(names)}
    batches = [[metric(at) for at in range(first, min(first + BATCH, points))] for first in range(0, points, BATCH)]
    began = time.perf_counter()
    for batch in batches:
        post(connection, "runs/log-batch", {"run_id": run, "metrics": batch})
    return points / (time.perf_counter() - began)


with tempfile.TemporaryDirectory() as folder:
    folder, port = pathlib.Path(folder), free_port()
    log = folder / "server.log"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", f"{folder}/artifacts"]
    with log.open("wb") as out:
        server = subprocess.Popen(command, stdout=out, stderr=out, cwd=folder, start_new_session=True)
        try:
            connection = wait_for(server, port, log)
            measure(connection, 0)
            print(json.dumps({"rates": [measure(connection, n + 1) for n in range(rounds)]}))
        finally:
            # With the workers that it started.
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(30)

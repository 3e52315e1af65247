"""schemathesis on the real binary: two seeded runs of a bounded time over every operation.

The first knows no id; the second knows an experiment and a session, and is kept from starting a pipeline and from
deleting what it knows. Arguments: the binary, and seconds of one run.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
SEED = "20261126"
FOREIGN = re.compile(r"^(ANTHROPIC_|OPENAI_|AWS_|S3_|MODAL_|DATABASE_URL|TRAINABLE_(?!PYTHON))")
# With a known session these would run real stages, or take away what is known.
KEPT_FROM = ["startStage", "retryStage", "resumeStage", "deleteExperiment", "deleteSession"]


def ask(address, query, variables=None):
    """The data of an operation that must have no error."""
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    request = urllib.request.Request(
        f"http://{address}/graphql", body, {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=120) as response:
        answer = json.load(response)
    assert "errors" not in answer, answer
    return answer["data"]


def known(address):
    """The ids of an experiment, of a session of it, and of nothing."""
    while True:
        environment = ask(address, "{ server { environment { ready error } } }")["server"]["environment"]
        if environment["ready"]:
            break
        assert not environment["error"], environment
        time.sleep(0.2)
    made = ask(
        address,
        'mutation { createExperiment(input: {source: {sampleId: "penguins"}}) { experiment { id } userErrors { message } } }',
    )["createExperiment"]
    assert not made["userErrors"], made
    experiment = made["experiment"]["id"]
    made = ask(
        address,
        "mutation($i: CreateSessionInput!) { createSession(input: $i) { session { id } } }",
        {"i": {"experimentId": experiment}},
    )
    return [experiment, made["createSession"]["session"]["id"]]


def fuzz(address, seconds, ids, without):
    """One run; how often each operation was asked."""
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder, "summary.json")
        told = {
            "FUZZ_SUMMARY": str(summary),
            "FUZZ_IDS": json.dumps(ids),
            "SCHEMATHESIS_HOOKS": "fuzz_hooks",
            "PYTHONPATH": str(HERE),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"http://{address}/graphql"]
        command += ["--seed", SEED, "--max-time", str(seconds), "--generation-database", "none"]
        command += ["--checks", "not_a_server_error,no_error_of_the_servers_own"]
        command += ["--continue-on-failure", "--no-color", "--request-timeout", "60"]
        for name in without:
            command += ["--exclude-name", f"Mutation.{name}"]
        # Where it may write what it wants; the time is bounded a second time from outside.
        ended = subprocess.run(
            command, cwd=folder, env=os.environ | told, timeout=seconds + 180, capture_output=True, text=True
        )
        if ended.returncode:
            sys.exit(f"{ended.stdout}\n{ended.stderr}")
        return json.loads(summary.read_text())


def check(report, operations):
    """Every operation was asked, and the checks looked at the answers."""
    missing = operations - report["requests"].keys()
    assert not missing, f"never asked: {missing}"
    print(f"fuzz: {sum(report['requests'].values())} requests, errors told: {report['codes']}")


def main(binary, seconds):
    with tempfile.TemporaryDirectory(prefix="trainable-fuzz-") as data:
        # The sandboxes' own user must be able to pass through.
        os.chmod(data, 0o755)
        env = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}
        env["RUST_BACKTRACE"] = "0"
        server = subprocess.Popen(
            [binary, "serve", "--listen", "127.0.0.1:0", "--data", data],
            env=env, stderr=subprocess.PIPE, text=True,
        )
        said = []
        try:
            address = next(
                found[1] for line in server.stderr if (found := re.search(r"is at http://([^/]+)/", line))
            )
            threading.Thread(target=said.extend, args=(server.stderr,), daemon=True).start()
            root = "name fields { name }"
            schema = ask(address, f"{{ __schema {{ queryType {{ {root} }} mutationType {{ {root} }} }} }}")["__schema"]
            operations = {
                f"{type['name']}.{field['name']}" for type in schema.values() for field in type["fields"]
            }
            check(fuzz(address, seconds, [], []), operations)
            ids = known(address)
            kept = {f"Mutation.{name}" for name in KEPT_FROM}
            check(fuzz(address, seconds, ids, KEPT_FROM), operations - kept)
            ask(address, "{ __typename }")
        finally:
            server.terminate()
            code = server.wait(timeout=30)
            sys.stderr.writelines(said[-50:])
    assert code == 0, f"the server ended with {code}"
    assert not any("panicked" in line for line in said), "the server panicked"


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

"""A real server under test: started, asked over HTTP, measured from outside, and stopped."""

import http.client
import json
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / "target/release/trainable"
# What a developer has set must not change what is measured.
FOREIGN = ("ANTHROPIC_", "OPENAI_", "AWS_", "S3_", "MODAL_", "DATABASE_URL", "TRAINABLE_", "RUST_LOG")
KEPT = ("TRAINABLE_PYTHON_ROOT", "TRAINABLE_PYTHON", "TRAINABLE_PYTHON_ENV")


def environment(data):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN) or name in KEPT}
    return {**kept, "TRAINABLE_DATA": str(data)}


class Server:
    """`trainable serve` on a port of its own."""

    def __init__(self, data):
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            [BINARY, "serve", "--listen", "127.0.0.1:0"],
            env=environment(data),
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said, self.port = [], None
        for line in self.process.stderr:
            self.said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)/ ", line):
                self.port = int(found.group(1))
                break
        if self.port is None:
            raise SystemExit(f"the server did not start: {''.join(self.said)}")
        threading.Thread(target=self._listen, daemon=True).start()
        while self.get("/readyz")[0] != 200:
            time.sleep(0.001)
        self.ready_seconds = time.monotonic() - self.begun

    def _listen(self):
        for line in self.process.stderr:
            self.said.append(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def get(self, path):
        try:
            return self._ask("GET", path)
        except ConnectionError:
            return 0, b""

    def _ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=900)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def ask(self, query, **variables):
        """A GraphQL operation; the data of its one field."""
        body = json.dumps({"query": query, "variables": variables})
        status, answer = self._ask("POST", "/graphql", body, {"content-type": "application/json"})
        answer = json.loads(answer)
        if status != 200 or "errors" in answer:
            raise SystemExit(f"{status}: {answer}")
        (field,) = answer["data"].values()
        if isinstance(field, dict) and field.get("userErrors"):
            raise SystemExit(f"refused: {field['userErrors']}")
        return field

    def upload(self, path):
        made = self.ask(
            "mutation($i: CreateUploadInput!) { createUpload(input: $i) { upload { id url } userErrors { message } } }",
            i={"fileName": path.name, "size": path.stat().st_size},
        )["upload"]
        headers = {"x-trainable-upload": "1", "content-length": str(path.stat().st_size)}
        address = made["url"].split("127.0.0.1", 1)[-1]
        with path.open("rb") as file:
            status, answer = self._ask("PUT", address[address.index("/") :], file, headers)
        if status != 201:
            raise SystemExit(f"{status}: {answer}")
        return made["id"]

    def memory(self):
        """The server's own resident memory in MB, now and at its highest."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return tuple(int(re.search(rf"{name}:\s+(\d+) kB", text).group(1)) * 1024 / 1e6 for name in ("VmRSS", "VmHWM"))

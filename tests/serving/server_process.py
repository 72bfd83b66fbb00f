"""A real `python -m serving` on a free port of loopback, and plain HTTP to it."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180


@dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        return self.json["error"]


class ServerProcess:
    """The server as a program; `log` is what it wrote so far."""

    def __init__(self, base_path: Path, log: Path, *flags: str, model_name: str = "hpt"):
        self.port = free_port()
        self.model_name = model_name
        self._log = log
        self._file = log.open("wb")
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "serving",
                f"--rest_api_port={self.port}",
                f"--model_name={model_name}",
                f"--model_base_path={base_path}",
                *flags,
            ],
            cwd=ROOT,
            stdout=self._file,
            stderr=subprocess.STDOUT,
            env=dict(os.environ, PYTHONUNBUFFERED="1"),
        )

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_until_open(self) -> "ServerProcess":
        try:
            self.wait_for(self.is_open, START_SECONDS)
        except BaseException:
            self.stop()
            raise
        return self

    def is_open(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def wait_for(self, condition, seconds: float = 60.0):
        """The first true result of `condition`; fails when the server dies or time is up."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if result := condition():
                return result
            assert self.process.poll() is None, f"the server ended:\n{self.log}"
            time.sleep(0.02)
        raise AssertionError(f"{condition} did not come true in {seconds} s:\n{self.log}")

    def request(
        self, method: str, path: str, body: bytes | str | None = None, **headers: str
    ) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            if isinstance(body, str):
                body = body.encode()
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, names)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def predict(self, document: Any, path: str | None = None, **headers: str) -> Reply:
        """POST a document (text as it is, anything else as JSON) to the predict URL."""
        body = document if isinstance(document, str | bytes) else json.dumps(document)
        path = path or f"/v1/models/{self.model_name}:predict"
        return self.request("POST", path, body, **headers)

    @contextmanager
    def answering(self, *documents: Any) -> Iterator[list[Reply]]:
        """While it has these to answer, all of them; the replies are there at the end."""
        replies: list[Reply] = []
        with ThreadPoolExecutor(len(documents)) as callers:
            for document in documents:
                callers.submit(lambda document=document: replies.append(self.predict(document)))
            self.wait_for(lambda: self.requests_in_progress() == len(documents))
            yield replies

    def states(self) -> dict[int, str]:
        """Version → state, as the status route has it."""
        reply = self.request("GET", f"/v1/models/{self.model_name}")
        if reply.status != 200:
            return {}
        return {int(v["version"]): v["state"] for v in reply.json["model_version_status"]}

    def requests_in_progress(self) -> float:
        """Predict requests that the server is busy with, by its own metrics."""
        text = self.request("GET", "/monitoring/prometheus/metrics").body.decode()
        (line,) = re.findall(r"^serving_requests_in_progress (\S+)$", text, re.MULTILINE)
        return float(line)

    def workers(self) -> list[int]:
        """The process ids of the workers: of one, or of none yet."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def worker(self) -> int:
        """The process id of the worker."""
        return self.workers()[0]

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self._file.close()

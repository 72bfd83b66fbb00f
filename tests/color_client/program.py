"""A client's program under gunicorn, as a child of the tests."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests

from local.ports import free_port

from .conftest import Client

ROOT = Path(__file__).resolve().parent.parent.parent
# On a machine that has other work, too.
_STARTS_WITHIN_S = 120.0

HEAD = b"POST /predict HTTP/1.1\r\nHost: x\r\n"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "color_client", *arguments],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


class Program:
    """A running `python -m color_client`, or another client."""

    def __init__(self, url: str, tmp_path: Path, package: str = "color_client", **environment: str):
        port = free_port()
        self.tmp = tmp_path / "tmp"
        self.tmp.mkdir()
        self.log = tmp_path / "log"
        settings = {"URL": url, "PORT": str(port), "HOST": "127.0.0.1", "TMPDIR": str(self.tmp)}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", package],
                cwd=ROOT, env={**os.environ, **settings, **environment}, stdout=log, stderr=log,
            )  # fmt: skip
        self.client = Client(f"http://127.0.0.1:{port}")
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + _STARTS_WITHIN_S
        while time.monotonic() < end:
            try:
                assert self.client.get("/healthz").status_code == 200
                return
            except requests.ConnectionError:
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.02)
        self.process.kill()
        raise AssertionError(f"it does not answer:\n{self.log.read_text()}")

    def stop(self) -> float:
        """SIGTERM; the seconds until it is gone."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0
        return time.monotonic() - started

    def worker_memory(self, field: str) -> float:
        """A line of the worker's /proc status, in megabytes."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        (worker,) = children.read_text().split()
        status = Path(f"/proc/{worker}/status").read_text()
        return int(status.split(field + ":")[1].split()[0]) / 1000

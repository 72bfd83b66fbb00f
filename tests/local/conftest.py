"""Real child processes for the tests of `local`."""

import http.client
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from local.ports import free_port
from local.program import Program

STAND_IN = Path(__file__).with_name("stand_in.py")


@pytest.fixture
def stand_in() -> Callable[..., Program]:
    """Makes programs that answer on a free port of their own."""

    def make(name: str = "stand-in", *arguments: str) -> Program:
        port = free_port()
        command = (sys.executable, str(STAND_IN), str(port), *arguments)
        return Program(name, command, ready_url=f"http://127.0.0.1:{port}/")

    return make


def get(url: str) -> str:
    """Body of GET `url`; empty if the program dies over it."""
    place, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(place, timeout=5)
    try:
        connection.request("GET", f"/{path}")
        return connection.getresponse().read().decode()
    except (ConnectionResetError, http.client.RemoteDisconnected):
        return ""
    finally:
        connection.close()


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Fail unless `condition` comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def runs(pid: int) -> bool:
    """Whether the process is there and not a zombie that nobody reaped yet."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    try:
        return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False

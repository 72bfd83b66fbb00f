"""`python -m local up FILE ...` as a child of the tests, on free ports and a state of its own."""

import base64
import io
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import requests
from PIL import Image

from local.ports import free_port
from local.running.state import Row, StateFolder
from tests.running import Running

ARTICLE = Path(__file__).with_name("article")
# The programs import TensorFlow, on a machine that may have other things to do.
READY_WITHIN_S = 240


def png(color: tuple[int, int, int] | int = 128, size: tuple[int, int] = (16, 16)) -> bytes:
    """A plain picture."""
    out = io.BytesIO()
    Image.new("L" if isinstance(color, int) else "RGB", size, color).save(out, "PNG")
    return out.getvalue()


def asks(signature: str, **inputs: bytes | float) -> bytes:
    """A predict request of one row."""
    row = {
        name: {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for name, value in inputs.items()
    }
    return json.dumps({"signature_name": signature, "instances": [row]}).encode()


class RunningApplications(Running):
    """Applications that come up; `wait_until_ready`, and `end` it in any case."""

    def __init__(self, files: Sequence[Path], state: Path, *options: str):
        self.state = StateFolder(state)
        self.gateway = f"http://127.0.0.1:{(gateway_port := free_port())}"
        ports = ("--port", free_port(), "--gateway-port", gateway_port, "--model-port", free_port())
        super().__init__(
            *files, "--state", state, *ports, "--ready-within", READY_WITHIN_S, *options
        )

    def wait_until_ready(self) -> "RunningApplications":
        self.wait_for("Ready.")
        return self

    def wait_for(self, text: str, seconds: float = READY_WITHIN_S) -> None:
        super().wait_for(text, seconds)

    def row(self, component: str) -> Row:
        return next(row for row in self.state.rows() if row.component == component)

    @property
    def client(self) -> str:
        """Address of the first web service."""
        return next(row.endpoints[0][1] for row in self.state.rows() if row.type == "webservice")

    def predict(
        self, data: bytes, style_image: bytes | None = None, **headers: str
    ) -> requests.Response:
        """What `curl -F content_image=@FILE` gets."""
        files = {"content_image": data, **({"style_image": style_image} if style_image else {})}
        url = f"{self.client}/predict"
        return requests.post(url, files=files, headers=headers, timeout=60)

    def ask(self, deployment: str, body: bytes, path: str = "v1/models/my-model:predict",
            **headers: str) -> requests.Response:  # fmt: skip
        """Ask the gateway for a prediction."""
        url = f"{self.gateway}/seldon/default/{deployment}/{path}"
        return requests.post(url, data=body, headers=headers, timeout=60)

    def processes(self) -> dict[int, str]:
        """The command of every process that the runner started, itself left out."""
        listed = subprocess.run(
            ["ps", "-wweo", "pid=,ppid=,args="], capture_output=True, text=True
        ).stdout
        every = [line.split(None, 2) for line in listed.splitlines()]
        found: dict[int, str] = {}
        parents = {self.process.pid}
        while parents:
            fresh = {int(pid): command for pid, parent, command in every if int(parent) in parents}
            found |= fresh
            parents = set(fresh)
        return found

    def kill(self, *parts: str) -> None:
        """kill -9 one program: the process itself, not its guard nor what it started."""
        matching = [
            pid
            for pid, command in sorted(self.processes().items())
            if all(part in command for part in parts) and "guard.py" not in command
        ]
        os.kill(matching[0], signal.SIGKILL)


def retry_timeouts(ask: Callable[[], requests.Response]) -> requests.Response:
    """The reply of `ask`, asked again while a busy machine makes the gateway give up."""
    deadline = time.monotonic() + READY_WITHIN_S
    while (reply := ask()).status_code == 504 and time.monotonic() < deadline:
        pass
    return reply


def is_running(pid: int) -> bool:
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


def wait_until_gone(pids: Sequence[int], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while left := [pid for pid in pids if is_running(pid)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)

"""The real programs, as a user starts them, each on a free port and with its log in a file."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.ports import free_port
from local.running.readiness import not_ready_because

ROOT = Path(__file__).resolve().parent.parent
MODEL_NAME = "my-model"
PREDICT_PATH = f"/v1/models/{MODEL_NAME}:predict"
READY_WITHIN_S = 180.0


class CannotSoak(Exception):
    """Something that the soak needs is missing or does not start; one line that says what."""


class Program:
    """A running program: its port, its process, and the file with all that it printed."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], log: Path):
        self.name = name
        self.port = free_port()
        self.log = log
        self._command = [word.replace("{PORT}", str(self.port)) for word in command]
        self._environment = {k: v.replace("{PORT}", str(self.port)) for k, v in environment.items()}
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self._command,
                cwd=ROOT,
                env={**os.environ, **self._environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id; its children are found below it."""
        return self.process.pid

    def wait_until_ready(self, path: str) -> None:
        """Until GET `path` answers 200. Raises CannotSoak, with its last line, if it does not."""
        deadline = time.monotonic() + READY_WITHIN_S
        url = f"http://127.0.0.1:{self.port}{path}"
        while reason := not_ready_because(url):
            if self.process.poll() is not None or time.monotonic() > deadline:
                last = self.log.read_text(errors="replace").strip().rpartition("\n")[2]
                raise CannotSoak(f"{self.name} does not start ({reason}): {last[:300]}")
            time.sleep(0.1)

    def ask_to_stop(self) -> None:
        """SIGTERM, as systemd, Docker and Kubernetes send it."""
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it and its children at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()

    def restart(self) -> None:
        """Start it anew on its port, after it ended."""
        self.process = self._start()

    def end(self) -> None:
        """Stop it in any case."""
        if self.process.poll() is None:
            self.ask_to_stop()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        self.kill()


@contextmanager
def model_server(model: Path, folder: Path, name: str) -> Iterator[Program]:
    """`python -m serving` of the model in that folder, ready."""
    program = Program(
        name,
        [sys.executable, "-m", "serving", "--rest_api_port", "{PORT}"]
        + ["--model_name", MODEL_NAME, "--model_base_path", str(model)],
        {},
        folder / f"{name}.log",
    )
    try:
        program.wait_until_ready(PREDICT_PATH.removesuffix(":predict"))
        yield program
    finally:
        program.end()


@contextmanager
def client(kind: str, upstream_port: int, folder: Path, **settings: str) -> Iterator[Program]:
    """`python -m color_client` or `python -m style_client`, with those settings, listening."""
    number = len(list(folder.glob(f"{kind}-*.log")))
    program = Program(
        f"{kind}_client",
        [sys.executable, "-m", f"{kind}_client"],
        {
            "URL": f"http://127.0.0.1:{upstream_port}{PREDICT_PATH}",
            "HOST": "127.0.0.1",
            "PORT": "{PORT}",
            **settings,
        },
        folder / f"{kind}-{number}.log",
    )
    try:
        program.wait_until_ready("/healthz")
        yield program
    finally:
        program.end()

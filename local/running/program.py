"""One program of the service: its definition, and a running child process."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

GUARD = Path(__file__).with_name("guard.py")
LAST_LINES = 5
# After its end, for what it printed last.
_PRINTED_WITHIN_S = 5.0
# In the logs of our servers, a question for their health that was answered well: the gateway asks
# twice a second, `up` itself every two.
HEALTH_CHECKS = r'GET /v1/models/[^/ ]+ 200 |"path":"/readyz","status":200'


@dataclass(frozen=True)
class Program:
    """What to run and how to know that it answers.

    `environment` is added to ours, and so is what the files of `secrets` hold, so that nobody who
    shows a program shows them. `ready_url` answers GET with 200 once the program is ready;
    without one a program is ready when it runs. With `gateway_admin_port` it is ready only when
    the gateway, too, finds the port of `ready_url` healthy. Lines that match `quiet` are not
    passed on: by default those of health checks, which would fill the log.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready_url: str | None = None
    gateway_admin_port: int | None = None
    quiet: str = HEALTH_CHECKS
    secrets: Mapping[str, Path] = field(default_factory=dict)


class Child:
    """A running program. It and all that it starts are one process group and end together."""

    def __init__(
        self,
        program: Program,
        on_line: Callable[[str, str], None],
        on_exit: Callable[["Child"], None],
    ):
        """Start it. `on_line(name, line)` gets every line that it prints, `on_exit(child)` of
        its end, after its last line; both are called on threads of the child's own.
        """
        self.program = program
        self.started = time.monotonic()
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._on_line = on_line
        self._on_exit = on_exit
        self._ended = threading.Event()
        # Without site-packages (-S) the guard starts in a few milliseconds.
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(GUARD), *program.command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={
                **os.environ,
                "PYTHONUNBUFFERED": "1",
                # With it a Python program ends in a prompt, and every exit code is 0: a job that
                # failed would be taken for done.
                "PYTHONINSPECT": "",
                **program.environment,
                **_read(program.secrets),
            },
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        threading.Thread(target=self._wait, daemon=True).start()

    @property
    def pid(self) -> int:
        """Process id of the guard, which is also the id of the process group."""
        return self._guard.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return not self._ended.is_set()

    @property
    def succeeded(self) -> bool:
        """Whether it has ended, with exit code 0."""
        return not self.running and self._guard.returncode == 0

    @property
    def ending(self) -> str:
        """How it ended, as in `exit code 1` or `signal 9 (SIGKILL)`."""
        code = self._guard.returncode
        number = -code if code < 0 else code - 128
        try:
            return f"signal {number} ({signal.Signals(number).name})"
        except ValueError:
            return f"exit code {code}"

    def terminate(self) -> None:
        """Ask it to stop (SIGTERM)."""
        if self.running:
            self._guard.terminate()

    def kill(self) -> None:
        """End it and all that it started, at once (SIGKILL to the process group)."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS answers EPERM for a dead group
            return

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end, at most so long; False if it still runs."""
        return self._ended.wait(seconds)

    def _read(self) -> None:
        assert self._guard.stdout is not None
        for raw in self._guard.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            if re.search(self.program.quiet, line):
                continue
            self.last_lines.append(line)
            self._on_line(self.program.name, line)
        self._guard.stdout.close()

    def _wait(self) -> None:
        self._guard.wait()
        # What the program left behind would keep its ports.
        self.kill()
        # What left the process group may keep our pipe for ever.
        self._reader.join(_PRINTED_WITHIN_S)
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._ended.set()
        self._on_exit(self)


def _read(secrets: Mapping[str, Path]) -> dict[str, str]:
    """What these files hold; of one that is gone the program has to do without."""
    found = {}
    for name, path in secrets.items():
        with contextlib.suppress(OSError):
            found[name] = path.read_text()
    return found

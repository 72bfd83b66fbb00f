"""Programs of ours as children of the tests; `python -m local up` above all."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(module: str, *arguments: object, seconds: float) -> subprocess.CompletedProcess[str]:
    """`python -m module` with these arguments, to its end."""
    return subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=seconds,
    )


class Running:
    """A running `up`, and what it printed so far (`text`); `end` it in any case."""

    def __init__(self, *options: object):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local", "up", *map(str, options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
        )
        self.lines: list[str] = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.append(line)

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def wait_for(self, text: str, seconds: float) -> None:
        """Wait until it says so; end it if it does not in time."""
        deadline = time.monotonic() + seconds
        while text not in self.text:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.end()
                raise AssertionError(self.text)
            time.sleep(0.05)

    def press_ctrl_c(self) -> int:
        """Stop it as a person does; its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def end(self) -> None:
        """Leave nothing running."""
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()

"""`python -m local up` as a child of the tests."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


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

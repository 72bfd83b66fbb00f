"""`python -m local up` as a child of the tests: the whole service on free ports."""

import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import requests

from local.ports import free_port

ROOT = Path(__file__).resolve().parent.parent


class RunningService:
    """The service, ready, and what it printed so far (`text`); `end` it in any case."""

    def __init__(self, model: Path | None = None):
        self.state = tempfile.mkdtemp(prefix="colorway-test-")
        self.port, self.model_port = free_port(), free_port()
        self.url = f"http://localhost:{self.port}"
        self.predict_url = f"http://localhost:{self.model_port}/v1/models/my-model:predict"
        options = ["--port", str(self.port), "--model-port", str(self.model_port)]
        options += ["--gateway-port", str(free_port()), "--state", self.state]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local", "up", *options]
            + (["--model", str(model)] if model else []),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
        )
        self.lines: list[str] = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()
        deadline = time.monotonic() + 90
        while "Ready." not in self.text:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.end()
                raise AssertionError(self.text)
            time.sleep(0.05)

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.append(line)

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def predict(self, data: bytes, **headers: str) -> requests.Response:
        """What `curl -F content_image=@FILE` gets."""
        files = {"content_image": data}
        return requests.post(f"{self.url}/predict", files=files, headers=headers, timeout=60)

    def press_ctrl_c(self) -> int:
        """Stop it as a person does; its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def end(self) -> None:
        """Leave nothing running."""
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        shutil.rmtree(self.state)

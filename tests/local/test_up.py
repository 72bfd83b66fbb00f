"""The real thing: `python -m local up` with the model server and the color client."""

import io
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from PIL import Image

from local.ports import free_port
from local.readiness import not_ready_because
from tests.local.conftest import wait_until

ROOT = Path(__file__).resolve().parents[2]
PHOTO = ROOT / "samples" / "gray" / "astronaut.jpg"


class Up:
    """`python -m local up` on free ports, with its output."""

    def __init__(self, model: Path):
        self.port, self.model_port = free_port(), free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local", "up", "--model", str(model)]
            + ["--port", str(self.port), "--model-port", str(self.model_port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
        )
        self.lines: list[str] = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        self.lines += self.process.stdout

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def predict(self) -> requests.Response:
        with PHOTO.open("rb") as photo:
            return requests.post(
                f"http://localhost:{self.port}/predict",
                files={"content_image": photo},
                timeout=30,
            )

    @property
    def stopped(self) -> bool:
        ready = (
            not_ready_because(f"http://127.0.0.1:{self.port}/healthz"),
            not_ready_because(f"http://127.0.0.1:{self.model_port}/v1/models/my-model"),
        )
        return None not in ready


@pytest.fixture
def up(color_model):
    """The service with the tiny model, ready."""
    service = Up(color_model)
    try:
        wait_until(lambda: "Ready." in service.text, 90)
        yield service
    finally:
        service.process.kill()
        service.process.wait()
        service.reader.join()
        service.process.stdout.close()


def test_it_colors_and_ctrl_c_stops_it(up):
    curl = re.search(r"curl -F content_image=@(\S+) (\S+) -o color.png", up.text)
    assert (ROOT / curl[1]).read_bytes() == PHOTO.read_bytes()
    assert curl[2] == f"localhost:{up.port}/predict"
    assert f"http://localhost:{up.port}/ " in up.text

    reply = up.predict()
    assert reply.status_code == 200, reply.text
    assert reply.headers["X-Model"] == "color/v1"
    with Image.open(io.BytesIO(reply.content)) as picture, Image.open(PHOTO) as photo:
        assert (picture.format, picture.mode) == ("PNG", "RGB")
        assert picture.size == photo.size

    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(30) == 0
    assert up.stopped
    assert "Traceback" not in up.text


@pytest.mark.slow
def test_a_killed_model_server_comes_back(up):
    listening = f"--rest_api_port {up.model_port} "
    processes = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True).stdout
    pids = [
        int(line.split()[0])
        for line in processes.splitlines()
        if listening in line and "guard.py" not in line
    ]
    assert pids
    for pid in pids:
        with suppress(ProcessLookupError):  # a worker follows its parent by itself
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: "serving ended after" in up.text)
    assert up.predict().status_code == 503
    wait_until(lambda: "serving is ready again." in up.text, 60)
    assert up.predict().status_code == 200


@pytest.mark.slow
def test_nothing_is_left_when_the_runner_is_killed(up):
    up.process.kill()
    up.process.wait()
    wait_until(lambda: up.stopped)

"""The real thing: `python -m local up` with the model server and the color client."""

import io
import os
import re
import signal
import subprocess
from contextlib import suppress

import pytest
from PIL import Image

from local.running.readiness import not_ready_because
from tests.local.conftest import wait_until
from tests.running import ROOT
from tests.running_service import RunningService

PHOTO = ROOT / "samples" / "gray" / "astronaut.jpg"


def stopped(service: RunningService) -> bool:
    return None not in (
        not_ready_because(f"http://127.0.0.1:{service.port}/healthz"),
        not_ready_because(f"http://127.0.0.1:{service.model_port}/v1/models/my-model"),
    )


@pytest.fixture
def up(color_model):
    """The service with the tiny model, ready."""
    service = RunningService(color_model)
    yield service
    service.end()


def test_it_colors_and_ctrl_c_stops_it(up):
    curl = re.search(r"curl -F content_image=@(\S+) (\S+) -o color.png", up.text)
    assert (ROOT / curl[1]).read_bytes() == PHOTO.read_bytes()
    assert curl[2] == f"localhost:{up.port}/predict"
    assert f"http://localhost:{up.port}/ " in up.text

    reply = up.predict(PHOTO.read_bytes())
    assert reply.status_code == 200, reply.text
    assert reply.headers["X-Model"] == "color/v1"
    with Image.open(io.BytesIO(reply.content)) as picture, Image.open(PHOTO) as photo:
        assert (picture.format, picture.mode) == ("PNG", "RGB")
        assert picture.size == photo.size

    assert up.press_ctrl_c() == 0
    assert stopped(up)
    assert "Traceback" not in up.text


@pytest.mark.slow
def test_a_killed_model_server_comes_back_and_nothing_is_left_of_a_killed_runner(up):
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
    assert up.predict(PHOTO.read_bytes()).status_code == 503
    wait_until(lambda: "serving is ready again." in up.text, 60)
    assert up.predict(PHOTO.read_bytes()).status_code == 200

    up.process.kill()
    up.process.wait()
    wait_until(lambda: stopped(up))

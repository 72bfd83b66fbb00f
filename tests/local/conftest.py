"""Real child processes for the tests of `local`."""

import http.client
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from local.applications.load import load
from local.applications.loaded import LoadedApplication
from local.ports import free_port
from local.running.program import Program
from tests.local.running_applications import RunningApplications

STAND_IN = Path(__file__).with_name("stand_in.py")


@pytest.fixture
def stand_in() -> Callable[..., Program]:
    """Makes programs that answer on a free port of their own."""

    def make(name: str = "stand-in", *arguments: str) -> Program:
        port = free_port()
        command = (sys.executable, str(STAND_IN), str(port), *arguments)
        return Program(name, command, ready_url=f"http://127.0.0.1:{port}/")

    return make


@pytest.fixture
def loaded(tmp_path) -> Callable[..., list[LoadedApplication]]:
    """Loads Applications given as texts."""

    def make(*texts: str) -> list[LoadedApplication]:
        files = []
        for index, text in enumerate(texts):
            files.append(tmp_path / f"{index}.yaml")
            files[-1].write_text(text)
        return load(files)[0]

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


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Fail unless `condition` comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory) -> Path:
    """Claims with tiny models: `color-model` with v1 and v2, `style-model` with one."""
    from tests.color_model import write_color_model
    from tests.style_model import write_style_model

    root = tmp_path_factory.mktemp("tiny-models")
    for version in (1, 2):
        write_color_model(root / "color-model" / "model" / f"v{version}", version)
    write_style_model(root / "style-model" / "model", 1)
    return root


@pytest.fixture
def up(tmp_path, tiny_models):
    """Runs Applications with the tiny models as claims; call it with files and options."""
    started: list[RunningApplications] = []

    def run(*files: Path, options: tuple[str, ...] = (), models: Path | None = None):
        state = tmp_path / "state"
        if not (state / "volumes").exists():
            shutil.copytree(models or tiny_models, state / "volumes" / "default")
        started.append(RunningApplications(files, state, *options))
        return started[-1]

    yield run
    for each in started:
        each.end()

"""Model servers that the tests of this folder share."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import configuration

from tests.serving.server_process import ServerProcess

# Hypothesis would leave a folder in the checkout.
configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir(), "colorway-hypothesis"))


@pytest.fixture(scope="session")
def protocol_base_path(tmp_path_factory) -> Path:
    """Base path of the model `hpt`: version 123, in a folder with leading zeros."""
    from tests.serving.protocol_model import write_protocol_model

    base_path = tmp_path_factory.mktemp("hpt")
    write_protocol_model(base_path / "00000123")
    return base_path


@pytest.fixture(scope="session")
def small_base_path(tmp_path_factory) -> Path:
    """Base path of y = x + 1, which loads in no time; tests copy it before they change it."""
    from tests.serving.small_models import write_version

    base_path = tmp_path_factory.mktemp("small")
    write_version(base_path, 1)
    return base_path


@pytest.fixture(scope="session")
def server(protocol_base_path, tmp_path_factory) -> Iterator[ServerProcess]:
    """A server of the model `hpt`; tests leave it as they found it."""
    log = tmp_path_factory.mktemp("server") / "log"
    process = ServerProcess(protocol_base_path, log).wait_until_open()
    yield process
    process.stop()


@pytest.fixture
def start_server(tmp_path) -> Iterator[Callable[..., ServerProcess]]:
    """Start servers that end with the test."""
    started: list[ServerProcess] = []

    def start(base_path: Path, *flags: str, model_name: str = "hpt") -> ServerProcess:
        log = tmp_path / f"server-{len(started)}.log"
        started.append(ServerProcess(base_path, log, *flags, model_name=model_name))
        return started[-1]

    yield start
    for process in started:
        process.stop()

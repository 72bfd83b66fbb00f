"""LitServe, the server that ours is compared with, in an environment of its own."""

import re
import shutil
import venv
from collections.abc import Callable
from pathlib import Path

from bench.predict_request import Server
from bench.run_command import output_of
from local.ports import free_port
from local.running.program import Program

ROOT = Path(__file__).resolve().parent.parent
PEER = Path(__file__).resolve().parent / "peer"
REQUIREMENTS = PEER / "requirements.txt"
ENVIRONMENT = ROOT / ".cache" / "bench-litserve"


def peer_version() -> str:
    """The version of LitServe that is pinned."""
    found = re.search(r"^litserve==(.+)$", REQUIREMENTS.read_text(), re.M)
    assert found, "LitServe is not pinned"
    return found[1]


def peer_python(log: Callable[[str], None], environment: Path = ENVIRONMENT) -> Path:
    """The Python of an environment that holds the peer; made the first time, with a network.

    Raises CannotMeasure if it cannot be installed.
    """
    python = environment / "bin" / "python"
    # Written last: an installation that was cut short is not taken for a whole one.
    stamp = environment / "installed.txt"
    if stamp.exists() and stamp.read_text() == REQUIREMENTS.read_text():
        return python
    log(f"installing LitServe {peer_version()} into .cache (TensorFlow is a large download)")
    shutil.rmtree(environment, ignore_errors=True)
    venv.create(environment, with_pip=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    output_of([*command, "-r", str(REQUIREMENTS)], f"LitServe {peer_version()} cannot be installed")
    stamp.write_text(REQUIREMENTS.read_text())
    return python


def peer_program(python: Path, saved_model: Path) -> tuple[Program, Server]:
    """The peer serving one SavedModel, to run and to ask."""
    port = free_port()
    command = (str(python), str(PEER / "litserve_server.py"), str(saved_model), str(port))
    program = Program("litserve", command, ready_url=f"http://127.0.0.1:{port}/health")
    return program, Server(f"LitServe {peer_version()}", port, "/predict")

"""Everything that `make up` runs, as a `with` block: `local up` with ports and state of its own."""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from bench.report import CannotMeasure
from bench.service import running
from local.ports import free_port
from local.running.program import Program
from photo_client.running_service import predict_url_of

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
READY_WITHIN_S = 480  # models are copied and several servers started
STATED_WITHIN_S = 30


@dataclass(frozen=True)
class Service:
    """Where it answers, the predict URL of its client, and the process that all its programs
    descend from.
    """

    url: str
    predict_url: str
    pid: int


@contextmanager
def local_up(*files: Path) -> Iterator[Service]:
    """Run these Applications, or what `make up` does. Raises CannotMeasure."""
    with tempfile.TemporaryDirectory(prefix="bench-up-") as state:
        ports = {"--port": free_port(), "--gateway-port": free_port(), "--model-port": free_port()}
        flags = [word for flag, number in ports.items() for word in (flag, str(number))]
        flags += ["--state", state, "--ready-within", str(READY_WITHIN_S)]
        command = (sys.executable, "-m", "local", "up", *map(str, files), *flags)
        url = f"http://127.0.0.1:{ports['--port']}"
        program = Program("the service", command, ready_url=f"{url}/readyz")
        with running(program, within_s=READY_WITHIN_S) as [child]:
            yield Service(url, _predict_url(Path(state) / "state.json"), child.pid)


def _predict_url(state: Path) -> str:
    """The client's predict URL, once it is known to run, which is soon after it answers."""
    until = time.monotonic() + STATED_WITHIN_S
    while (url := predict_url_of("style_client", state)) is None:
        if time.monotonic() > until:
            raise CannotMeasure("python -m local up does not say what its client asks")
        time.sleep(0.1)
    return url


@contextmanager
def ab_and_canary() -> Iterator[list[Path]]:
    """The files of color beside style behind one address, color by two versions, half each."""
    versions, both = (
        yaml.safe_load((DEPLOY / name).read_text())
        for name in ("color-canary-serving.yaml", "color-style-ab-serving.yaml")
    )
    canary, color = (document["spec"]["components"][0] for document in (versions, both))
    color["properties"]["predictors"] = canary["properties"]["predictors"]
    with tempfile.TemporaryDirectory(prefix="bench-ab-") as folder:
        serving = Path(folder, "ab-and-canary.yaml")
        serving.write_text(yaml.safe_dump(both))
        yield [DEPLOY / "color-model.yaml", DEPLOY / "style-model.yaml", serving]

"""Every image, built and run: `make images-test`. It takes minutes, and podman as root.

The tests of the Dockerfiles' text need neither and are among the fast ones.
"""

import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .engine import Container, Engine, configuration, podman, wait_until
from .report import Report

ROOT = Path(__file__).resolve().parent.parent.parent
PICTURES = ROOT / "build" / "images-test"
# Whoever runs all tests does not mean these.
if "IMAGES_TEST" not in os.environ:
    collect_ignore_glob = ["test_run_*.py"]

REGISTRY, TAG = "localhost/colorway", "images-test"
# The official TensorFlow Serving comes from a registry alone: this one has a stand-in for a base.
STAND_IN = "tensorflow-serving"
BUILT = runpy.run_path(str(ROOT / "Dockerfiles" / "build.py"))["NAMES"]
FROM = "ARG PYTHON_IMAGE="
BASE = next(
    line.removeprefix(FROM)
    for line in (ROOT / "Dockerfiles" / "color-serving.Dockerfile").read_text().splitlines()
    if line.startswith(FROM)
)
_REPORT = pytest.StashKey[Report]()


def reference(name: str) -> str:
    """The image's full name here."""
    return f"{REGISTRY}/{name}:{TAG}"


def build(*words: str) -> None:
    """Run Dockerfiles/build.py, whose output is to be seen."""
    command = [sys.executable, str(ROOT / "Dockerfiles" / "build.py"), "--engine", "podman"]
    # Without namespaces of its own a build runs inside a container, too.
    environment = {**os.environ, "BUILDAH_ISOLATION": "chroot"}
    code = subprocess.run(
        [*command, "--registry", REGISTRY, "--tag", TAG, *words], env=environment
    ).returncode
    assert code == 0, f"{' '.join(words)}: the build failed, as said above"


def build_all() -> None:
    """Build every image."""
    build(*(name for name in BUILT if name != STAND_IN))
    base = reference("stand-in")
    podman(
        "build", "--layers", "--isolation=chroot", "--pull=false", "--quiet",
        f"--build-arg=MODEL_SERVER={reference('model-server')}", f"--tag={base}",
        str(Path(__file__).with_name("stand_in")),
    )  # fmt: skip
    build("--build-arg", f"SERVING_IMAGE={base}", STAND_IN)


@pytest.fixture(scope="session")
def report(pytestconfig) -> Iterator[Report]:
    report = pytestconfig.stash[_REPORT] = Report()
    PICTURES.mkdir(parents=True, exist_ok=True)
    yield report
    report.write(PICTURES / "report.md")


def pytest_terminal_summary(terminalreporter, config):
    """The table, whatever came before it."""
    report = config.stash.get(_REPORT, None)
    if report is not None:
        terminalreporter.write_line("\n" + report.table())


@pytest.fixture(scope="session")
def images(report) -> dict[str, str]:
    """Every image, built: its full name by its short one."""
    base = configuration(BASE)
    made = "made here by debootstrap" if base["Labels"] else "from its registry"
    report.base = f"{BASE}, {made}"
    build_all()
    return {name: reference(name) for name in BUILT}


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    engine = Engine(f"colorway-test-{os.getpid()}")
    try:
        yield engine
    finally:
        engine.clean()


@pytest.fixture(scope="session")
def color_volume(engine, images) -> Path:
    """The volume `color`, filled by color-model."""
    folder = engine.volume("color")
    code, output = engine.run(images["color-model"], mounts={"/mnt": "color"})
    assert (code, output) == (0, "model/v1/1 copied\nmodel/v2/2 copied\n")
    return folder


@pytest.fixture(scope="session")
def style_volume(engine, images) -> Path:
    """The volume `style`, filled by style-model."""
    folder = engine.volume("style")
    code, output = engine.run(images["style-model"], mounts={"/mnt": "style"})
    assert (code, output) == (0, "model/1 copied\n")
    return folder


def serve(engine: Engine, image: str, volume: str, path: str) -> Container:
    """A model server for a folder of a volume, with its model loaded."""
    server = engine.start(
        image,
        "--model_name=my-model",
        f"--model_base_path=/mnt/claim{path}",
        mounts={"/mnt/claim:ro": volume},
    )
    wait_until("the model server is healthy", server.healthy)
    return server


def predict_url(server: Container) -> str:
    """What a client's URL is."""
    return f"http://{server.address}:8501/v1/models/my-model:predict"


@pytest.fixture(scope="session")
def color_server(engine, images, color_volume) -> Container:
    """Our model server with the color model that color-model copied."""
    return serve(engine, images["model-server"], "color", "/model/v2")


@pytest.fixture(scope="session")
def style_server(engine, images, style_volume) -> Container:
    """Our model server with the style model that style-model copied."""
    return serve(engine, images["model-server"], "style", "/model")

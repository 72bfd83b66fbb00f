"""The wheel, made from the sdist, installed away from any checkout: what an outsider gets.

The client's extra is installed for real, into an environment of its own. The others hold TensorFlow
or as much again: their environments have the wheel alone, and borrow the rest from this one.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import tomllib
import urllib.error
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.ports import free_port
from tests.color_client.pictures import opened

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
pytestmark = [pytest.mark.slow, pytest.mark.long(2)]


def checked(*command: object, cwd: Path, seconds: float = 600) -> str:
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=bare(), capture_output=True, text=True,
        timeout=seconds,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def bare() -> dict[str, str]:
    """This environment without what would lead back to the checkout."""
    return {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}


@pytest.fixture(scope="module")
def sdist(tmp_path_factory) -> Path:
    """Made from the files that git tracks, which may differ from what lies here."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("sdist")
    elsewhere = ("models/", "docs/", "samples/", "tests/")
    for name in checked("git", "ls-files", cwd=ROOT).splitlines():
        if not name.startswith(elsewhere) and (ROOT / name).exists():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    script = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
    checked(sys.executable, "-c", script, out, cwd=source)
    return next(out.iterdir())


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    options = ("--no-deps", "--no-build-isolation", "--no-cache-dir", "--quiet")
    checked(sys.executable, "-m", "pip", "wheel", *options, "-w", out, sdist, cwd=out)
    return next(out.iterdir())


@pytest.fixture(scope="module")
def client_only(wheel, tmp_path_factory) -> Path:
    """The programs' folder of an environment with the client's extra and nothing else."""
    folder = tmp_path_factory.mktemp("client")
    venv.create(folder, with_pip=True)
    command = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "-c"]
    command += [ROOT / "constraints.txt", f"{wheel}[client]"]
    done = subprocess.run(command, env=bare(), capture_output=True, text=True, timeout=600)
    if "NewConnectionError" in done.stderr:
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
    return folder / "bin"


@pytest.fixture(scope="module")
def everything(wheel, tmp_path_factory) -> Path:
    """The programs' folder of an environment with the wheel, and this one's other packages."""
    folder = tmp_path_factory.mktemp("everything")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    checked(python, "-m", "pip", "install", "--quiet", "--no-deps", wheel, cwd=folder)
    script = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(checked(python, "-c", script, cwd=folder).strip())
    # A path alone: what stands in .pth files there, this checkout among it, does not count.
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    where = checked(python, "-c", "import training; print(training.__file__)", cwd=folder)
    assert Path(where).is_relative_to(packages)
    return folder / "bin"


def test_the_wheel_has_what_is_not_python_too(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = checked(
        "git", "ls-files", "color_client", "style_client", "feedback", "training", cwd=ROOT
    ).split()
    data = {name for name in tracked if re.search(r"/(page|templates)/|\.png$", name)}
    assert data <= names
    packages = {name.split("/")[0] for name in names if name.endswith("/__init__.py")}
    assert {f"{package}/py.typed" for package in packages} <= names
    assert not packages & {"bench", "soak", "tests"}
    assert any(name.endswith("/licenses/LICENSE") for name in names)


@contextmanager
def running(*command: object, address: str, cwd: Path, **settings: str) -> Iterator[str]:
    """A server, once `address` answers 200."""
    log = cwd / f"{Path(str(command[0])).name}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            list(map(str, command)), cwd=cwd, env={**bare(), **settings}, stdout=file, stderr=file
        )
    try:
        while True:
            try:
                with urllib.request.urlopen(address, timeout=5) as reply:
                    assert reply.status == 200
                    break
            except OSError:
                assert process.poll() is None, log.read_text()
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(60)


def test_a_photo_through_both_servers(client_only, everything, tmp_path):
    model_port, port = free_port(), free_port()
    model = f"http://127.0.0.1:{model_port}/v1/models/color"
    serving = (
        everything / "colorway-serving", "--rest_api_port", model_port, "--model_name", "color",
        "--model_base_path", ROOT / "models" / "color" / "v1",
    )  # fmt: skip
    client = client_only / "colorway-color-client"
    home = f"http://127.0.0.1:{port}"
    settings = {"URL": f"{model}:predict", "HOST": "127.0.0.1", "PORT": str(port)}
    settings |= {"FEEDBACK_DB": str(tmp_path / "votes.db"), "REPORT": "on"}
    with (
        running(*serving, address=model, cwd=tmp_path),
        running(client, address=f"{home}/readyz", cwd=tmp_path, **settings),
    ):
        with urllib.request.urlopen(f"{home}/") as reply:
            page = reply.read().decode()
        for part in re.findall(r'(?:src|href)="(/?page/[^"]+)"', page):
            with urllib.request.urlopen(f"{home}/{part.lstrip('/')}") as reply:
                assert reply.read()
        photo = (ROOT / "samples" / "gray" / "astronaut.jpg").read_bytes()
        request = urllib.request.Request(
            f"{home}/predict", photo, headers={"Content-Type": "image/jpeg"}
        )
        with urllib.request.urlopen(request, timeout=60) as reply:
            assert opened(reply.read()).mode == "RGB"
            assert reply.headers["X-Receipt"]
        with urllib.request.urlopen(f"{home}/report") as reply:
            assert "no choices yet" in reply.read().decode()


def test_the_style_client_has_its_page(client_only, tmp_path):
    port = free_port()
    home = f"http://127.0.0.1:{port}"
    settings = {"URL": "http://127.0.0.1:9/v1/models/style:predict", "HOST": "127.0.0.1"}
    program = client_only / "colorway-style-client"
    with running(program, address=f"{home}/", cwd=tmp_path, PORT=str(port), **settings):
        with urllib.request.urlopen(f"{home}/") as reply:
            page = reply.read().decode()
        parts = re.findall(r'(?:src|href)="(/?page/[^"]+)"', page)
        assert any("styles/" in part for part in parts)
        for part in parts:
            with urllib.request.urlopen(f"{home}/{part.lstrip('/')}") as reply:
                assert reply.read()


def output_of(*command: object, cwd: Path) -> tuple[int, str]:
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=bare(), capture_output=True, text=True, timeout=240
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize("extra", ["local", "training"])
def test_a_missing_extra_is_named(client_only, extra, tmp_path):
    arguments = {"local": ["ls"], "training": ["--data", "photos"]}[extra]
    code, text = output_of(client_only / f"colorway-{extra}", *arguments, cwd=tmp_path)
    assert (code, text.count("\n")) == (2, 1)
    assert f"pip install 'colorway[{extra}]'" in text


def test_checkout_only_features_are_reported(everything, tmp_path):
    for command in (["colorway-training", "--export-root", "out"], ["colorway-local", "up"]):
        code, text = output_of(everything / command[0], *command[1:], cwd=tmp_path)
        assert (code, text.count("\n")) == (2, 1)
        assert "in a checkout of the project, not in an installed package" in text


def test_trains_and_publishes(everything, tmp_path):
    small = "--width=8 --dilations=1 --photo-side=32 --crop-side=32 --samples=16 --batch-size=8"
    checked(
        everything / "colorway-training", "--data", ROOT / "samples", "--export-root", "out",
        *small.split(), cwd=tmp_path,
    )  # fmt: skip
    assert (tmp_path / "out" / "1" / "saved_model.pb").exists()


def test_runs_an_application(everything, tmp_path):
    rendered = checked(
        everything / "colorway-local", "render", "--format", "kubernetes",
        ROOT / "deploy" / "training-serving.yaml", cwd=tmp_path,
    )  # fmt: skip
    assert "kind: Deployment" in rendered


@pytest.mark.parametrize("extra", sorted(PROJECT["optional-dependencies"].keys() - {"dev"}))
def test_the_extras_are_in_the_metadata(extra, wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        metadata = archive.read(name).decode()
    assert f"Provides-Extra: {extra}\n" in metadata
    assert metadata.count(f'extra == "{extra}"') == len(PROJECT["optional-dependencies"][extra])

"""`| head` and Ctrl-C: what a program does when nobody wants its output any more."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from local.ports import free_port
from local.running.readiness import not_ready_because
from local.running.state import Row, StateFolder
from tests.test_boundaries import OURS as OUR_PACKAGES
from tests.test_help import PROGRAMS

ROOT = Path(__file__).resolve().parent.parent
OUTPUT_CLOSED = 141
SCRIPTS = [
    f"colorway-{name}" for name in ("color-client", "style-client", "local", "serving", "training")
]
# Programs print to a buffer, as they do in a shell.
ENVIRONMENT = {**os.environ, "PYTHONUNBUFFERED": ""}


@contextmanager
def unread() -> Iterator[int]:
    """A pipe to write to, whose reader has left."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


def ended(command: Sequence[object]) -> tuple[int, str]:
    """The exit code of a program whose standard output nobody reads, and its standard error."""
    with unread() as output:
        done = subprocess.run(
            list(map(str, command)), cwd=ROOT, env=ENVIRONMENT,
            stdout=output, stderr=subprocess.PIPE, text=True, timeout=120,
        )  # fmt: skip
    return done.returncode, done.stderr


# The others run by themselves, without this project.
OURS = [each for each in PROGRAMS if each.startswith(("-m ", "docs/"))]


@pytest.mark.parametrize("program", OURS)
def test_the_help_of_every_program(program):
    assert ended([sys.executable, *program.split(), "--help"]) == (OUTPUT_CLOSED, "")


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_help_of_every_console_script(script):
    command = Path(sys.executable).with_name(script)
    assert ended([command, "--help"]) == (OUTPUT_CLOSED, "")


@pytest.mark.parametrize(
    "command",
    [
        "render deploy/training-serving.yaml --format kubernetes",  # more than a pipe's buffer
        "validate deploy/training-serving.yaml",
        "status demo --state STATE",  # a table of rich's
        "logs demo --state STATE",
    ],
)
def test_what_a_command_prints(command, tmp_path):
    state = StateFolder(tmp_path)
    state.write_rows([Row("demo", "default", "web", "webservice", "running", True, "", 0, 1e9)])
    state.log("demo", "web").parent.mkdir(parents=True)
    state.log("demo", "web").write_text("2026-11-30T08:00:00.000Z web | hello\n" * 10_000)
    words = command.replace("STATE", str(tmp_path)).split()
    assert ended([sys.executable, "-m", "local", *words]) == (OUTPUT_CLOSED, "")


def test_unread_error_message():
    with unread() as output:
        done = subprocess.run(
            [sys.executable, "-m", "training", "--no-such-flag"],
            cwd=ROOT, env=ENVIRONMENT, stdout=output, stderr=output, timeout=120,
        )  # fmt: skip
    assert done.returncode == OUTPUT_CLOSED


def test_other_broken_pipes_are_errors():
    script = """
import colorway, os
def main():
    print("told")
    reading, writing = os.pipe()
    os.close(reading)
    os.write(writing, b"lost")
colorway.run(main)"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (1, "told\n")
    assert "BrokenPipeError" in done.stderr


@pytest.mark.parametrize("package", ["color_client", "style_client"])
def test_server_survives_an_unread_log(package, tmp_path):
    port = free_port()
    errors = tmp_path / "errors"
    with errors.open("wb") as file:
        server = subprocess.Popen(
            [sys.executable, "-m", package],
            cwd=ROOT, env={**ENVIRONMENT, "HOST": "127.0.0.1", "PORT": str(port)},
            stdout=subprocess.PIPE, stderr=file,
        )  # fmt: skip
    try:
        assert b"Listening" in server.stdout.readline()
        server.stdout.close()
        for _ in range(3):
            assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=60).status_code == 200
    finally:
        server.terminate()
        server.wait(60)
    assert "Traceback" not in errors.read_text()


def test_server_survives_a_full_disk_for_its_log(tmp_path):
    port = free_port()
    with (tmp_path / "log").open("wb") as file:
        server = subprocess.Popen(
            [sys.executable, "-m", "color_client"],
            cwd=ROOT, env={**ENVIRONMENT, "HOST": "127.0.0.1", "PORT": str(port)},
            stdout=file, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
        )  # fmt: skip
    try:
        while not_ready_because(f"http://127.0.0.1:{port}/healthz"):
            assert server.poll() is None, server.stderr.read()
            time.sleep(0.02)
    finally:
        server.terminate()
        _, errors = server.communicate(timeout=60)
    assert (server.returncode, errors) == (0, "")


# Ctrl-C comes with the first import of ours after colorway.
INTERRUPTED = """
import runpy, sys
program, *ours = sys.argv[1:]
class Finder:
    def find_spec(self, name, *_):
        if name not in ("colorway", program) and name.partition(".")[0] in ours:
            if name != program + ".__main__":
                raise KeyboardInterrupt
sys.meta_path.insert(0, Finder())
runpy.run_module(program, run_name="__main__")"""


@pytest.mark.parametrize("program", sorted({e.split()[1] for e in PROGRAMS if e.startswith("-m")}))
def test_ctrl_c_while_a_program_imports_what_it_needs_is_quiet(program):
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, program, *sorted(OUR_PACKAGES - {"tests"})],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_an_output_that_is_closed_is_none_that_is_missed(closed, tmp_path):
    state = StateFolder(tmp_path)
    state.write_rows([Row("demo", "default", "web", "webservice", "running", True, "", 0, 1e9)])
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m local status demo --state "$1" {closed}', sys.executable, tmp_path],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "")  # it is not healthy: it has stopped


def test_characters_that_a_terminal_does_not_have_are_escapes(tmp_path):
    state = StateFolder(tmp_path)
    state.write_rows([Row("demo", "default", "wéb", "webservice", "failed", False, "é", 0, 1e9)])
    done = subprocess.run(
        [sys.executable, "-m", "local", "ls", "--state", str(tmp_path)], cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "w\\xe9b" in done.stdout


def test_in_a_folder_that_was_deleted(tmp_path):
    (tmp_path / "gone").mkdir()
    done = subprocess.run(
        ["sh", "-c", 'cd "$1" && rmdir "$1" && exec "$0" -m local ls', sys.executable,
         tmp_path / "gone"],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "the current folder was deleted: go to another, and try again\n"

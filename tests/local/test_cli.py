"""The command line before anything starts: one line for what cannot work."""

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from local.applications.load import load
from local.cli import build_parser
from local.commands.usage_text import usage_text
from local.ports import PortInUse, Ports, check_free, free_port
from local.running.color_service import ColorService
from local.running.plan import RunOptions
from local.running.planner import make_plan

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def listener():
    """A socket that listens on a free port of 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def model(tmp_path) -> Path:
    """A base path that looks like a model's; nothing is loaded by the command line."""
    (tmp_path / "v1" / "7").mkdir(parents=True)
    (tmp_path / "v1" / "7" / "saved_model.pb").touch()
    return tmp_path / "v1"


def local(*arguments: str | Path) -> tuple[int, str]:
    """Exit code and the one line of standard error of `python -m local ...`."""
    done = subprocess.run(
        [sys.executable, "-m", "local", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    return done.returncode, done.stderr.strip()


def test_a_port_in_use_gives_way_to_the_next_free_one(listener):
    port = listener.getsockname()[1]
    ports = Ports()
    given = ports.allocate(port, "the client")
    assert given > port
    assert ports.allocate(port, "another") > given
    (notice,) = ports.notices
    assert notice.startswith(f"port {port} is in use (held by ")
    assert notice.endswith(f"): the client gets {given}")
    if sys.platform == "linux":
        assert f"process {os.getpid()}: " in notice


def test_port_in_use_on_the_other_loopback_address_counts(model):
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 on this machine")
    with server, pytest.raises(PortInUse):
        check_free("127.0.0.1", server.getsockname()[1])


def test_free_port_is_free():
    check_free("127.0.0.1", free_port())
    check_free("0.0.0.0", free_port())


def test_address_of_another_machine(model):
    code, line = local(
        "up", "--model", model, "--host", "192.0.2.1", "--port", free_port(),
        "--model-port", free_port(),
    )  # fmt: skip
    assert code == 2
    assert "cannot listen on '192.0.2.1'" in line
    assert line.endswith("change --host")


def test_missing_model(tmp_path):
    code, line = local("up", "--model", tmp_path / "nothing")
    assert code == 2
    assert "nothing is not there" in line
    assert "--model" in line


def test_folder_without_versions(tmp_path):
    (tmp_path / "v1").mkdir()
    (tmp_path / "1").mkdir()
    code, line = local("up", "--model", tmp_path)
    assert code == 2
    assert "holds no N/saved_model.pb" in line


def test_the_version_itself_is_named(model):
    code, line = local("up", "--model", model / "7")
    assert code == 2
    assert line.endswith(f"name the folder above it: --model {model}")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "COMMAND"),
        (("start",), "invalid choice: 'start'"),
        (("down",), "APP"),
        (("up", "--args", "demo-training"), "is not as in COMPONENT="),
        (("up", "--args", "x='"), "No closing quotation"),
        (("up", "x.yaml", "--model", "y"), "--model is for `up` without files"),
        (("up", "--port", "0"), "'0' is no port"),
        (("up", "--model-port", "http"), "'http' is no port"),
        (("up", "--ready-within", "-1"), "'-1' is no number of seconds"),
        (("up", "--hots", "x"), "--hots"),
    ],
)
def test_wrong_command_line(arguments, says):
    code, line = local(*arguments)
    assert code == 2
    assert says in line


def test_help_names_every_option():
    done = subprocess.run(
        [sys.executable, "-m", "local", "up", "--help"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0
    for option in ("FILE", "--port", "--host", "--model-port", "--gateway-port", "--model ",
                   "--ready-within", "--state", "--args"):  # fmt: skip
        assert option in done.stdout


@pytest.mark.parametrize(
    ("host", "ready", "shown"),
    [
        ("127.0.0.1", "http://127.0.0.1:3333/readyz", "http://localhost:3333/"),
        ("0.0.0.0", "http://127.0.0.1:3333/readyz", "http://localhost:3333/"),
        ("::", "http://[::1]:3333/readyz", "http://localhost:3333/"),
        ("192.0.2.7", "http://192.0.2.7:3333/readyz", "http://192.0.2.7:3333/"),
    ],
)
def test_addresses(host, ready, shown):
    service = ColorService(Path("models/color/v1"), host=host)
    assert service.programs[1].ready_url == ready
    assert shown in usage_text(service.plan)


def test_the_folder_commands_have_the_url_that_runs(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    color = usage_text(ColorService(Path("models/color/v1"), model_port=8599).plan)
    url = "URL=http://127.0.0.1:8599/v1/models/my-model:predict"
    python = Path(sys.executable)
    python = python.relative_to(ROOT) if python.is_relative_to(ROOT) else python
    assert f"  {url} {python} -m color_client PHOTOS --out COLORED\n" in color
    assert "style_client" not in color
    applications, _ = load([ROOT / "deploy" / "color-style-ab-serving.yaml"])
    run_options = RunOptions(port=free_port(), gateway_port=free_port(), model_port=free_port())
    both = usage_text(make_plan(applications, tmp_path, run_options))
    url = f"URL=http://127.0.0.1:{run_options.gateway_port}/seldon/default/color-ab-serving/"
    (color, style) = (line for line in both.splitlines() if url in line)
    assert color.endswith(" -m color_client PHOTOS --out COLORED")
    assert " -m style_client PHOTOS --out PAINTED --style samples/styles/" in style


def test_a_predict_url_of_the_environment_needs_no_mention(monkeypatch):
    monkeypatch.chdir(ROOT)
    plan = ColorService(Path("models/color/v1")).plan
    (program,) = plan.components[1].programs
    own = replace(program, environment={"HOST": "127.0.0.1", "PORT": "3333"})
    plan = replace(plan, components=(replace(plan.components[1], programs=(own,)),))
    assert "URL=" not in usage_text(plan)
    assert "python -m color_client PHOTOS --out COLORED" in usage_text(plan)


@pytest.mark.parametrize("given", [{"PORT": "18081"}, {}], ids=["PORT=... make", "make PORT=..."])
def test_make_up_takes_a_port(tmp_path, given):
    """`PORT=18081 make up` and `make up PORT=18081`; the program only says what it was given."""
    program = tmp_path / "bin" / "python"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$* $PORT"\n')
    program.chmod(0o755)
    stamp = tmp_path / ".run"
    stamp.touch()
    words = [] if given else ["PORT=18081"]
    done = subprocess.run(
        ["make", "--silent", "up", f"VENV={tmp_path}", *words],
        capture_output=True, text=True, cwd=ROOT, env={**os.environ, **given}, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "-m local up 18081\n"), done.stderr


def test_the_port_of_the_environment_is_the_first_to_try(monkeypatch):
    monkeypatch.setenv("PORT", "18082")
    assert build_parser().parse_args(["up"]).port == 18082
    assert build_parser().parse_args(["up", "--port", "18083"]).port == 18083
    monkeypatch.setenv("PORT", "http")
    code, line = local("up")
    assert code == 2
    assert "'http' is no port" in line

"""The server as a program: flags, port, signals, waiting for a model."""

import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.serving.server_process import ROOT, START_SECONDS, ServerProcess

pytestmark = pytest.mark.long(1)

# Also on a busy machine, and far from the 30 s that a request in progress would be waited for.
AT_ONCE_S = 10.0


def run(*flags: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "serving", *flags],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_lists_every_flag():
    from serving.cli import build_parser

    result = run("--help")
    assert result.returncode == 0
    for action in build_parser()._actions:
        assert action.option_strings[-1] in result.stdout
        assert action.help


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ([], "--model_base_path"),
        (["--model_base_path=x", "--ssl_config_file=x"], "--ssl_config_file is out of scope"),
        (["--model_config_file", "/nowhere"], "Cannot read /nowhere: No such file"),
        (["--model_config_file", "/dev/zero"], "/dev/zero is no regular file"),
        (["--rest_api_prot=1", "--model_base_path=x"], "do you mean --rest_api_port?"),
        (["--enable_baching"], "do you mean --enable_batching?"),
        (["--model_base_path=x", "--nonsense"], "--nonsense"),
        (["--model_base_path=x", "--rest_api_port=0"], "0 is not between 1 and 65535"),
        (["--model_base_path=x", "--rest_api_port=http"], "'http'"),
        (["--model_base_path=x", "--model_name=a/b"], "slash"),
    ],
)
def test_a_wrong_command_line_is_one_clear_line(flags, says):
    result = run(*flags)
    assert result.returncode == 2
    assert says in result.stderr.splitlines()[0]
    assert "Traceback" not in result.stderr


def test_a_port_in_use_is_one_clear_line(protocol_base_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = run(f"--rest_api_port={port}", f"--model_base_path={protocol_base_path}")
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert f"port {port}" in line
    assert "in use" in line


def test_an_unknown_host_is_one_clear_line(protocol_base_path):
    result = run("--rest_api_host=256.0.0.1", f"--model_base_path={protocol_base_path}")
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_at_once_and_quietly(start_server, small_base_path, number):
    server = start_server(small_base_path).wait_until_open()
    with socket.create_connection(("127.0.0.1", server.port)) as idle:
        idle.sendall(b"GET /v1/models/hpt HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(100).startswith(b"HTTP/1.1 200")
        before = server.log
        started = time.monotonic()
        assert server.stop(number) == 0
        assert time.monotonic() - started < AT_ONCE_S
    assert server.log == before


def test_it_waits_for_its_base_path_and_stops_while_waiting(
    start_server, small_base_path, tmp_path
):
    late = tmp_path / "late"
    server: ServerProcess = start_server(late, "--file_system_poll_wait_seconds=0.2")
    server.wait_for(lambda: "Could not find base path" in server.log)
    assert server.log.count("Could not find base path") == 1
    assert not server.is_open()
    stopping = start_server(late)
    stopping.wait_for(lambda: "Could not find base path" in stopping.log)
    started = time.monotonic()
    assert stopping.stop() == 0
    assert time.monotonic() - started < AT_ONCE_S

    shutil.copytree(small_base_path, late)
    server.wait_until_open()
    assert server.predict({"instances": [2.0]}).json == {"predictions": [3.0]}


def catches_sigterm(server: ServerProcess) -> bool:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)


def has_worker(server: ServerProcess) -> bool:
    return bool(server.workers())


def worker_imports_tensorflow(server: ServerProcess) -> bool:
    return has_worker(server) and "tensorflow" in Path(f"/proc/{server.worker()}/maps").read_text()


@pytest.mark.parametrize(
    "moment",
    [lambda server: True, catches_sigterm, has_worker, worker_imports_tensorflow],
    ids=["at its start", "it catches the signal", "it has a worker", "TensorFlow is imported"],
)
def test_a_signal_stops_it_while_it_starts(start_server, small_base_path, moment):
    server = start_server(small_base_path)
    server.wait_for(lambda: moment(server), START_SECONDS)
    started = time.monotonic()
    # Before Python runs our code, the signal ends the process by itself.
    assert server.stop() in (0, -signal.SIGTERM)
    assert time.monotonic() - started < AT_ONCE_S
    assert "Traceback" not in server.log


def test_a_request_in_progress_is_answered_before_the_stop(start_server, protocol_base_path):
    server: ServerProcess = start_server(protocol_base_path).wait_until_open()
    with server.answering({"signature_name": "slow", "instances": [1000]}) as replies:
        assert server.stop() == 0
    assert replies[0].status == 200
    assert not server.is_open()


@pytest.mark.slow
def test_two_servers_that_start_on_one_port(start_server, small_base_path):
    first: ServerProcess = start_server(small_base_path)
    second = start_server(small_base_path, f"--rest_api_port={first.port}")
    second.port = first.port
    end = time.monotonic() + 60
    while first.process.poll() is None and second.process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.1)
    loser, winner = (second, first) if first.process.poll() is None else (first, second)
    assert loser.process.poll() != 0
    winner.wait_until_open()
    assert "ERROR Cannot use port" in loser.log
    assert "Address already in use" in loser.log.splitlines()[-1]


@pytest.mark.slow
def test_worker_exits_without_its_parent(start_server, small_base_path):
    server: ServerProcess = start_server(small_base_path).wait_until_open()
    server.process.kill()
    server.process.wait()
    end = time.monotonic() + 10
    while server.is_open():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_tensorflow_abort_message_is_logged(start_server, small_base_path, monkeypatch):
    monkeypatch.setenv("TF_XLA_FLAGS", "--no-such-flag")
    process = start_server(small_base_path)
    process.wait_for(lambda: "--no-such-flag" in process.log, 60)


@pytest.mark.parametrize("host", ["::1", "[::1]", "::"])
def test_hosts_of_ipv6(start_server, small_base_path, host):
    server = start_server(small_base_path, f"--rest_api_host={host}")

    def is_open() -> bool:
        with socket.socket(socket.AF_INET6) as probe:
            return probe.connect_ex(("::1", server.port)) == 0

    server.wait_for(is_open, 60)
    with socket.create_connection(("::1", server.port)) as caller:
        caller.sendall(b"GET /v1/models/hpt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert caller.recv(100).startswith(b"HTTP/1.1 200 ")


def test_the_standard_line_of_flags_starts_it(start_server, small_base_path):
    server: ServerProcess = start_server(
        small_base_path,
        "--port=8500",  # and --rest_api_port, which every server of the tests is given
        "--enable_batching",
        "--monitoring_config_file=/etc/monitoring.config",
        "--enable_model_warmup",
        "--tensorflow_intra_op_parallelism=2",
        "--file_system_poll_wait_seconds=2",
        "--rest_api_enable_cors_support",
    ).wait_until_open()
    warnings = [line for line in server.log.splitlines() if "changes nothing" in line]
    assert len(warnings) == 4
    assert warnings[0].endswith("--port changes nothing: gRPC is not here: use REST")
    reply = server.predict({"instances": [1.0]})
    assert reply.json == {"predictions": [2.0]}
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    reply = server.request("OPTIONS", "/v1/models/hpt:predict")
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["Access-Control-Allow-Methods"] == "GET, POST"


def test_survives_running_out_of_file_descriptors(start_server, small_base_path):
    """Who holds them without a request, silent or kept alive, has to go for who has one."""
    server: ServerProcess = start_server(small_base_path).wait_until_open()
    worker = server.worker()
    held = []
    used = len(list(Path(f"/proc/{worker}/fd").iterdir()))
    resource.prlimit(worker, resource.RLIMIT_NOFILE, (used + 20, used + 20))
    try:
        for number in range(60):
            held.append(socket.create_connection(("127.0.0.1", server.port)))
            if number < 15:
                held[-1].sendall(b"GET /v1/models/hpt HTTP/1.1\r\nHost: x\r\n\r\n")
                assert held[-1].recv(100).startswith(b"HTTP/1.1 200 ")
        server.wait_for(lambda: "no more connections" in server.log)
        started = time.monotonic()
        assert server.states() == {1: "AVAILABLE"}
        assert server.predict({"instances": [1.0]}).json == {"predictions": [2.0]}
        # A silent one would be waited for ten seconds, and one that is kept alive for 75.
        assert time.monotonic() - started < 8
    finally:
        for connection in held:
            connection.close()
    assert server.predict({"instances": [1.0]}).json == {"predictions": [2.0]}
    assert server.worker() == worker
    assert server.log.count("no more connections") == 1
    assert "Traceback" not in server.log

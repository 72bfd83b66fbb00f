"""The pieces of the serving part: closed loops, cores, memory, JSON both ways, the report."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

from bench.closed_loop import Loop, closed_loop
from bench.cores import Cores, choose_cores
from bench.json_work import BothWays, JsonWork
from bench.memory import Memory, memory_of
from bench.predict_request import Server
from bench.report import CannotMeasure
from bench.serving_report import Findings, result
from local.running.program import Program

needs_affinity = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="cores cannot be chosen here"
)


def test_closed_loop_lets_all_callers_work_at_once():
    meeting = threading.Barrier(3)  # nobody gets on alone
    loop = closed_loop([lambda: (meeting.wait(60), time.sleep(0.01))] * 3, 2)
    assert len(loop.calls) == 6
    assert 0.02 <= loop.wall < sum(loop.calls)


def test_closed_loop_does_not_time_the_first_calls():
    pauses = iter([0.2, 0.0, 0.0])
    loop = closed_loop([lambda: time.sleep(next(pauses))], 2)
    assert loop.wall < 0.2
    assert closed_loop([lambda: None], 1, untimed=0).calls


@pytest.mark.parametrize("untimed", [0, 1])
def test_closed_loop_raises_what_a_caller_raises(untimed):
    def fail():
        raise CannotMeasure("no answer")

    with pytest.raises(CannotMeasure, match="no answer"):
        closed_loop([lambda: None, fail], 1, untimed)


@needs_affinity
def test_a_program_on_the_measured_core():
    core = max(os.sched_getaffinity(0))
    cores = Cores(core, frozenset(os.sched_getaffinity(0)), "")
    code = "import os; print(os.sched_getaffinity(0), os.getpid())"
    program = cores.program(Program("one", (sys.executable, "-c", code)))
    with subprocess.Popen(program.command, stdout=subprocess.PIPE, text=True) as process:
        printed, _ = process.communicate(timeout=60)
    # The same process all along, so that its id is the program's.
    assert printed == f"{ {core} } {process.pid}\n"


@needs_affinity
def test_the_load_stays_off_the_measured_core():
    before = os.sched_getaffinity(0)
    cores = choose_cores()
    with cores.generating_load():
        during = closed_loop_affinity()
        assert during == (before - {cores.measured} or before)
    assert os.sched_getaffinity(0) == before


def closed_loop_affinity() -> set[int]:
    seen = []
    closed_loop([lambda: seen.append(os.sched_getaffinity(0))], 1)
    return seen[0]


def test_where_cores_cannot_be_chosen_nothing_is_pinned(monkeypatch):
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    cores = choose_cores()
    assert cores.command("python", "-V") == ("python", "-V")
    assert "Nothing is pinned" in cores.note
    with cores.generating_load():
        pass


def test_memory_of_a_program_with_two_processes():
    child = "held = bytearray(b'x' * 50_000_000); print(1, flush=True); input()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        both, child_alone = memory_of(process.pid), memory_of(process.pid, without_itself=True)
        process.communicate(b"\n", timeout=60)
    assert (both.processes, child_alone.processes) == (2, 1)
    assert 50 < child_alone.rss < both.rss < 200
    if both.pss is not None:
        assert 50 < child_alone.pss < both.pss < both.rss


@pytest.mark.skipif(not shutil.which("ps"), reason="no ps here")
def test_memory_where_the_system_has_no_proc(monkeypatch, tmp_path):
    monkeypatch.setattr("bench.memory.PROC", tmp_path / "none")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        ours = memory_of(os.getpid())
        process.communicate(b"\n", timeout=60)
    assert ours.processes >= 2
    assert ours.rss > 20
    assert ours.pss is None


class Refusing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self):
        super().setup()
        type(self).connections += 1

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(500 if body == b"refuse" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def echo():
    with HTTPServer(("127.0.0.1", 0), Refusing) as http_server:
        thread = threading.Thread(target=http_server.serve_forever, args=(0.02,))
        thread.start()
        yield Server("the echo", http_server.server_port, "/")
        http_server.shutdown()
        thread.join()


def test_a_caller_keeps_its_connection(echo):
    before = Refusing.connections
    assert len(echo.loop(b"{}", calls=5).calls) == 5
    assert Refusing.connections == before + 1


def test_a_server_that_refuses(echo):
    with pytest.raises(CannotMeasure, match="the echo answered 500: refuse"):
        echo.loop(b"refuse")
    with pytest.raises(CannotMeasure, match="without `predictions`"):
        echo.predictions(b"[]")
    assert echo.predictions(b'{"predictions": [1]}') == [1]


def test_server_that_does_not_run():
    with pytest.raises(CannotMeasure, match="nobody does not answer"):
        Server("nobody", 9, "/").loop(b"")


def test_json_both_ways_is_the_same_json():
    noise = np.random.default_rng(3)
    lightness = noise.random((1, 8, 8, 1), np.float32) * 100
    ab = noise.random((1, 8, 8, 2), np.float32)
    request = json.dumps({"instances": [{"input_1": lightness[0].tolist()}]}).encode()
    both = BothWays(request, ab)
    both.check()
    both.measure_once()
    for work in (both.ours, both.stdlib):
        assert work.together[0] == work.read[0] + work.write[0] > 0


def findings(server: float, peer: float) -> Findings:
    """A server that needs `server` seconds where the network alone needs one."""
    ways = {"network_packed": 1.0, "network_floats": 1.0, "server_packed": server}
    ways |= {"server_floats": server, "stdlib_floats": 3.0, "litserve_floats": peer}
    return Findings(
        {name: [seconds] * 3 for name, seconds in ways.items()},
        {
            "network_packed": [Loop(2.0, [1.0] * 16)],
            "server_packed": [Loop(2.0 * server, [server] * 16)],
        },
        {"packed": 1_000, "floats": 2_000},
        ["A note."],
        {"server": JsonWork([server], [server]), "stdlib": JsonWork([2.2], [2.2])},
        {
            "network": [Memory(1, 500.0, None), Memory(1, 900.0, 800.0)],
            "server": [Memory(2, 600.0, None), Memory(2, 900.0 * server, 800.0 * server)],
        },
    )


@pytest.mark.parametrize(("server", "peer", "met"), [(1.1, 1.2, True), (1.4, 1.3, False)])
def test_goals(server, peer, met):
    found = result(findings(server, peer))
    assert [goal.met for goal in found.goals] == [met] * 5
    assert found.goals[0].measured.endswith(f"{server:.2f} ×")
    text = "\n".join(table.markdown() for table in found.tables)
    assert "| in process, 8 threads | 8.0 |" in text
    assert "| 500 / – | 900 / 800 |" in text
    assert found.notes[0] == "A note."


def test_without_a_peer_there_is_no_goal_for_it():
    found = findings(1.0, 2.0)
    del found.alone["litserve_floats"]
    report = result(found)
    assert len(report.goals) == 4
    assert "LitServe" not in "".join(table.markdown() for table in report.tables)

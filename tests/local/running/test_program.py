"""A child process and its guard."""

import os
import signal
import subprocess
import sys
import time

import pytest

from local.ports import free_port
from local.running.program import Child, Program
from local.running.readiness import not_ready_because
from tests.local.conftest import STAND_IN, get, wait_until
from tests.local.running_applications import is_running
from tests.running import ROOT

STARTER = """
import sys, time
from local.running.program import Child, Program
child = Child(Program("x", tuple(sys.argv[1:])), lambda name, line: None, lambda child: None)
print(child.pid, flush=True)
time.sleep(600)
"""


def run(*command: str) -> tuple[Child, list[str]]:
    lines: list[str] = []
    child = Child(Program("x", command), lambda _, line: lines.append(line), lambda _: None)
    return child, lines


def test_lines_of_both_streams_arrive_before_the_end():
    text = "import sys; print('out'); print('err \\xff', file=sys.stderr); sys.exit(3)"
    child, lines = run(sys.executable, "-c", text)
    assert child.wait(60)
    assert lines == list(child.last_lines)
    assert lines[0] == "out"
    assert child.ending == "exit code 3"


def test_health_checks_that_were_answered_well_are_not_in_the_log():
    printed = [
        "2026-11-30 15:45:18,939 INFO GET /v1/models/my-model 200 0.1ms run=- in=0 out=180",
        '{"time":"2026-11-30T15:45:19Z","method":"GET","path":"/readyz","status":200,"ms":1.4}',
        '{"time":"2026-11-30T15:45:21Z","method":"GET","path":"/readyz","status":503,"ms":1.4}',
        "2026-11-30 15:45:25,363 INFO POST /v1/models/my-model:predict 200 80.1ms run=79.0",
    ]
    child, lines = run(sys.executable, "-c", f"print(*{printed}, sep=chr(10))")
    assert child.wait(60)
    assert lines == printed[2:]


def test_failing_job_has_failed_even_with_pythoninspect(monkeypatch):
    monkeypatch.setenv("PYTHONINSPECT", "1")
    child, lines = run(sys.executable, "-c", "import sys; sys.exit(3)")
    assert child.wait(60)
    assert (child.ending, lines) == ("exit code 3", [])


def test_end_by_a_signal_is_named():
    child, _ = run(sys.executable, "-c", "import os; os.kill(os.getpid(), 11)")
    assert child.wait(60)
    assert child.ending == "signal 11 (SIGSEGV)"


def test_a_command_that_is_not_there():
    child, lines = run("/no/such/program")
    assert child.wait(60)
    assert lines == ["/no/such/program cannot be started: No such file or directory"]
    assert child.ending == "exit code 127"


def test_program_has_no_standard_input():
    child, lines = run(sys.executable, "-c", "print(repr(input()))")
    assert child.wait(60)
    assert "EOFError" in lines[-1]


def test_terminate_reaches_the_program(stand_in):
    program = stand_in()
    child = Child(program, lambda *_: None, lambda _: None)
    wait_until(lambda: not_ready_because(program.ready_url) is None)
    child.terminate()
    assert child.wait(60)
    assert child.ending == "signal 15 (SIGTERM)"
    assert not_ready_because(program.ready_url) is not None


def test_child_processes_end_with_the_program(stand_in):
    program = stand_in()
    child = Child(program, lambda *_: None, lambda _: None)
    wait_until(lambda: not_ready_because(program.ready_url) is None)
    grandchild = int(get(f"{program.ready_url}child"))
    assert is_running(grandchild)
    get(f"{program.ready_url}exit/0")
    assert child.wait(60)
    wait_until(lambda: not is_running(grandchild))


def test_process_that_left_the_group_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("local.running.program._PRINTED_WITHIN_S", 0.1)
    lines: list[str] = []
    leave = "import subprocess; print(subprocess.Popen(['sleep', '600'], start_new_session=1).pid)"
    child = Child(
        Program("x", (sys.executable, "-c", leave)),
        lambda _, line: lines.append(line),
        lambda _: None,
    )
    try:
        assert child.wait(60)
    finally:
        wait_until(lambda: bool(lines))
        os.kill(int(lines[0]), signal.SIGKILL)


@pytest.mark.parametrize("with_guard", [False, True], ids=["starter", "starter-and-guard"])
def test_nothing_is_left_when_the_starter_is_killed(with_guard):
    if with_guard and sys.platform != "linux":
        pytest.skip("only Linux has a parent-death signal")
    port = free_port()
    command = [sys.executable, str(STAND_IN), str(port), "stubborn"]
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, *command],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with starter:
        guard = int(starter.stdout.readline())
        url = f"http://127.0.0.1:{port}/"
        wait_until(lambda: not_ready_because(url) is None)
        program = int(get(url))
        os.kill(starter.pid, signal.SIGKILL)
        if with_guard:
            os.kill(guard, signal.SIGKILL)
    wait_until(lambda: not is_running(program) and not is_running(guard))
    assert not_ready_because(url) is not None


def test_a_program_that_closes_its_output_is_still_waited_for():
    child, _ = run(sys.executable, "-c", "import os, time; os.close(1); os.close(2); time.sleep(1)")
    started = time.monotonic()
    assert child.wait(60)
    assert time.monotonic() - started > 0.5

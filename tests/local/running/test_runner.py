"""Components that are kept running: order, readiness, jobs, restarts, the order of stopping."""

import errno
import io
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import pytest

from local.commands.console import Console
from local.ports import free_port
from local.running import supervisor
from local.running.components import Component
from local.running.logs import LogFiles
from local.running.plan import PlannedComponent
from local.running.program import Program
from local.running.readiness import not_ready_because
from local.running.runner import Runner
from local.running.state import StateFolder
from local.shipped_models import CannotPrepare
from tests.local.conftest import get, wait_until


def service(*programs: Program, name: str = "", after: tuple[str, ...] = ()) -> PlannedComponent:
    """A component that runs until it is stopped, in the application `app`."""
    return PlannedComponent(
        "app",
        name or programs[0].name,
        "webservice",
        programs=programs,
        depends_on=tuple(("app", each) for each in after),
    )


def job(name: str, code: str, **options: object) -> PlannedComponent:
    """A component that ends by itself."""
    programs = (Program(name, (sys.executable, "-c", code)),)
    return PlannedComponent("app", name, "task", programs=programs, job=True, **options)


class Running:
    """A runner on a thread of its own, and what it printed."""

    def __init__(
        self, folder: Path, components: list[PlannedComponent], **options: float | tuple[float, ...]
    ):
        self.out = io.StringIO()
        self.ready = threading.Event()
        self.code: int | None = None
        self.state = StateFolder(folder)
        names = [program.name for each in components for program in each.programs]
        self.console = Console(self.out, names, LogFiles(self.state))
        self.runner = Runner(components, self.console, self.state, **options)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        with self.state.own(["app"]):
            self.code = self.runner.run(self.ready.set)
        self.console.close()

    @property
    def lines(self) -> list[str]:
        return self.out.getvalue().splitlines()

    @property
    def deaths(self) -> int:
        return sum("starting it again" in line for line in self.lines)

    def has_line(self, *parts: str) -> bool:
        return any(all(part in line for part in parts) for line in self.lines)

    def row(self, component: str):
        return next((r for r in self.state.rows() if r.component == component), None)


@pytest.fixture
def running(tmp_path):
    """Runs components while the block lasts."""

    @contextmanager
    def run(*components: PlannedComponent | Program, **options: float | tuple[float, ...]):
        planned = [each if isinstance(each, PlannedComponent) else service(each)
                   for each in components]  # fmt: skip
        up = Running(tmp_path / "state", planned, **options)
        try:
            yield up
        finally:
            up.runner.stop()
            up.thread.join(60)
            assert not up.thread.is_alive()

    return run


def test_a_program_that_cannot_be_started_now_is_tried_again(stand_in, running, monkeypatch):
    def refused(*_):
        monkeypatch.undo()
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(supervisor, "Child", refused)
    with running(stand_in("first"), stand_in("second"), pauses_s=(0.1,)) as up:
        assert up.ready.wait(60)
        assert up.has_line("cannot be started: Resource temporarily unavailable; trying again in")
    assert up.code == 0


def test_a_program_that_cannot_be_started_at_all_is_a_failure(stand_in, running):
    long = replace(stand_in("long"), environment={"A": "x" * 200_000})
    with running(long, ready_within_s=0.5, pauses_s=(0.1,)) as up:
        up.thread.join(60)
        assert up.code == 1
        assert up.has_line("long failed: not ready within 0.5 s (it cannot be started: Argument")


def test_ready_then_stopped_in_reverse_order(stand_in, running):
    first, second = stand_in("first"), stand_in("second")
    with running(first, service(second, after=("first",))) as up:
        assert up.ready.wait(60)
        assert not_ready_because(first.ready_url) is None
        assert not_ready_because(second.ready_url) is None
        assert up.row("second").phase == "running"
        assert up.row("second").detail == "Ready:1/1"
    assert up.code == 0
    assert not_ready_because(first.ready_url) is not None
    assert not_ready_because(second.ready_url) is not None
    assert up.has_line("first  | asked for /")
    stopping = [line for line in up.lines if "  stopped  " in line]
    assert "app/second" in stopping[0]
    assert "app/first" in stopping[1]
    assert not up.has_line("starting it again")


def test_a_component_waits_for_what_it_depends_on(stand_in, running):
    never = Program("never", ("sleep", "60"), ready_url=stand_in().ready_url)
    later = stand_in("later")
    with running(never, service(later, after=("never",)), ready_within_s=1.5) as up:
        wait_until(lambda: up.row("later") is not None)
        assert up.row("later").detail == "waiting for never"
        up.thread.join(60)
    assert up.code == 1
    assert not up.has_line("later | asked for")


def test_a_program_that_dies_is_started_again(stand_in, running):
    first, second = stand_in("first"), stand_in("second")
    with running(first, second, pauses_s=(0.1,)) as up:
        assert up.ready.wait(60)
        before = get(second.ready_url)
        get(f"{second.ready_url}exit/7")
        wait_until(lambda: up.has_line("second is ready again."))
        assert get(second.ready_url) != before
        assert up.has_line("second ended after", "exit code 7; starting it again in 0.1 s.")
        assert up.has_line("second |   asked for /exit/7")
        wait_until(lambda: up.row("second").phase == "running")
        assert up.row("second").restarts == 1
        assert up.row("first").restarts == 0
    assert up.code == 0


def test_one_replica_of_two_that_dies(stand_in, running):
    one, two = stand_in("one"), stand_in("two")
    with running(service(one, two, name="both"), pauses_s=(60.0,)) as up:
        assert up.ready.wait(60)
        get(f"{two.ready_url}exit/1")
        wait_until(lambda: up.row("both").phase == "restarting")
        assert up.row("both").healthy is False
        assert up.row("both").detail == "Ready:1/2, it ended with exit code 1"
        assert not_ready_because(one.ready_url) is None


class Later:
    """A clock in the place of the module `time`: so many seconds later."""

    def __init__(self):
        self.seconds = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.seconds


def test_pauses_grow_and_begin_again_after_a_steady_time(stand_in, running, monkeypatch):
    program, later = stand_in(), Later()
    monkeypatch.setattr(supervisor, "time", later)
    with running(program, pauses_s=(0.1, 0.2, 0.4), steady_after_s=600.0) as up:
        for death in range(1, 5):
            wait_until(lambda: not_ready_because(program.ready_url) is None)
            get(f"{program.ready_url}exit/1")
            wait_until(lambda death=death: up.deaths == death)
        wait_until(lambda: not_ready_because(program.ready_url) is None)
        later.seconds = 600.0
        get(f"{program.ready_url}exit/1")
        wait_until(lambda: up.deaths == 5)
    pauses = [line.split(" in ")[1].split(" s.")[0] for line in up.lines if " again in" in line]
    assert pauses == ["0.1", "0.2", "0.4", "0.4", "0.1"]


def test_not_ready_in_time(stand_in, running):
    good, silent = (
        stand_in("good"),
        Program("silent", ("sleep", "60"), ready_url=stand_in().ready_url),
    )
    with running(silent, good, ready_within_s=1.0) as up:
        up.thread.join(60)
    assert up.code == 1
    assert up.has_line("silent failed: not ready within 1 s (Connection refused).")
    assert not_ready_because(good.ready_url) is not None


def test_a_program_that_dies_at_every_start(stand_in, running):
    failing = Program(
        "failing", ("sh", "-c", "echo no luck; exit 4"), ready_url=stand_in().ready_url
    )
    with running(failing, ready_within_s=5.0, pauses_s=(0.1, 30.0)) as up:
        up.thread.join(60)
    assert up.code == 1
    assert up.has_line("failing |   no luck")
    assert up.has_line("not ready within 5 s (it ended with exit code 4)")


def test_one_that_does_not_stop_is_killed(stand_in, running):
    program = stand_in("stand-in", "stubborn")
    with running(program, grace_s=0.5) as up:
        assert up.ready.wait(60)
    assert up.code == 0
    assert up.has_line("stand-in does not stop; killing it.")
    assert not_ready_because(program.ready_url) is not None


def test_second_stop_does_not_wait(stand_in, running):
    program = stand_in("stand-in", "stubborn")
    with running(program, grace_s=60.0) as up:
        assert up.ready.wait(60)
        up.runner.stop()
        wait_until(lambda: up.has_line("Stopping"))
    assert up.code == 0


def test_stop_before_ready(stand_in, running):
    silent = Program("silent", ("sleep", "60"), ready_url=stand_in().ready_url)
    with running(silent) as up:
        pass
    assert up.code == 0
    assert not up.ready.is_set()


def test_jobs_alone_end_by_themselves(running, tmp_path):
    first = job("first", f"open({str(tmp_path / 'made')!r}, 'w')")
    second = job("second", f"open({str(tmp_path / 'made')!r}); print('step 2')",
                 depends_on=(("app", "first"),))  # fmt: skip
    with running(first, second) as up:
        up.thread.join(60)
    assert up.code == 0
    assert up.ready.is_set()
    assert up.row("second").phase == "succeeded"
    assert up.row("second").detail == "Job Succeeded"
    assert "second | step 2" in (tmp_path / "state" / "logs" / "app" / "second.log").read_text()


def test_a_job_that_fails_stops_the_rest(stand_in, running):
    failing = job("failing", "import sys; print('half'); sys.exit('no data')")
    other = stand_in("other")
    with running(other, failing, service(stand_in("later"), after=("failing",))) as up:
        up.thread.join(60)
    assert up.code == 1
    assert up.has_line("failing failed: exit code 1: no data. See ", "failing.log")
    assert up.row("failing").phase == "failed"
    assert up.row("later").phase == "stopped"
    assert not_ready_because(other.ready_url) is not None
    assert not up.has_line("later |")


def test_a_job_is_done_once_while_it_stays_the_same(running, tmp_path):
    made = tmp_path / "claim"
    code = f"import os; os.makedirs({str(made)!r}, exist_ok=True); "
    code += f"open({str(made / 'x')!r}, 'a').write('1')"
    planned = job("train", code, fingerprint="a", writes=(made,))
    for fingerprint, runs in (("a", "1"), ("a", "1"), ("b", "11"), ("b", "11")):
        with running(replace(planned, fingerprint=fingerprint)) as up:
            up.thread.join(60)
        assert up.code == 0
        assert (made / "x").read_text() == runs
    assert up.has_line("train has succeeded before and has not changed.")
    (made / "x").unlink()
    with running(replace(planned, fingerprint="b")) as up:
        up.thread.join(60)
    assert (made / "x").read_text() == "1"


def test_job_that_may_restart_is_retried(running, tmp_path):
    flag = tmp_path / "flag"
    code = f"import os, sys; p = {str(flag)!r}; there = os.path.exists(p); open(p, 'w'); "
    code += "sys.exit(0 if there else 3)"
    with running(job("train", code, restarts_on_failure=True), pauses_s=(0.1,)) as up:
        up.thread.join(60)
    assert up.code == 0
    assert up.row("train").restarts == 1


def test_a_step_that_fails_names_its_reason(stand_in, running):
    class Missing:
        def run(self, say):
            say("looking")
            raise CannotPrepare("there is no model")

    with running(replace(service(stand_in("x")), steps=(Missing(),))) as up:
        up.thread.join(60)
    assert up.code == 1
    assert up.has_line("x     | looking")
    assert up.has_line("x failed: there is no model.")


def test_a_step_that_the_system_refuses(stand_in, running):
    class Refused:
        def run(self, say):
            raise PermissionError(13, "Permission denied", "claim")

    with running(replace(service(stand_in("x")), steps=(Refused(),))) as up:
        up.thread.join(60)
    assert up.code == 1
    assert up.has_line("x failed: [Errno 13] Permission denied: 'claim'.")


def test_what_is_stopped_and_started_again_amid_its_steps_takes_them_alone(tmp_path):
    """As where a change fails while another of its models is still copied, and is asked again."""
    state = StateFolder(tmp_path)
    arrivals, inside, events = SimpleQueue(), SimpleQueue(), SimpleQueue()
    release = threading.Event()

    class Slow:
        def run(self, say):
            inside.put(None)
            release.wait(60)

    class Lock:
        def __init__(self):
            self.lock = threading.Lock()

        def __enter__(self):
            arrivals.put(None)
            self.lock.acquire()

        def __exit__(self, *_):
            self.lock.release()

    programs = supervisor.Supervisor(Console(io.StringIO(), ["x"], LogFiles(state)), events.put)
    programs._one_at_a_time = Lock()
    for _ in range(2):
        programs.prepare(Component(PlannedComponent("app", "x", "task", steps=(Slow(),))))
        arrivals.get(timeout=60)
    inside.get(timeout=60)
    assert inside.empty()
    release.set()
    assert [events.get(timeout=60).problem for _ in range(2)] == [None, None]
    assert inside.qsize() == 1


def test_a_state_that_cannot_be_written_stops_nothing(stand_in, running):
    """As on a full disk."""
    program = stand_in("one")
    with running(program, pauses_s=(0.1,)) as up:
        assert up.ready.wait(60)
        (up.state.root / ".state.json.new").mkdir()
        get(f"{program.ready_url}exit/3")
        wait_until(lambda: up.has_line("one is ready again."))
        assert up.row("one").restarts == 0
        (up.state.root / ".state.json.new").rmdir()
        wait_until(lambda: up.row("one").restarts == 1)
    assert up.code == 0


def test_down_from_another_terminal(stand_in, running):
    kept = replace(service(stand_in("kept")), application="other")
    with running(stand_in("gone"), kept) as up:
        assert up.ready.wait(60)
        up.state.request_down("app")
        wait_until(lambda: up.row("gone").phase == "stopped")
        assert up.row("kept").phase == "running"
        up.state.request_down("other")
        up.thread.join(60)
    assert up.code == 0


def test_the_end_of_a_worker_is_seen(running):
    """gunicorn starts another by itself; what it prints of that is the only sign."""
    port = free_port()
    command = (
        *(sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"),
        "wsgiref.simple_server:demo_app",
    )
    server = Program("server", command, ready_url=f"http://127.0.0.1:{port}/")
    with running(server) as up:
        assert up.ready.wait(60)
        wait_until(lambda: up.has_line("Booting worker with pid: "))
        line = next(line for line in up.lines if "Booting worker with pid: " in line)
        os.kill(int(line.rpartition(" ")[2]), signal.SIGKILL)
        wait_until(lambda: up.row("server").restarts == 1, 60)
        wait_until(lambda: up.has_line("server is ready again."), 60)
        assert up.has_line(
            "server: its worker was sent SIGKILL; out of memory?; it starts another."
        )
        assert up.has_line("restarting  unhealthy  Ready:0/1, its worker was sent SIGKILL")
        wait_until(lambda: up.row("server").healthy)
    assert not up.has_line("ended after")


@pytest.mark.slow
def test_one_that_hangs_is_unhealthy_until_it_answers(stand_in, running):
    program = stand_in("stand-in")
    with running(program) as up:
        assert up.ready.wait(60)
        pid = int(get(program.ready_url))
        os.kill(pid, signal.SIGSTOP)
        try:
            wait_until(lambda: up.row("stand-in").healthy is False, 60)
            assert up.row("stand-in").phase == "running"
            assert up.row("stand-in").detail == "Ready:0/1, no answer within 3 s"
        finally:
            os.kill(pid, signal.SIGCONT)
        wait_until(lambda: up.row("stand-in").healthy is True, 60)
        assert up.row("stand-in").restarts == 0

"""Programs that are kept running: readiness, restarts, the order of stopping."""

import io
import threading
import time
from contextlib import contextmanager

from local.console import Console
from local.program import Program
from local.readiness import not_ready_because
from local.supervisor import Supervisor
from tests.local.conftest import get, wait_until


class Running:
    """A supervisor on a thread of its own, and what it printed."""

    def __init__(self, programs: list[Program], **options: float | tuple[float, ...]):
        self.out = io.StringIO()
        self.ready = threading.Event()
        self.code: int | None = None
        console = Console(self.out, [program.name for program in programs])
        self.supervisor = Supervisor(programs, console, **options)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        self.code = self.supervisor.run(self.ready.set)

    @property
    def lines(self) -> list[str]:
        return self.out.getvalue().splitlines()

    @property
    def deaths(self) -> int:
        return sum("starting it again" in line for line in self.lines)

    def has_line(self, *parts: str) -> bool:
        return any(all(part in line for part in parts) for line in self.lines)


@contextmanager
def running(*programs: Program, **options: float | tuple[float, ...]):
    service = Running(list(programs), **options)
    try:
        yield service
    finally:
        service.supervisor.stop()
        service.thread.join(20)
        assert not service.thread.is_alive()


def test_ready_then_stopped_in_reverse_order(stand_in):
    first, second = stand_in("first"), stand_in("second")
    with running(first, second) as service:
        assert service.ready.wait(10)
        assert not_ready_because(first.ready_url) is None
        assert not_ready_because(second.ready_url) is None
    assert service.code == 0
    assert not_ready_because(first.ready_url) is not None
    assert not_ready_because(second.ready_url) is not None
    assert service.has_line("first  | asked for /")
    assert service.has_line("local  | Stopping")
    assert not service.has_line("starting it again")


def test_a_program_that_dies_is_started_again(stand_in):
    first, second = stand_in("first"), stand_in("second")
    with running(first, second, pauses_s=(0.1,)) as service:
        assert service.ready.wait(10)
        before = get(second.ready_url)
        get(f"{second.ready_url}exit/7")
        wait_until(lambda: service.has_line("second is ready again."))
        assert get(second.ready_url) != before
        assert service.has_line("second ended after", "exit code 7; starting it again in 0.1 s.")
        assert service.has_line("second |   asked for /exit/7")
    assert service.code == 0


def test_pauses_grow_and_begin_again_after_a_steady_time(stand_in):
    program = stand_in()
    with running(program, pauses_s=(0.1, 0.2, 0.4), steady_after_s=1.5) as service:
        for death in range(1, 5):
            wait_until(lambda: not_ready_because(program.ready_url) is None)
            get(f"{program.ready_url}exit/1")
            wait_until(lambda death=death: service.deaths == death)
        wait_until(lambda: not_ready_because(program.ready_url) is None)
        time.sleep(1.5)
        get(f"{program.ready_url}exit/1")
        wait_until(lambda: service.deaths == 5)
    pauses = [
        line.split(" in ")[1].split(" s.")[0] for line in service.lines if " again in" in line
    ]
    assert pauses == ["0.1", "0.2", "0.4", "0.4", "0.1"]


def test_not_ready_in_time(stand_in):
    good, silent = (
        stand_in("good"),
        Program("silent", ("sleep", "60"), ready_url=stand_in().ready_url),
    )
    with running(good, silent, ready_within_s=1.0) as service:
        service.thread.join(10)
    assert service.code == 1
    assert service.has_line("silent was not ready within 1 s (Connection refused); stopping.")
    assert not_ready_because(good.ready_url) is not None


def test_a_program_that_dies_at_every_start(stand_in):
    failing = Program(
        "failing", ("sh", "-c", "echo no luck; exit 4"), ready_url=stand_in().ready_url
    )
    with running(failing, ready_within_s=1.0, pauses_s=(0.1, 5.0)) as service:
        service.thread.join(10)
    assert service.code == 1
    assert service.has_line("failing |   no luck")
    assert service.has_line("not ready within 1 s (it ended with exit code 4)")


def test_a_later_program_is_not_asked_before_the_earlier_are_ready(stand_in):
    never = Program("never", ("sleep", "60"), ready_url=stand_in().ready_url)
    later = stand_in("later")
    with running(never, later, ready_within_s=1.5) as service:
        service.thread.join(10)
    assert not service.has_line("later | asked for")


def test_one_that_does_not_stop_is_killed(stand_in):
    program = stand_in("stand-in", "stubborn")
    with running(program, grace_s=0.5) as service:
        assert service.ready.wait(10)
    assert service.code == 0
    assert service.has_line("stand-in does not stop; killing it.")
    assert not_ready_because(program.ready_url) is not None


def test_stop_once_more_does_not_wait(stand_in):
    program = stand_in("stand-in", "stubborn")
    with running(program, grace_s=60.0) as service:
        assert service.ready.wait(10)
        service.supervisor.stop()
        wait_until(lambda: service.has_line("Stopping"))
    assert service.code == 0


def test_stop_before_ready(stand_in):
    silent = Program("silent", ("sleep", "60"), ready_url=stand_in().ready_url)
    with running(silent) as service:
        pass
    assert service.code == 0
    assert not service.ready.is_set()

"""Keep the programs of the service running: start, wait until ready, start again, stop."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from .console import Console
from .program import Child, Program
from .readiness import not_ready_because

# Seconds before a program that died is started again, the last of them from then on.
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
_PROBE_EVERY_S = 0.2


@dataclass(eq=False)
class _Slot:
    """A program, its child if one runs, and when to start the next."""

    program: Program
    child: Child | None = None
    deaths: int = 0
    start_at: float | None = None
    ready: bool = False
    not_ready_because: str = "not started"


@dataclass(frozen=True)
class _Exited:
    child: Child


@dataclass(frozen=True)
class _Ready:
    child: Child


@dataclass(frozen=True)
class _Stop:
    pass


class Supervisor:
    """Runs programs until it is told to stop. One thread calls `run`; any may call `stop`."""

    def __init__(
        self,
        programs: Sequence[Program],
        console: Console,
        *,
        ready_within_s: float = 120.0,
        grace_s: float = 10.0,
        pauses_s: Sequence[float] = PAUSES,
        steady_after_s: float = 60.0,
    ):
        """`programs` are in the order in which they depend on each other, each on those before it.
        All must be ready for the first time within `ready_within_s`. Told to stop,
        they have `grace_s` together before they are killed. `pauses_s` are the pauses before a
        restart; a program that ran for `steady_after_s` begins again with the first.
        """
        self._slots = [_Slot(program) for program in programs]
        self._console = console
        self._ready_within_s = ready_within_s
        self._grace_s = grace_s
        self._pauses_s = pauses_s
        self._steady_after_s = steady_after_s
        self._events: SimpleQueue[_Exited | _Ready | _Stop] = SimpleQueue()

    def stop(self) -> None:
        """Stop every program, the last one first; called once more, at once. May be called from a
        signal handler.
        """
        self._events.put(_Stop())

    def run(self, when_ready: Callable[[], None]) -> int:
        """Run until `stop`. `when_ready` is called once, when all programs are ready.

        Returns 0 when it was stopped, 1 when the programs were not ready in time.
        """
        try:
            return self._run(when_ready)
        finally:
            for slot in self._slots:
                if slot.child is not None and slot.child.running:
                    slot.child.kill()
                    slot.child.wait()

    def _run(self, when_ready: Callable[[], None]) -> int:
        begun = time.monotonic()
        for slot in self._slots:
            self._start(slot)
        announced = False
        while True:
            event = self._next_event(0.5 if announced else 0.2)
            now = time.monotonic()
            match event:
                case _Stop():
                    self._console.say("Stopping ...")
                    self._stop_all()
                    return 0
                case _Exited(child):
                    self._plan_restart(self._slot_of(child), now)
                case _Ready(child) if child.running:
                    slot = self._slot_of(child)
                    slot.ready = True
                    if slot.deaths:
                        self._console.say(f"{slot.program.name} is ready again.")
            for slot in self._slots:
                if slot.start_at is not None and now >= slot.start_at:
                    self._start(slot)
            if announced:
                continue
            waiting = [slot for slot in self._slots if not slot.ready]
            if not waiting:
                announced = True
                when_ready()
            elif now - begun > self._ready_within_s:
                self._give_up(waiting[0])
                return 1
            else:
                names = ", ".join(slot.program.name for slot in waiting)
                self._console.progress(f"Waiting for {names} ({now - begun:.0f} s) ...")

    def _next_event(self, seconds: float) -> _Exited | _Ready | _Stop | None:
        try:
            return self._events.get(timeout=seconds)
        except Empty:
            return None

    def _slot_of(self, child: Child) -> _Slot:
        return next(slot for slot in self._slots if slot.program is child.program)

    def _start(self, slot: _Slot) -> None:
        slot.start_at = None
        slot.not_ready_because = "no answer yet"
        child = Child(slot.program, self._console.line, lambda child: self._tell(_Exited(child)))
        slot.child = child
        threading.Thread(target=self._await_ready, args=(slot, child), daemon=True).start()

    def _tell(self, event: _Exited | _Ready) -> None:
        self._events.put(event)

    def _await_ready(self, slot: _Slot, child: Child) -> None:
        url = slot.program.ready_url
        earlier = self._slots[: self._slots.index(slot)]
        while child.running:
            waiting_for = [each.program.name for each in earlier if not each.ready]
            if waiting_for:
                # It cannot be ready without them; asking would only fill its log.
                reason: str | None = f"{waiting_for[0]} is not ready"
            else:
                reason = not_ready_because(url) if url else None
            if reason is None:
                self._tell(_Ready(child))
                return
            slot.not_ready_because = reason
            child.wait(_PROBE_EVERY_S)

    def _plan_restart(self, slot: _Slot, now: float) -> None:
        child = slot.child
        assert child is not None
        ran = now - child.started
        slot.deaths = 1 if ran >= self._steady_after_s else slot.deaths + 1
        pause = self._pauses_s[min(slot.deaths, len(self._pauses_s)) - 1]
        slot.ready, slot.child, slot.start_at = False, None, now + pause
        name = slot.program.name
        slot.not_ready_because = f"it ended with {child.ending}"
        last = " Its last lines:" if child.last_lines else ""
        self._console.say(
            f"{name} ended after {ran:.0f} s with {child.ending}; "
            f"starting it again in {pause:g} s.{last}"
        )
        for line in child.last_lines:
            self._console.line(name, f"  {line}")

    def _give_up(self, slot: _Slot) -> None:
        self._console.say(
            f"{slot.program.name} was not ready within {self._ready_within_s:g} s "
            f"({slot.not_ready_because}); stopping."
        )
        self._stop_all()

    def _stop_all(self) -> None:
        """Stop the programs, the last one first, so that no one loses what it depends on."""
        deadline = time.monotonic() + self._grace_s
        for slot in reversed(self._slots):
            child = slot.child
            if child is None:
                continue
            child.terminate()
            while child.running and time.monotonic() < deadline:
                event = self._next_event(max(0.0, deadline - time.monotonic()))
                if isinstance(event, _Stop):
                    deadline = time.monotonic()
            if child.running:
                self._console.say(f"{slot.program.name} does not stop; killing it.")
                child.kill()
                child.wait()

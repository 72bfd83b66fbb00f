"""Starts programs, watches them while they run, and restarts them when they die."""

import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..shipped_models import CannotPrepare
from .components import Component, Slot
from .program import Child
from .readiness import program_not_ready_because
from .state import Row

# Seconds before a program that died is started again, the last of them from then on.
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
_PROBE_EVERY_S = 0.2
# Once it is ready: the probe's interval, and how many probes in a row must fail.
_READY_PROBE_EVERY_S = 2.0
_FAILED_PROBES = 3
# What gunicorn prints when a worker of its is killed or ends badly; it starts another itself.
_WORKER_ENDED = re.compile(r"Worker \(pid:\d+\) (was sent SIG(?!TERM)\w+|exited with code \d+)")


class Display(Protocol):
    """Where output and state are shown to a person; threads may share it."""

    def line(self, component: tuple[str, str], name: str, text: str) -> None:
        """A line that a program of a component printed."""

    def say(self, text: str) -> None:
        """A line of our own."""

    def rows(self, rows: Sequence[Row]) -> None:
        """How every component is."""


@dataclass(frozen=True)
class Prepared:
    """The steps of a component are done, or one of them could not be."""

    component: Component
    problem: str | None


@dataclass(frozen=True)
class Exited:
    """The child of a slot has ended."""

    slot: Slot
    child: Child


@dataclass(frozen=True)
class Probed:
    """The child of a slot answers, or does not for this reason."""

    slot: Slot
    child: Child
    problem: str | None


@dataclass(frozen=True)
class LostWorker:
    """The child of a slot has lost a process of its own, and replaces it."""

    slot: Slot
    child: Child
    how: str


Event = Prepared | Exited | Probed | LostWorker


class Supervisor:
    """Starts programs and restarts them; `emit` is called on other threads with their events."""

    def __init__(
        self,
        display: Display,
        emit: Callable[[Event], None],
        pauses_s: Sequence[float] = PAUSES,
        steady_after_s: float = 60.0,
    ):
        self._display = display
        self._emit = emit
        self._pauses_s = pauses_s
        self._steady_after_s = steady_after_s
        # What is stopped amid its steps and started again would else take them twice at once.
        self._one_at_a_time = threading.Lock()

    def prepare(self, component: Component) -> None:
        """Take the steps of a component, on a thread of their own and after those of others that
        are being taken; `Prepared` follows.
        """

        def run() -> None:
            planned = component.planned
            problem = None
            try:
                with self._one_at_a_time:
                    for step in planned.steps:
                        step.run(lambda text: self._display.line(planned.key, planned.name, text))
            except (CannotPrepare, OSError) as error:
                problem = str(error)
            self._emit(Prepared(component, problem))

        threading.Thread(target=run, daemon=True).start()

    def start(self, slot: Slot) -> None:
        """Start the program of a slot; `Probed` or `Exited` follow."""
        slot.start_at = None
        slot.not_ready_because = "no answer yet"
        component = slot.component
        key = component.planned.key
        if component.planned.job:
            component.set_phase("running", "Job Running")

        def on_line(name: str, text: str) -> None:
            self._display.line(key, name, text)
            if component.planned.job and text.strip() and component.phase == "running":
                component.detail = f"Job Running: {text.strip()}"[:200]
            elif (found := _WORKER_ENDED.search(text)) and slot.child is not None:
                self._emit(LostWorker(slot, slot.child, found[1]))

        try:
            slot.child = Child(slot.program, on_line, lambda child: self._emit(Exited(slot, child)))
        except OSError as error:  # such as too many processes: what runs goes on
            slot.deaths += 1
            slot.not_ready_because = f"it cannot be started: {error.strerror or error}"
            pause = self._pause_s(slot)
            slot.start_at = time.monotonic() + pause
            self._display.say(
                f"{slot.program.name}: {slot.not_ready_because}; trying again in {pause:g} s."
            )
            component.update_phase()
            return
        if not component.planned.job:
            threading.Thread(target=self._watch, args=(slot, slot.child), daemon=True).start()

    def _watch(self, slot: Slot, child: Child) -> None:
        """Probe a program while it runs, and report when it starts or stops answering."""
        answers, failed = False, 0
        while child.running:
            reason = program_not_ready_because(slot.program)
            failed = failed + 1 if reason else 0
            if reason is None and not (answers and slot.ready):
                answers = True
                self._emit(Probed(slot, child, None))
            elif reason and (not answers or failed == _FAILED_PROBES):
                answers = False
                self._emit(Probed(slot, child, reason))
            child.wait(_READY_PROBE_EVERY_S if answers and slot.ready else _PROBE_EVERY_S)

    def record_probe(self, slot: Slot, problem: str | None) -> None:
        """Record whether a program answers."""
        if problem is None:
            if slot.recovering:
                self._display.say(f"{slot.program.name} is ready again.")
            slot.ready, slot.recovering, slot.cause = True, False, ""
        else:
            slot.ready, slot.not_ready_because = False, problem
        slot.component.update_phase()

    def record_lost_worker(self, slot: Slot, how: str) -> None:
        """Count the end of a program's worker, which the program itself replaces."""
        memory = "; out of memory?" if "SIGKILL" in how else ""
        slot.restarts += 1
        slot.ready, slot.recovering = False, True
        slot.cause = f"its worker {how}{memory}"
        slot.not_ready_because = "no answer yet"
        self._display.say(f"{slot.program.name}: {slot.cause}; it starts another.")
        slot.component.update_phase()

    def schedule_restart(self, slot: Slot, child: Child) -> None:
        """Say when a program that died starts again."""
        now = time.monotonic()
        ran = now - child.started
        slot.deaths = 1 if ran >= self._steady_after_s else slot.deaths + 1
        slot.restarts += 1
        pause = self._pause_s(slot)
        slot.ready, slot.recovering, slot.child, slot.start_at = False, True, None, now + pause
        name = slot.program.name
        slot.cause, slot.not_ready_because = "", f"it ended with {child.ending}"
        last = " Its last lines:" if child.last_lines else ""
        self._display.say(
            f"{name} ended after {ran:.0f} s with {child.ending}; "
            f"starting it again in {pause:g} s.{last}"
        )
        for line in child.last_lines:
            self._display.line(slot.component.planned.key, name, f"  {line}")
        slot.component.update_phase()

    def _pause_s(self, slot: Slot) -> float:
        """Before the next start; longer after each death."""
        return self._pauses_s[min(slot.deaths, len(self._pauses_s)) - 1]

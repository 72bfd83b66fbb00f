"""Programs that are started, watched until they answer, and started again when they die."""

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


class Face(Protocol):
    """Whoever shows things to a person; threads may share it."""

    def line(self, component: tuple[str, str], name: str, text: str) -> None:
        """A line that a program of a component printed."""

    def say(self, text: str) -> None:
        """A line of our own."""

    def rows(self, rows: Sequence[Row]) -> None:
        """How every component is."""


@dataclass(frozen=True)
class Exited:
    """The child of a slot has ended."""

    slot: Slot
    child: Child


@dataclass(frozen=True)
class Ready:
    """The child of a slot answers."""

    slot: Slot
    child: Child


@dataclass(frozen=True)
class Prepared:
    """The steps of a component are done, or one of them could not be."""

    component: Component
    problem: str | None


class Supervisor:
    """Starts programs and starts them again; `tell` hears on other threads what happens to them."""

    def __init__(
        self,
        face: Face,
        tell: Callable[[Prepared | Exited | Ready], None],
        pauses_s: Sequence[float] = PAUSES,
        steady_after_s: float = 60.0,
    ):
        self._face = face
        self._tell = tell
        self._pauses_s = pauses_s
        self._steady_after_s = steady_after_s

    def prepare(self, component: Component) -> None:
        """Take the steps of a component, on a thread of their own; `Prepared` follows."""

        def run() -> None:
            planned = component.planned
            problem = None
            try:
                for step in planned.steps:
                    step.run(lambda text: self._face.line(planned.key, planned.name, text))
            except CannotPrepare as error:
                problem = str(error)
            self._tell(Prepared(component, problem))

        threading.Thread(target=run, daemon=True).start()

    def start(self, slot: Slot) -> None:
        """Start the program of a slot; `Ready` or `Exited` follow."""
        slot.start_at = None
        slot.not_ready_because = "no answer yet"
        component = slot.component
        key = component.planned.key
        if component.planned.job:
            component.be("running", "Job Running")

        def on_line(name: str, text: str) -> None:
            self._face.line(key, name, text)
            if component.planned.job and text.strip() and component.phase == "running":
                component.detail = f"Job Running: {text.strip()}"[:200]

        slot.child = Child(slot.program, on_line, lambda child: self._tell(Exited(slot, child)))
        if not component.planned.job:
            threading.Thread(target=self._await_ready, args=(slot, slot.child), daemon=True).start()

    def _await_ready(self, slot: Slot, child: Child) -> None:
        while child.running:
            reason = program_not_ready_because(slot.program)
            if reason is None:
                self._tell(Ready(slot, child))
                return
            slot.not_ready_because = reason
            child.wait(_PROBE_EVERY_S)

    def ready(self, slot: Slot) -> None:
        """Take note that a program answers."""
        slot.ready = True
        if slot.restarts:
            self._face.say(f"{slot.program.name} is ready again.")
        self.judge(slot.component)

    def judge(self, component: Component) -> None:
        """Phase and detail of a service by its programs, of a job by its one."""
        if component.planned.job:
            (slot,) = component.slots
            component.be("restarting", slot.not_ready_because)
            return
        ready = sum(slot.ready for slot in component.slots)
        count = len(component.slots)
        if ready == count:
            component.done = True
            served = component.planned.type == "model-serving"
            component.be("running", "Available" if served else f"Ready:{ready}/{count}")
            return
        waiting = next(slot for slot in component.slots if not slot.ready)
        detail = f"Ready:{ready}/{count}, {waiting.not_ready_because}"
        component.be("restarting" if component.done else "starting", detail)

    def plan_restart(self, slot: Slot, child: Child) -> None:
        """Say when a program that died starts again."""
        now = time.monotonic()
        ran = now - child.started
        slot.deaths = 1 if ran >= self._steady_after_s else slot.deaths + 1
        slot.restarts += 1
        pause = self._pauses_s[min(slot.deaths, len(self._pauses_s)) - 1]
        slot.ready, slot.child, slot.start_at = False, None, now + pause
        name = slot.program.name
        slot.not_ready_because = f"it ended with {child.ending}"
        last = " Its last lines:" if child.last_lines else ""
        self._face.say(
            f"{name} ended after {ran:.0f} s with {child.ending}; "
            f"starting it again in {pause:g} s.{last}"
        )
        for line in child.last_lines:
            self._face.line(slot.component.planned.key, name, f"  {line}")
        self.judge(slot.component)

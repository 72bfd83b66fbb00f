"""Keep the components of a plan running: start in order, restart, report, stop."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from ..applications.images import GATEWAY
from .components import Component, Slot
from .plan import PlannedComponent
from .program import Child
from .state import Row, StateFolder
from .supervisor import PAUSES, Exited, Face, Prepared, Ready, Supervisor

_TICK_S = 0.2


@dataclass(frozen=True)
class Stop:
    """Somebody wants all of it stopped."""


Event = Prepared | Exited | Ready | Stop


class Runner:
    """Runs components until it is told to stop. One thread calls `run`; any may call `stop`."""

    def __init__(
        self,
        components: Sequence[PlannedComponent],
        face: Face,
        state: StateFolder,
        *,
        ready_within_s: float = 120.0,
        grace_s: float = 10.0,
        pauses_s: Sequence[float] = PAUSES,
        steady_after_s: float = 60.0,
    ):
        """A component starts once all that it depends on have been ready, or are done as jobs.

        Its programs must be ready within `ready_within_s` of their first start. Told to stop, all
        have `grace_s` together before they are killed. `pauses_s` are the pauses before a restart;
        a program that ran for `steady_after_s` begins again with the first.
        """
        self._components = [Component(planned) for planned in components]
        self._by_key = {each.planned.key: each for each in self._components}
        self._face = face
        self._state = state
        self._ready_within_s = ready_within_s
        self._grace_s = grace_s
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._programs = Supervisor(face, self._events.put, pauses_s, steady_after_s)
        self._shown: list[Row] = []

    def stop(self) -> None:
        """Stop every program, the last one first; once more: at once. Signal handlers may call."""
        self._events.put(Stop())

    def run(self, when_ready: Callable[[], None]) -> int:
        """Run until `stop`, until every application is stopped, or until all were jobs and done.

        `when_ready` is called once, when every component has been ready. Returns 0, or 1 where a
        component cannot be brought up; the others are stopped then, too.
        """
        try:
            return self._run(when_ready)
        finally:
            for slot in self._slots():
                if slot.child is not None and slot.child.running:
                    slot.child.kill()
                    slot.child.wait()

    def _slots(self) -> list[Slot]:
        return [slot for component in self._components for slot in component.slots]

    def _run(self, when_ready: Callable[[], None]) -> int:
        announced = False
        while True:
            self._start_what_may()
            self._report()
            event = self._next_event(_TICK_S)
            if isinstance(event, Stop):
                self._face.say("Stopping ...")
                self._stop(self._components)
                return 0
            self._handle(event)
            self._look_at_the_clock()
            self._grant_requests()
            if any(each.phase == "failed" for each in self._components):
                self._report()
                self._stop(self._components)
                return 1
            if not announced and all(each.done for each in self._components):
                announced = True
                self._report()
                when_ready()
            if self._over():
                self._stop(self._components)
                return 0

    def _over(self) -> bool:
        """Whether nothing is left to run, or to wait for."""
        ours = [each for each in self._components if each.planned.type != "envoy"]
        return all(each.phase in ("succeeded", "stopped") for each in ours)

    def _next_event(self, seconds: float) -> Event | None:
        with contextlib.suppress(Empty):
            return self._events.get(timeout=seconds)
        return None

    def _report(self) -> None:
        rows = [each.row() for each in self._components]
        if rows != self._shown:
            self._shown = rows
            self._state.write_rows(rows)
            self._face.rows(rows)

    # Starting

    def _start_what_may(self) -> None:
        for component in self._components:
            if component.phase != "pending":
                continue
            keys = component.planned.depends_on
            missing = [key for key in keys if not self._by_key[key].done]
            if missing:
                component.detail = f"waiting for {missing[0][1]}"
            else:
                self._begin(component)

    def _begin(self, component: Component) -> None:
        planned = component.planned
        if planned.job and self._state.is_done(planned):
            component.done = True
            component.be("succeeded", "Job Succeeded before, unchanged")
            self._face.say(f"{planned.name} has succeeded before and has not changed.")
            return
        component.be("starting", "preparing")
        component.begun = time.monotonic()
        self._programs.prepare(component)

    def _handle(self, event: Event | None) -> None:
        """Take note of what happened to a component."""
        match event:
            case Prepared(component, problem):
                self._prepared(component, problem)
            case Exited(slot, child) if slot.child is child:
                self._exited(slot, child)
            case Ready(slot, child) if child.running and slot.child is child:
                self._programs.ready(slot)

    def _prepared(self, component: Component, problem: str | None) -> None:
        if component.phase != "starting":  # stopped meanwhile
            return
        if problem:
            self._fail(component, problem)
            return
        planned = component.planned
        component.begun = time.monotonic()
        component.slots = [Slot(component, program) for program in planned.programs]
        for slot in component.slots:
            self._programs.start(slot)
        if not component.slots:
            self._succeed(component)

    # What happens to programs

    def _exited(self, slot: Slot, child: Child) -> None:
        component = slot.component
        if not (component.active or component.phase == "pending"):
            return
        if component.planned.job and child.succeeded:
            slot.child, slot.ready = None, True
            self._succeed(component)
            return
        last = next((line for line in reversed(child.last_lines) if line.strip()), "")
        if component.planned.job and not component.planned.restarts_on_failure:
            self._fail(component, f"{child.ending}: {last}" if last else child.ending)
            return
        self._programs.plan_restart(slot, child)

    def _succeed(self, component: Component) -> None:
        component.done = True
        component.be("succeeded", "Job Succeeded")
        self._state.note_done(component.planned)

    def _fail(self, component: Component, why: str) -> None:
        component.be("failed", why)
        log = self._state.log(component.planned.application, component.planned.name)
        see = f" See {log}." if component.slots else ""
        self._face.say(f"{component.planned.name} failed: {why}.{see}")

    def _look_at_the_clock(self) -> None:
        now = time.monotonic()
        for slot in self._slots():
            if slot.start_at is not None and now >= slot.start_at:
                self._programs.start(slot)
        for component in self._components:
            if component.phase != "starting" or not component.slots:
                continue
            self._programs.judge(component)
            if component.phase == "starting" and now - component.begun > self._ready_within_s:
                slow = next(slot for slot in component.slots if not slot.ready)
                why = f"not ready within {self._ready_within_s:g} s ({slow.not_ready_because})"
                self._fail(component, why)

    # Stopping

    def _grant_requests(self) -> None:
        for name in self._state.requests():
            which = [each for each in self._components if each.planned.application == name]
            if which and name != GATEWAY:
                self._face.say(f"Stopping {name} ...")
                self._stop(which)

    def _stop(self, components: Sequence[Component]) -> None:
        """Stop components, the last one first, so that no one loses what it depends on."""
        deadline = time.monotonic() + self._grace_s
        for component in reversed(components):
            if component.phase in ("succeeded", "stopped"):
                continue
            failed = component.phase == "failed"
            if not failed:
                component.be("stopping")
                self._report()
            for slot in reversed(component.slots):
                slot.start_at = None
                if slot.child is not None:
                    deadline = self._stop_child(slot, slot.child, deadline)
            if not failed:
                component.be("stopped")
        self._report()

    def _stop_child(self, slot: Slot, child: Child, deadline: float) -> float:
        """Stop one program; the deadline comes back, now if a second wish to stop came."""
        child.terminate()
        while child.running and time.monotonic() < deadline:
            event = self._next_event(min(0.2, max(0.0, deadline - time.monotonic())))
            if isinstance(event, Stop):
                deadline = time.monotonic()
            elif event is not None and not (isinstance(event, Exited) and event.slot is slot):
                self._handle(event)
        if child.running:
            self._face.say(f"{slot.program.name} does not stop; killing it.")
            child.kill()
            child.wait()
        slot.child, slot.ready = None, False
        return deadline

"""Keep the components of a plan running: start in order, restart, report, stop."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Protocol

from .images import GATEWAY
from .plan import PlannedComponent
from .program import Child, Program
from .readiness import program_not_ready_because
from .shipped_models import CannotPrepare
from .state import Row, StateFolder

# Seconds before a program that died is started again, the last of them from then on.
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
_PROBE_EVERY_S = 0.2
_TICK_S = 0.2


class Face(Protocol):
    """Whoever shows things to a person; threads may share it."""

    def line(self, component: tuple[str, str], name: str, text: str) -> None:
        """A line that a program of a component printed."""

    def say(self, text: str) -> None:
        """A line of our own."""

    def rows(self, rows: Sequence[Row]) -> None:
        """How every component is."""


@dataclass(eq=False)
class _Slot:
    """A program, its child if one runs, and when to start the next."""

    component: "_Component"
    program: Program
    child: Child | None = None
    deaths: int = 0
    restarts: int = 0
    start_at: float | None = None
    ready: bool = False
    not_ready_because: str = "not started"


@dataclass(eq=False)
class _Component:
    """A planned component and how far it is.

    Phases: pending, starting, running, restarting, succeeded, failed, stopping, stopped.
    """

    planned: PlannedComponent
    slots: list[_Slot] = field(default_factory=list)
    phase: str = "pending"
    detail: str = ""
    # Whether others that wait for it may start: it was ready once, or the job is done.
    done: bool = False
    begun: float = 0.0
    since: float = field(default_factory=time.time)

    def be(self, phase: str, detail: str = "") -> None:
        if phase != self.phase:
            self.since = time.time()
        self.phase, self.detail = phase, detail

    @property
    def active(self) -> bool:
        return self.phase in ("starting", "running", "restarting")

    def row(self) -> Row:
        planned = self.planned
        health = {"running": True, "succeeded": True, "failed": False, "restarting": False}
        endpoints = tuple((each.reference, each.url) for each in planned.endpoints)
        return Row(
            planned.application,
            planned.namespace,
            planned.name,
            planned.type,
            self.phase,
            health.get(self.phase),
            self.detail,
            sum(slot.restarts for slot in self.slots),
            self.since,
            endpoints if self.active else (),
        )


@dataclass(frozen=True)
class _Prepared:
    component: _Component
    problem: str | None


@dataclass(frozen=True)
class _Exited:
    slot: _Slot
    child: Child


@dataclass(frozen=True)
class _Ready:
    slot: _Slot
    child: Child


@dataclass(frozen=True)
class _Stop:
    pass


_Event = _Prepared | _Exited | _Ready | _Stop


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
        self._components = [_Component(planned) for planned in components]
        self._by_key = {each.planned.key: each for each in self._components}
        self._face = face
        self._state = state
        self._ready_within_s = ready_within_s
        self._grace_s = grace_s
        self._pauses_s = pauses_s
        self._steady_after_s = steady_after_s
        self._events: SimpleQueue[_Event] = SimpleQueue()
        self._shown: list[Row] = []

    def stop(self) -> None:
        """Stop every program, the last one first; called once more, at once. May be called from a
        signal handler.
        """
        self._events.put(_Stop())

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

    def _slots(self) -> list[_Slot]:
        return [slot for component in self._components for slot in component.slots]

    def _run(self, when_ready: Callable[[], None]) -> int:
        announced = False
        while True:
            self._start_what_may()
            self._report()
            event = self._next_event(_TICK_S)
            match event:
                case _Stop():
                    self._face.say("Stopping ...")
                    self._stop(self._components)
                    return 0
                case _Prepared(component, problem):
                    self._prepared(component, problem)
                case _Exited(slot, child) if slot.child is child:
                    self._exited(slot, child)
                case _Ready(slot, child) if child.running and slot.child is child:
                    self._ready(slot)
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

    def _next_event(self, seconds: float) -> _Event | None:
        try:
            return self._events.get(timeout=seconds)
        except Empty:
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

    def _begin(self, component: _Component) -> None:
        planned = component.planned
        if planned.job and self._state.is_done(planned):
            component.done = True
            component.be("succeeded", "Job Succeeded before, unchanged")
            self._face.say(f"{planned.name} has succeeded before and has not changed.")
            return
        component.be("starting", "preparing")
        component.begun = time.monotonic()
        threading.Thread(target=self._prepare, args=(component,), daemon=True).start()

    def _prepare(self, component: _Component) -> None:
        planned = component.planned
        problem = None
        try:
            for step in planned.steps:
                step.run(lambda text: self._face.line(planned.key, planned.name, text))
        except CannotPrepare as error:
            problem = str(error)
        self._events.put(_Prepared(component, problem))

    def _prepared(self, component: _Component, problem: str | None) -> None:
        if component.phase != "starting":  # stopped meanwhile
            return
        if problem:
            self._fail(component, problem)
            return
        planned = component.planned
        component.begun = time.monotonic()
        component.slots = [_Slot(component, program) for program in planned.programs]
        for slot in component.slots:
            self._start(slot)
        if not component.slots:
            self._succeed(component)

    def _start(self, slot: _Slot) -> None:
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

        slot.child = Child(
            slot.program, on_line, lambda child: self._events.put(_Exited(slot, child))
        )
        if not component.planned.job:
            threading.Thread(target=self._await_ready, args=(slot, slot.child), daemon=True).start()

    def _await_ready(self, slot: _Slot, child: Child) -> None:
        while child.running:
            reason = program_not_ready_because(slot.program)
            if reason is None:
                self._events.put(_Ready(slot, child))
                return
            slot.not_ready_because = reason
            child.wait(_PROBE_EVERY_S)

    # What happens to programs

    def _ready(self, slot: _Slot) -> None:
        slot.ready = True
        if slot.restarts:
            self._face.say(f"{slot.program.name} is ready again.")
        self._judge(slot.component)

    def _judge(self, component: _Component) -> None:
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

    def _exited(self, slot: _Slot, child: Child) -> None:
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
        self._plan_restart(slot, child)

    def _plan_restart(self, slot: _Slot, child: Child) -> None:
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
        self._judge(slot.component)

    def _succeed(self, component: _Component) -> None:
        component.done = True
        component.be("succeeded", "Job Succeeded")
        self._state.note_done(component.planned)

    def _fail(self, component: _Component, why: str) -> None:
        component.be("failed", why)
        log = self._state.log(component.planned.application, component.planned.name)
        see = f" See {log}." if component.slots else ""
        self._face.say(f"{component.planned.name} failed: {why}.{see}")

    def _look_at_the_clock(self) -> None:
        now = time.monotonic()
        for slot in self._slots():
            if slot.start_at is not None and now >= slot.start_at:
                self._start(slot)
        for component in self._components:
            if component.phase != "starting" or not component.slots:
                continue
            self._judge(component)
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

    def _stop(self, components: Sequence[_Component]) -> None:
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

    def _stop_child(self, slot: _Slot, child: Child, deadline: float) -> float:
        """Stop one program; the deadline comes back, now if a second wish to stop came."""
        child.terminate()
        while child.running and time.monotonic() < deadline:
            event = self._next_event(min(0.2, max(0.0, deadline - time.monotonic())))
            if isinstance(event, _Stop):
                deadline = time.monotonic()
            elif event is not None and not (isinstance(event, _Exited) and event.slot is slot):
                self._later(event)
        if child.running:
            self._face.say(f"{slot.program.name} does not stop; killing it.")
            child.kill()
            child.wait()
        slot.child, slot.ready = None, False
        return deadline

    def _later(self, event: _Event) -> None:
        """What happens to other components while one is being stopped."""
        match event:
            case _Exited(slot, child) if slot.child is child:
                self._exited(slot, child)
            case _Ready(slot, child) if child.running and slot.child is child:
                self._ready(slot)
            case _Prepared(component, problem):
                self._prepared(component, problem)

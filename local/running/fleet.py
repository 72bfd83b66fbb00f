"""The components of one `up`: started in order, kept running, stopped in reverse."""

import contextlib
import time
from collections.abc import Iterable, Sequence
from queue import Empty, SimpleQueue

from .components import Component, Slot
from .model_copy import ModelCopy
from .plan import PlannedComponent
from .program import Child
from .state import Row, StateFolder
from .supervisor import PAUSES, Display, Event, Exited, LostWorker, Prepared, Probed, Supervisor


class Fleet:
    """Components and their programs. One thread calls it; `ask_to_stop` any thread may call."""

    def __init__(
        self,
        components: Iterable[PlannedComponent],
        display: Display,
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
        self.components = [Component(planned) for planned in components]
        # Those that come in the place of one that still runs; no row of the table is theirs.
        self.replacements: list[Component] = []
        self.ready_within_s = ready_within_s
        self.stop_requests = 0
        self._display = display
        self._state = state
        self._grace_s = grace_s
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        self._programs = Supervisor(display, self._events.put, pauses_s, steady_after_s)
        self._shown: list[Row] = []

    def ask_to_stop(self) -> None:
        """Wish that all stop; whoever is stopping something already does it at once."""
        self._events.put(None)

    def component(self, key: tuple[str, str]) -> Component | None:
        """The component of this application and name."""
        return next((each for each in self.components if each.planned.key == key), None)

    @property
    def all_components(self) -> list[Component]:
        """The components and their replacements."""
        return [*self.components, *self.replacements]

    @property
    def slots(self) -> list[Slot]:
        """Every program."""
        return [slot for each in self.all_components for slot in each.slots]

    def kill(self) -> None:
        """End every program at once."""
        for slot in self.slots:
            if slot.child is not None and slot.child.running:
                slot.child.kill()
                slot.child.wait()

    def report(self) -> None:
        """Show how every component is, if that has changed."""
        rows = [each.row() for each in self.components]
        if rows != self._shown:
            self._display.rows(rows)
            if self._state.write_rows(rows):
                self._shown = rows

    # Starting

    def start_due_components(self) -> None:
        """Start every component that nothing keeps waiting any more."""
        done = {each.planned.key for each in self.components if each.done}
        for component in self.all_components:
            if component.phase != "pending":
                continue
            missing = [key for key in component.planned.depends_on if key not in done]
            if missing:
                component.detail = f"waiting for {missing[0][1]}"
            else:
                self.begin(component)

    def begin(self, component: Component) -> None:
        """Start a component."""
        planned = component.planned
        if planned.job and self._state.is_done(planned):
            component.done = True
            component.set_phase("succeeded", "Job Succeeded before, unchanged")
            self._display.say(f"{planned.name} has succeeded before and has not changed.")
            return
        component.set_phase("starting", "preparing")
        component.started_at = time.monotonic()
        self._programs.prepare(component)

    def _prepared(self, component: Component, problem: str | None) -> None:
        if component.phase != "starting":  # stopped meanwhile
            self._remove_copies()
            return
        if problem:
            self._fail(component, problem)
            return
        component.started_at = time.monotonic()
        component.slots = [Slot(component, program) for program in component.planned.programs]
        for slot in component.slots:
            self._programs.start(slot)
        if component.slots:
            return
        if component.planned.job:
            self._succeed(component)
        else:
            component.update_phase()

    # What happens to programs

    def take_events(self, seconds: float) -> None:
        """Wait this long for an event and handle it, then check the timers."""
        if event := self._next_event(seconds):
            self._handle(event)
        self._check_timers()

    def _next_event(self, seconds: float) -> Event | None:
        with contextlib.suppress(Empty):
            event = self._events.get(timeout=seconds)
            self.stop_requests += event is None
            return event
        return None

    def _handle(self, event: Event) -> None:
        match event:
            case Prepared(component, problem):
                self._prepared(component, problem)
            case Exited(slot, child) if slot.child is child:
                self._exited(slot, child)
            case Probed(slot, child, problem) if child.running and slot.child is child:
                if slot.component.active:
                    self._programs.record_probe(slot, problem)
            case LostWorker(slot, child, how) if child.running and slot.child is child:
                if slot.component.active:
                    self._programs.record_lost_worker(slot, how)

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
        self._programs.schedule_restart(slot, child)

    def _succeed(self, component: Component) -> None:
        component.done = True
        component.set_phase("succeeded", "Job Succeeded")
        self._state.record_done(component.planned)

    def _fail(self, component: Component, why: str) -> None:
        component.set_phase("failed", why)
        log = self._state.log(component.planned.application, component.planned.name)
        see = f" See {log}." if component.slots and log.exists() else ""
        self._display.say(f"{component.planned.name} failed: {why}.{see}")

    def _check_timers(self) -> None:
        now = time.monotonic()
        for slot in self.slots:
            if slot.start_at is not None and now >= slot.start_at:
                self._programs.start(slot)
        for component in self.all_components:
            if component.phase != "starting" or not component.slots:
                continue
            component.update_phase()
            if component.phase == "starting" and now - component.started_at > self.ready_within_s:
                slow = next(slot for slot in component.slots if not slot.ready)
                why = f"not ready within {self.ready_within_s:g} s ({slow.not_ready_because})"
                self._fail(component, why)

    # Stopping

    def stop(self, components: Sequence[Component]) -> None:
        """Stop components, the last one first, so that no one loses what it depends on."""
        deadline = time.monotonic() + self._grace_s
        for component in reversed(components):
            if component.phase in ("succeeded", "stopped"):
                continue
            failed = component.phase == "failed"
            if not failed:
                component.set_phase("stopping")
                self.report()
            for slot in reversed(component.slots):
                deadline = self._stop_slot(slot, deadline)
            if not failed:
                component.set_phase("stopped")
        self.report()
        self._remove_copies()

    def stop_slots(self, slots: Sequence[Slot]) -> None:
        """Stop single programs, the last one first."""
        deadline = time.monotonic() + self._grace_s
        for slot in reversed(slots):
            deadline = self._stop_slot(slot, deadline)
        self._remove_copies()

    def _remove_copies(self) -> None:
        """Remove the copies of models that nothing serves from any more."""
        serving = [each for each in self.all_components if each.phase != "stopped"]
        steps = [step for each in serving for step in each.planned.steps]
        self._state.remove_copies({step.target for step in steps if isinstance(step, ModelCopy)})

    def _stop_slot(self, slot: Slot, deadline: float) -> float:
        """Stop one program; the deadline comes back, now if one more wish to stop came."""
        slot.start_at = None
        child = slot.child
        if child is None:
            return deadline
        before = self.stop_requests
        child.terminate()
        while child.running and time.monotonic() < deadline:
            event = self._next_event(min(0.2, max(0.0, deadline - time.monotonic())))
            if self.stop_requests > before:
                deadline = time.monotonic()
            elif event and not (isinstance(event, Exited) and event.slot is slot):
                self._handle(event)
        if child.running:
            self._display.say(f"{slot.program.name} does not stop; killing it.")
            child.kill()
            child.wait()
        slot.child, slot.ready = None, False
        return deadline

"""A planned component while it runs: its programs, and how far it is."""

import time
from dataclasses import dataclass, field

from .feedback import DATABASE
from .plan import PlannedComponent
from .program import Child, Program
from .state import Row


@dataclass(eq=False)
class Slot:
    """A program, its child if one runs, and when to start the next.

    `recovering` is from its death, or that of its worker (`cause`), until it answers again.
    """

    component: "Component"
    program: Program
    child: Child | None = None
    deaths: int = 0
    restarts: int = 0
    start_at: float | None = None
    ready: bool = False
    recovering: bool = False
    cause: str = ""
    not_ready_because: str = "not started"


@dataclass(eq=False)
class Component:
    """A planned component and how far it is.

    Phases: pending, starting, running, restarting, succeeded, failed, stopping, stopped. One that
    was `added_later`, by a change of what runs, stops nobody else when it fails.
    """

    planned: PlannedComponent
    added_later: bool = False
    slots: list[Slot] = field(default_factory=list)
    phase: str = "pending"
    detail: str = ""
    # What is being changed about it.
    changing: str = ""
    # Whether others that wait for it may start: it was ready once, or the job is done.
    done: bool = False
    started_at: float = 0.0
    since: float = field(default_factory=time.time)

    def set_phase(self, phase: str, detail: str = "") -> None:
        """Be in this phase, for this reason."""
        if phase != self.phase:
            self.since = time.time()
        self.phase, self.detail = phase, detail

    @property
    def active(self) -> bool:
        """Whether its programs run, or shall again."""
        return self.phase in ("starting", "running", "restarting")

    @property
    def healthy(self) -> bool | None:
        """Whether it does what it is for; None while there is nothing to say."""
        if self.phase == "running" and not self.planned.job:
            return all(slot.ready for slot in self.slots)
        known = {"running": True, "succeeded": True, "failed": False, "restarting": False}
        return known.get(self.phase)

    def update_phase(self) -> None:
        """Find the phase and the detail of a service by its programs, of a job by its one."""
        if self.planned.job:
            (slot,) = self.slots
            self.set_phase("restarting", slot.not_ready_because)
            return
        ready = sum(slot.ready for slot in self.slots)
        count = len(self.slots)
        if ready == count:
            self.done = True
            served = self.planned.type == "model-serving"
            self.set_phase("running", "Available" if served else f"Ready:{ready}/{count}")
            return
        waiting = next(slot for slot in self.slots if not slot.ready)
        recovering = any(slot.recovering for slot in self.slots)
        phase = "starting" if not self.done else "restarting" if recovering else "running"
        why = ", ".join(filter(None, (waiting.cause, waiting.not_ready_because)))
        self.set_phase(phase, f"Ready:{ready}/{count}, {why}")

    def row(self) -> Row:
        """As people see it."""
        planned = self.planned
        endpoints = tuple((each.reference, each.url) for each in planned.endpoints)
        return Row(
            planned.application,
            planned.namespace,
            planned.name,
            planned.type,
            self.phase,
            self.healthy,
            "; ".join(filter(None, (self.detail, self.changing))),
            sum(slot.restarts for slot in self.slots),
            self.since,
            endpoints if self.active else (),
            planned.module,
            self._setting("URL"),
            self._setting(DATABASE),
        )

    def _setting(self, name: str) -> str:
        """What the programs have in their environment."""
        return next((each.environment.get(name, "") for each in self.planned.programs), "")

"""A planned component while it runs: its programs, and how far it is."""

import time
from dataclasses import dataclass, field

from .plan import PlannedComponent
from .program import Child, Program
from .state import Row


@dataclass(eq=False)
class Slot:
    """A program, its child if one runs, and when to start the next."""

    component: "Component"
    program: Program
    child: Child | None = None
    deaths: int = 0
    restarts: int = 0
    start_at: float | None = None
    ready: bool = False
    not_ready_because: str = "not started"


@dataclass(eq=False)
class Component:
    """A planned component and how far it is.

    Phases: pending, starting, running, restarting, succeeded, failed, stopping, stopped.
    """

    planned: PlannedComponent
    slots: list[Slot] = field(default_factory=list)
    phase: str = "pending"
    detail: str = ""
    # Whether others that wait for it may start: it was ready once, or the job is done.
    done: bool = False
    begun: float = 0.0
    since: float = field(default_factory=time.time)

    def be(self, phase: str, detail: str = "") -> None:
        """Be in this phase, for this reason."""
        if phase != self.phase:
            self.since = time.time()
        self.phase, self.detail = phase, detail

    @property
    def active(self) -> bool:
        """Whether its programs run, or shall again."""
        return self.phase in ("starting", "running", "restarting")

    def row(self) -> Row:
        """As people see it."""
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

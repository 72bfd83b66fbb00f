"""Keeps what runs running until it is stopped, and changes it when another terminal asks."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..applications.findings import Refused
from ..applications.images import GATEWAY
from ..errors import CannotStart
from ..shipped_models import CannotPrepare
from .applied import Applied
from .change import Change
from .fleet import Fleet
from .mailbox import ChangeRequest, Mailbox
from .plan import PlannedComponent
from .state import StateFolder
from .supervisor import Display

_TICK_S = 0.2


class Runner:
    """Runs components until it is asked to stop. One thread calls `run`; any may call `stop`."""

    def __init__(
        self,
        components: Sequence[PlannedComponent],
        display: Display,
        state: StateFolder,
        applied: Applied | None = None,
        **options: Any,
    ):
        """`options` are those of the Fleet; without `applied` nothing can be changed."""
        self._fleet = Fleet(components, display, state, **options)
        self._display = display
        self._state = state
        self._applied = applied
        self._mailbox = Mailbox(state)
        self._change: Iterator[None] | None = None
        self._waiting: list[ChangeRequest] = []

    def stop(self) -> None:
        """Stop every program, the last one first; once more: at once. Signal handlers may call."""
        self._fleet.ask_to_stop()

    def run(self, when_ready: Callable[[], None]) -> int:
        """Run until `stop`, until every application is stopped, or until all were jobs and done.

        `when_ready` is called once, when every component has been ready. Returns 0, or 1 where a
        component cannot be brought up; the others are stopped then, too.
        """
        try:
            if self._applied:
                self._applied.record()
                self._mailbox.open()
            return self._run(when_ready)
        finally:
            self._fleet.kill()
            self._state.remove_copies()

    def _run(self, when_ready: Callable[[], None]) -> int:
        fleet = self._fleet
        announced = False
        while True:
            fleet.start_due_components()
            fleet.report()
            fleet.take_events(_TICK_S)
            if fleet.stop_requests:
                self._display.say("Stopping ...")
                return self._end(0)
            if self._state.is_lost():
                self._display.say(f"{self._state.root} was deleted: stopping what ran from it ...")
                return self._end(1)
            self._continue_change()
            if self._change is None:  # which might start again what is stopped meanwhile
                self._stop_requested_applications()
            failed = [each for each in fleet.components if each.phase == "failed"]
            if any(not each.added_later for each in failed):
                fleet.report()
                return self._end(1)
            if not announced and all(each.done for each in fleet.components):
                announced = True
                fleet.report()
                when_ready()
            if self._change is None and self._is_finished():
                return self._end(1 if failed else 0)

    def _end(self, code: int) -> int:
        self._change = None
        for each in self._fleet.components:
            each.changing = ""
        self._fleet.stop(self._fleet.all_components)
        return code

    def _is_finished(self) -> bool:
        """Whether nothing is left to run, or to wait for."""
        ours = [each for each in self._fleet.components if each.planned.type != "envoy"]
        return all(each.phase in ("succeeded", "stopped", "failed") for each in ours)

    def _stop_requested_applications(self) -> None:
        for name in self._state.requests():
            which = [each for each in self._fleet.components if each.planned.application == name]
            if which and name != GATEWAY:
                self._display.say(f"Stopping {name} ...")
                self._fleet.stop(which)
                for each in which:
                    if each.phase == "failed":  # and may run again
                        each.set_phase("stopped")
                if self._applied:
                    self._applied.remove(name)

    # Changes, one after the other

    def _continue_change(self) -> None:
        received = self._mailbox.requests()
        self._waiting += received
        for request in received:
            if self._change is not None or self._waiting[0] is not request:
                self._mailbox.answer(
                    request, "Another change is being made; this one waits for it."
                )
        if self._change is None and self._waiting:
            self._change = self._apply_change(self._waiting.pop(0))
        if self._change is not None and next(self._change, "over") == "over":
            self._change = None

    def _apply_change(self, request: ChangeRequest) -> Iterator[None]:
        """Do what is asked for, step by step, and report to both terminals."""
        assert self._applied is not None  # or there is no mailbox

        def say(text: str) -> None:
            self._mailbox.answer(request, text)
            if not request.only_show:
                self._display.say(text)

        try:
            plan, notices = self._applied.plan_change(request)
            for notice in notices:
                say(notice)
            change = Change(self._fleet, plan)
            lines = change.lines or ["Nothing is different from what runs."]
            for line in (*lines, *change.notes):
                say(line)
            if not request.only_show and change.lines:
                yield from change.run()
                self._applied.commit(plan)
                for line in change.failures or ["Changed."]:
                    say(line)
            elif not request.only_show:
                self._applied.commit(plan)
        except Refused as refused:
            self._mailbox.answer(request, f"these files cannot be run\n{refused}", 2)
        except (CannotStart, CannotPrepare) as error:
            say(f"Not changed: {error}")
            self._mailbox.answer(request, "", 1)
        else:
            self._mailbox.answer(
                request, "", 1 if request.only_show and change.lines or change.failures else 0
            )

"""From what runs to another plan, with nobody left without an answer meanwhile.

New model servers start beside the old ones; once the gateway finds them healthy the routes move,
and what no route leads to any more stops when its last request is answered.
"""

from collections.abc import Iterator, Sequence

from ..shipped_models import CannotPrepare
from .components import Component, Slot
from .differences import Difference, Kind, differences, missing_parts, same_program
from .fleet import Fleet
from .plan import Plan, PlannedComponent
from .rerouting import CannotChange, Rerouting


class Change:
    """A plan that takes the place of what runs."""

    def __init__(self, fleet: Fleet, plan: Plan):
        self._fleet = fleet
        self._plan = plan
        wanted = {each.key for each in plan.components}

        def is_present(each: Component) -> bool:
            # A service that failed is tried again; a job stays failed, as on a cluster.
            again = each.planned.key in wanted and not each.planned.job
            return each.phase != "stopped" and not (each.phase == "failed" and again)

        present = [each for each in fleet.components if is_present(each)]
        self._differences = differences({each.planned.key: each.planned for each in present}, plan)
        changes = {each.planned.key for each in self._differences if each.kind != "adopt"}
        # Jobs that stay failed.
        self._failed = [
            each.planned
            for each in present
            if each.phase == "failed" and each.planned.key not in changes
        ]
        self._gateway = Rerouting(fleet, plan)
        self._replacements: dict[tuple[str, str], Component] = {}
        self._added: list[Component] = []
        # What is as it was asked for, and does not come up.
        self.failures: list[str] = []

    @property
    def lines(self) -> list[str]:
        """What is different, for people; empty if nothing is."""
        return [line for each in self._differences for line in each.lines]

    @property
    def notes(self) -> list[str]:
        """What stays as it is and people should know of."""
        return [
            f"{'/'.join(each.key)} has failed, and does not run again as it is: change its "
            f"properties, or first python -m local down {each.application}"
            for each in self._failed
        ]

    def run(self) -> Iterator[None]:
        """Do it; yields while it waits. Raises CannotChange, with all as it was before."""
        try:
            self._gateway.add_clusters()
            self._start()
            yield from self._wait_until_ready()
            yield from self._gateway.switch_routes()
        except (CannotChange, CannotPrepare) as error:
            self._revert()
            raise CannotChange(error) from None
        yield from self._restart_web_services()
        yield from self._wait_until_running(self._added)
        yield from self._gateway.drain()
        self._finish()

    def _of_kind(self, *kinds: Kind) -> list[Difference]:
        return [each for each in self._differences if each.kind in kinds]

    def _start(self) -> None:
        for each in self._of_kind("replace"):
            old = self._fleet.component(each.planned.key)
            assert old is not None
            replacement = Component(missing_parts(each.planned, old.planned), added_later=True)
            self._replacements[each.planned.key] = replacement
            self._fleet.replacements.append(replacement)
            old.changing = "changing"
        for each in self._of_kind("add", "again"):
            before = self._fleet.component(each.planned.key)
            component = Component(each.planned, added_later=True)
            self._added.append(component)
            if before is None:
                self._fleet.components.append(component)
            else:
                self._fleet.stop([before])
                self._fleet.components[self._fleet.components.index(before)] = component
        order = {planned.key: index for index, planned in enumerate(self._plan.components)}
        self._fleet.components.sort(key=lambda each: order.get(each.planned.key, len(order)))

    def _wait_until_ready(self) -> Iterator[None]:
        """Until every new model server of a component that runs is ready, by the gateway too."""
        before = {key for each in self._replacements.values() for key in each.planned.depends_on}
        needed = [
            *self._replacements.values(),
            *(e for e in self._added if e.planned.key in before),
        ]
        while not all(each.done for each in self._replacements.values()):
            for each in needed:
                if each.phase == "failed":
                    raise CannotChange(f"{'/'.join(each.planned.key)}: {each.detail}")
            yield
        yield from self._gateway.wait_until_healthy(self._replacements.values())

    def _restart_web_services(self) -> Iterator[None]:
        for each in self._of_kind("restart"):
            component = self._fleet.component(each.planned.key)
            assert component is not None
            self._fleet.stop([component])
            component.planned, component.added_later, component.done = each.planned, True, False
            component.set_phase("pending")
            yield from self._wait_until_running([component])

    def _wait_until_running(self, components: Sequence[Component]) -> Iterator[None]:
        """Until services run or have failed; nobody waits here for a job, which may take hours."""
        while any(
            not (each.done or each.planned.job or each.phase == "failed" or self._is_blocked(each))
            for each in components
        ):
            yield
        for each in components:
            if each.phase == "failed":
                self.failures.append(f"{'/'.join(each.planned.key)} failed: {each.detail}")

    def _is_blocked(self, component: Component) -> bool:
        """Whether a component cannot start yet because of a job, or of what has failed."""
        found = [self._fleet.component(key) for key in component.planned.depends_on]
        missing = [each for each in found if each is not None and not each.done]
        return any(
            each.planned.job or each.phase in ("failed", "stopped") or self._is_blocked(each)
            for each in missing
        )

    def _finish(self) -> None:
        """Leave only what is in the plan: the last step, and the only one that stops anything."""
        self._gateway.remove_old_clusters()
        leaving: list[Slot] = []
        for each in self._of_kind("replace"):
            component = self._fleet.component(each.planned.key)
            replacement = self._replacements[each.planned.key]
            self._fleet.replacements.remove(replacement)
            if component is not None:
                leaving += _merge(component, replacement, each.planned)
        for each in self._of_kind("adopt"):
            component = self._fleet.component(each.planned.key)
            if component is not None:
                component.planned = each.planned
        self._fleet.stop_slots(leaving)
        removed = [self._fleet.component(each.planned.key) for each in self._of_kind("remove")]
        self._fleet.stop([each for each in removed if each is not None])
        self._fleet.components = [each for each in self._fleet.components if each not in removed]

    def _revert(self) -> None:
        """Stop what was started for this change, and have the gateway as it was."""
        for key, replacement in self._replacements.items():
            self._fleet.stop([replacement])
            self._fleet.replacements.remove(replacement)
            component = self._fleet.component(key)
            if component is not None:
                component.changing = ""
        again = {each.planned.key for each in self._of_kind("again")}
        added = [each for each in self._added if each.planned.key not in again]
        self._fleet.stop(added)
        self._fleet.components = [each for each in self._fleet.components if each not in added]
        self._gateway.revert()


def _merge(component: Component, replacement: Component, planned: PlannedComponent) -> list[Slot]:
    """Give a component its new programs; those that it has no use for come back."""
    slots = [*component.slots, *replacement.slots]
    kept = []
    for program in planned.programs:
        slot = next(each for each in slots if same_program(each.program, program))
        slot.component, slot.program = component, program
        if slot.child is not None:
            slot.child.program = program
        kept.append(slot)
    component.planned, component.slots, component.changing = planned, kept, ""
    component.update_phase()
    return [each for each in slots if each not in kept]

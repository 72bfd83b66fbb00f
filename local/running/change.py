"""From what runs to another plan, with nobody left without an answer meanwhile.

New model servers start beside the old ones; once the gateway finds them healthy the routes move,
and what no route leads to any more stops when its last request is answered.
"""

import time
from collections.abc import Callable, Iterator, Sequence

from ..errors import CannotStart
from ..gateway.routes import cluster_name
from ..shipped_models import CannotPrepare
from .components import Component, Slot
from .differences import Difference, Kind, differences, missing_parts, same_program
from .fleet import Fleet
from .gateway import WriteConfiguration
from .plan import Plan, PlannedComponent
from .readiness import gateway_clusters, gateway_routes_version

_ROUTES_WITHIN_S = 30.0
# An old model server may have a request for as long as its route's timeout, and so may the client
# have the one before that; the model server itself ends it after 60 s.
_LAST_ANSWER_WITHIN_S = 90.0
_QUIET_PROBES = 3


class CannotChange(CannotStart):
    """What was asked for could not be brought up, so all is as it was; the text says why."""


class Change:
    """A plan that takes the place of what runs."""

    def __init__(self, fleet: Fleet, plan: Plan, say: Callable[[str], None]):
        self._fleet = fleet
        self._plan = plan
        self._say = say
        running = {
            each.planned.key: each.planned
            for each in fleet.components
            if each.phase not in ("stopped", "failed")
        }
        self._differences = differences(running, plan)
        self._previous = _configuration_of(fleet)
        self._replacements: dict[tuple[str, str], Component] = {}
        self._added: list[Component] = []
        # What is as it was asked for, and does not come up.
        self.failures: list[str] = []

    @property
    def lines(self) -> list[str]:
        """What is different, for people; empty if nothing is."""
        return [line for each in self._differences for line in each.lines]

    def run(self) -> Iterator[None]:
        """Do it; yields while it waits. Raises CannotChange, with all as it was before."""
        try:
            new = self._configuration
            if self._previous and new:
                new.write_clusters(self._previous)
            self._start()
            yield from self._wait_until_ready()
            yield from self._switch_routes()
        except (CannotChange, CannotPrepare) as error:
            self._revert()
            raise CannotChange(error) from None
        yield from self._restart_web_services()
        yield from self._wait_until_running(self._added)
        yield from self._drain()
        self._finish()

    def _of_kind(self, *kinds: Kind) -> list[Difference]:
        return [each for each in self._differences if each.kind in kinds]

    @property
    def _configuration(self) -> WriteConfiguration | None:
        steps = [step for each in self._plan.components for step in each.steps]
        return next((step for step in steps if isinstance(step, WriteConfiguration)), None)

    @property
    def _admin_port(self) -> int | None:
        """The gateway's admin port if it runs, and so has to be asked."""
        gateway = next((c for c in self._fleet.components if c.planned.type == "envoy"), None)
        ready = gateway is not None and any(slot.ready for slot in gateway.slots)
        if self._previous is None or not ready:
            return None
        return self._plan.ports["admin"]

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
        replacements = self._replacements.values()
        before = {key for each in replacements for key in each.planned.depends_on}
        needed = [*replacements, *(e for e in self._added if e.planned.key in before)]
        while not all(each.done for each in replacements):
            for each in needed:
                if each.phase == "failed":
                    raise CannotChange(f"{'/'.join(each.planned.key)}: {each.detail}")
            yield
        new = self._configuration
        admin = self._admin_port
        if new is None or admin is None or self._previous is None:
            return
        awaited = [
            name
            for name in new.parts.clusters.keys() - self._previous.parts.clusters.keys()
            for each in replacements
            if name.startswith(cluster_name(each.planned.namespace, each.planned.name, ""))
        ]
        deadline = time.monotonic() + self._fleet.ready_within_s
        while not all(
            any(host.healthy for host in gateway_clusters(admin).get(name, [])) for name in awaited
        ):
            if time.monotonic() > deadline:
                raise CannotChange(f"the gateway finds no healthy model server for {awaited[0]}")
            yield

    def _switch_routes(self) -> Iterator[None]:
        new = self._configuration
        if new is None:
            return
        version = new.write_routes()
        deadline = time.monotonic() + _ROUTES_WITHIN_S
        while (admin := self._admin_port) and gateway_routes_version(admin) != version:
            if time.monotonic() > deadline:
                raise CannotChange("the gateway does not take the new routes; see its log")
            yield

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

    def _drain(self) -> Iterator[None]:
        """Until no old cluster has had a request for several looks in a row."""
        new = self._configuration
        if self._previous is None or new is None:
            return
        leaving = self._previous.parts.clusters.keys() - new.parts.clusters.keys()
        deadline = time.monotonic() + _LAST_ANSWER_WITHIN_S
        quiet = 0
        while leaving and quiet < _QUIET_PROBES and time.monotonic() < deadline:
            admin = self._admin_port
            clusters = gateway_clusters(admin) if admin else {}
            busy = any(host.active for name in leaving for host in clusters.get(name, []))
            quiet = 0 if busy else quiet + 1
            yield

    def _finish(self) -> None:
        """Leave only what is in the plan: the last step, and the only one that stops anything."""
        if self._configuration:
            self._configuration.write_clusters()
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
        if self._previous:
            self._previous.write_routes()
            self._previous.write_clusters()


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


def _configuration_of(fleet: Fleet) -> WriteConfiguration | None:
    for component in fleet.components:
        for step in component.planned.steps:
            if isinstance(step, WriteConfiguration) and component.phase != "pending":
                return step
    return None

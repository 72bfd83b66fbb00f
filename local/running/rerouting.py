"""The gateway's way from one configuration to another, without a request lost between them.

First it gets the new clusters beside the old ones, then the new routes, at last the new clusters
alone.
"""

import time
from collections.abc import Collection, Iterator

from ..errors import CannotStart
from ..gateway.routes import cluster_name
from .components import Component
from .fleet import Fleet
from .gateway import WriteConfiguration
from .plan import Plan
from .readiness import gateway_clusters, gateway_routes_version

_ROUTES_WITHIN_S = 30.0
# An old model server may have a request for as long as its route's timeout, and so may the client
# have the one before that; the model server itself ends it after 60 s.
_LAST_ANSWER_WITHIN_S = 90.0
_QUIET_PROBES = 3


class CannotChange(CannotStart):
    """What was asked for could not be brought up, so all is as it was; the text says why."""


class Rerouting:
    """The gateway of what runs, and of a plan that takes its place; either may have none."""

    def __init__(self, fleet: Fleet, plan: Plan):
        self._fleet = fleet
        self._plan = plan
        self._previous = _configuration_of(fleet)
        steps = [step for each in plan.components for step in each.steps]
        self._new = next((step for step in steps if isinstance(step, WriteConfiguration)), None)

    @property
    def _admin_port(self) -> int | None:
        """The gateway's admin port if it runs, and so has to be asked."""
        gateway = next((c for c in self._fleet.components if c.planned.type == "envoy"), None)
        if (
            self._previous is None
            or gateway is None
            or not any(slot.ready for slot in gateway.slots)
        ):
            return None
        return self._plan.ports["admin"]

    def add_clusters(self) -> None:
        """Give the gateway the new clusters beside the old ones."""
        if self._previous and self._new:
            self._new.write_clusters(self._previous)

    def wait_until_healthy(self, components: Collection[Component]) -> Iterator[None]:
        """Until the gateway finds a healthy server for every new cluster of these components."""
        admin = self._admin_port
        if self._new is None or admin is None or self._previous is None:
            return
        awaited = [
            name
            for name in self._new.parts.clusters.keys() - self._previous.parts.clusters.keys()
            for each in components
            if name.startswith(cluster_name(each.planned.namespace, each.planned.name, ""))
        ]
        deadline = time.monotonic() + self._fleet.ready_within_s
        while not all(
            any(host.healthy for host in gateway_clusters(admin).get(name, [])) for name in awaited
        ):
            if time.monotonic() > deadline:
                raise CannotChange(f"the gateway finds no healthy model server for {awaited[0]}")
            yield

    def switch_routes(self) -> Iterator[None]:
        """Move the traffic. Raises CannotChange where the gateway does not take the routes."""
        if self._new is None:
            return
        version = self._new.write_routes()
        deadline = time.monotonic() + _ROUTES_WITHIN_S
        while (admin := self._admin_port) and gateway_routes_version(admin) != version:
            if time.monotonic() > deadline:
                raise CannotChange("the gateway does not take the new routes; see its log")
            yield

    def drain(self) -> Iterator[None]:
        """Until no old cluster has had a request for several looks in a row."""
        if self._previous is None or self._new is None:
            return
        leaving = self._previous.parts.clusters.keys() - self._new.parts.clusters.keys()
        deadline = time.monotonic() + _LAST_ANSWER_WITHIN_S
        quiet = 0
        while leaving and quiet < _QUIET_PROBES and time.monotonic() < deadline:
            admin = self._admin_port
            clusters = gateway_clusters(admin) if admin else {}
            busy = any(host.active for name in leaving for host in clusters.get(name, []))
            quiet = 0 if busy else quiet + 1
            yield

    def remove_old_clusters(self) -> None:
        """Leave the gateway the new clusters alone."""
        if self._new:
            self._new.write_clusters()

    def revert(self) -> None:
        """Have the gateway as it was."""
        if self._previous:
            self._previous.write_routes()
            self._previous.write_clusters()


def _configuration_of(fleet: Fleet) -> WriteConfiguration | None:
    for component in fleet.components:
        for step in component.planned.steps:
            if isinstance(step, WriteConfiguration) and component.phase != "pending":
                return step
    return None

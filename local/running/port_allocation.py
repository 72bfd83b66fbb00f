"""The ports of everything that runs: of each replica, each web service and the gateway."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..applications.findings import Refused
from ..applications.hosts import AMBASSADOR, NoSuchService, redirect_hosts
from ..applications.loaded import LoadedApplication
from ..applications.types import Graph, ServingProperties, WebserviceProperties
from ..gateway.routes import cluster_name
from ..ports import ADMIN_PORT, GATEWAY_PORT, LOOPBACK, Ports
from .plan import RunOptions


class PortAllocation:
    """Ports as they are `held`, else as the command line asks, or the next ones that are free.

    `models` are those of each predictor's replicas, by cluster name, `services` those of web
    services, by (namespace, name). `gateway` and `admin` are 0 where nothing is behind a gateway.
    `ports` are all of them, by a name that stays while the program behind it does.
    """

    def __init__(
        self,
        applications: Sequence[LoadedApplication],
        run_options: RunOptions,
        held: Mapping[str, int],
    ):
        """Raises NoPort."""
        self._ports = Ports(run_options.host, held.values())
        self._held = held
        self.ports: dict[str, int] = {}
        self.gateway = self.admin = 0
        self.models: dict[str, tuple[int, ...]] = {}
        self.services: dict[tuple[str, str], int] = {}
        if "gateway" in held:
            self._allocate_gateway(run_options.gateway_port)
        for application in applications:
            for component in application.components:
                if isinstance(component.properties, ServingProperties):
                    self._allocate_gateway(run_options.gateway_port)
                    for predictor in component.properties.predictors:
                        name = cluster_name(application.namespace, component.name, predictor.name)
                        self.models[name] = tuple(
                            self._allocate(
                                _replica(name, predictor.graph, number),
                                run_options.model_port,
                                name,
                                LOOPBACK,
                            )
                            for number in range(predictor.replicas)
                        )
        for application in applications:
            for component in application.components:
                if isinstance(component.properties, WebserviceProperties):
                    preferred = run_options.port or component.properties.main_port
                    key = (application.namespace, component.name)
                    self.services[key] = self._allocate(
                        f"{'/'.join(key)}:{preferred}", preferred, component.name
                    )

    @property
    def notices(self) -> tuple[str, ...]:
        """A line for every port that gave way."""
        return tuple(self._ports.notices)

    def redirect_hosts(self, application: LoadedApplication, at: Any, text: str) -> str:
        """`text`, at that place, with the cluster's host names pointed here. Raises Refused."""

        services: dict[tuple[str, str], str | None] = {
            (name, namespace): f"http://127.0.0.1:{port}"
            for (namespace, name), port in self.services.items()
        }
        if self.gateway:
            services[AMBASSADOR] = f"http://127.0.0.1:{self.gateway}"
        try:
            return redirect_hosts(text, application.namespace, services)
        except NoSuchService as host:
            names = ", ".join(f"{n}.{ns}.svc.cluster.local" for n, ns in services) or "none"
            text = f"no service {host} is among these files; known here: {names}"
            raise Refused([application.document.finding(at, text)]) from None

    def _allocate(self, key: str, first: int, owner: str, host: str | None = None) -> int:
        port = self._held.get(key) or self._ports.allocate(first, owner, host)
        self.ports[key] = port
        return port

    def _allocate_gateway(self, preferred: int) -> None:
        if self.gateway:
            return
        self.gateway = self._allocate("gateway", preferred, "the gateway", LOOPBACK)
        # Elsewhere the admin page goes with it: a gateway that died needs the same two ports again,
        # and another `up` would have taken this one meanwhile.
        adjacent = preferred != GATEWAY_PORT and preferred < 65535
        first = preferred + 1 if adjacent else ADMIN_PORT
        self.admin = self._allocate("admin", first, "the gateway's admin page", LOOPBACK)


def _replica(cluster: str, graph: Graph, number: int) -> str:
    """Another model is another program, at another port."""
    return f"{cluster}/{number} {graph.name} {graph.modelUri}"

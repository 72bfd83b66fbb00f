"""The ports of everything that runs: of each replica, each web service and the gateway."""

from collections.abc import Sequence

from ..applications.loaded import LoadedApplication
from ..applications.types import ServingProperties, WebserviceProperties
from ..gateway.routes import cluster_name
from ..ports import ADMIN_PORT, GATEWAY_PORT, Ports
from .plan import Wishes


class Places:
    """Ports as the command line wishes, or the next ones that are free.

    `models` are those of each predictor's replicas, by cluster name, `services` those of web
    services, by (namespace, name). `gateway` and `admin` are 0 where nothing is behind a gateway.
    """

    def __init__(self, applications: Sequence[LoadedApplication], wishes: Wishes):
        """Raises OSError if the host is no address of this machine."""
        self._ports = Ports(wishes.host)
        self.gateway = self.admin = 0
        self.models: dict[str, tuple[int, ...]] = {}
        self.services: dict[tuple[str, str], int] = {}
        for application in applications:
            for component in application.components:
                if isinstance(component.properties, ServingProperties):
                    self._give_the_gateway(wishes.gateway_port)
                    for predictor in component.properties.predictors:
                        name = cluster_name(application.namespace, component.name, predictor.name)
                        self.models[name] = tuple(
                            self._ports.give(wishes.model_port, name, "127.0.0.1")
                            for _ in range(predictor.replicas)
                        )
        for application in applications:
            for component in application.components:
                if isinstance(component.properties, WebserviceProperties):
                    wish = wishes.port or component.properties.main_port
                    key = (application.namespace, component.name)
                    self.services[key] = self._ports.give(wish, component.name)

    @property
    def notices(self) -> tuple[str, ...]:
        """A line for every port that gave way."""
        return tuple(self._ports.notices)

    def _give_the_gateway(self, wish: int) -> None:
        if self.gateway:
            return
        self.gateway = self._ports.give(wish, "the gateway", "127.0.0.1")
        # Elsewhere the admin page goes with it: a gateway that died needs the same two ports again,
        # and another `up` would have taken this one meanwhile.
        beside = wish != GATEWAY_PORT and wish < 65535
        first = wish + 1 if beside else ADMIN_PORT
        self.admin = self._ports.give(first, "the gateway's admin page", "127.0.0.1")

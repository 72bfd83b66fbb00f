"""The routes that Seldon Core 1.12 and Ambassador 1.14 give to model-serving components."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..applications.loaded import LoadedApplication
from ..applications.types import ServingProperties
from ..ports import LOOPBACK

# Ambassador's own, where the component has no `timeout`.
DEFAULT_TIMEOUT_MS = 3000


@dataclass(frozen=True)
class Cluster:
    """The replicas of one predictor: where they are, and the path of the health check.

    A host other than this machine is a name, which leads to all replicas.
    """

    name: str
    ports: tuple[int, ...]
    status_path: str
    host: str = LOOPBACK


@dataclass(frozen=True)
class Route:
    """A path prefix, rewritten to `/`; `header` (name, value) must match exactly if there is one.

    `shares` are (cluster, percent), 100 together.
    """

    prefix: str
    shares: tuple[tuple[str, int], ...]
    timeout_ms: int = DEFAULT_TIMEOUT_MS
    header: tuple[str, str] | None = None


def address(namespace: str, deployment: str) -> str:
    """The path prefix of a deployment."""
    return f"/seldon/{namespace}/{deployment}/"


def cluster_name(namespace: str, component: str, predictor: str) -> str:
    """The cluster of a predictor."""
    return f"{namespace}/{component}/{predictor}"


def routes(
    applications: Iterable[LoadedApplication], ports: Mapping[str, Sequence[int]]
) -> tuple[list[Route], list[Cluster]]:
    """Routes in the order in which they are tried, and the clusters that they lead to.

    `ports` are those of each cluster's replicas, by `cluster_name`.
    """
    by_header: list[Route] = []
    plain: list[Route] = []
    clusters: list[Cluster] = []
    for application in applications:
        for component in application.components:
            properties = component.properties
            if not isinstance(properties, ServingProperties):
                continue
            names = []
            for predictor in properties.predictors:
                name = cluster_name(application.namespace, component.name, predictor.name)
                names.append(name)
                status_path = f"/v1/models/{predictor.graph.name}"
                clusters.append(Cluster(name, tuple(ports[name]), status_path))
            route = _route(application.namespace, component.name, properties, names)
            (by_header if route.header else plain).append(route)
    return by_header + plain, clusters


def _route(
    namespace: str, component: str, properties: ServingProperties, names: Sequence[str]
) -> Route:
    # The first predictor gets no weight of its own: it takes the rest.
    others = [predictor.traffic or 0 for predictor in properties.predictors[1:]]
    shares = tuple(zip(names, (100 - sum(others), *others), strict=True))
    timeout_ms = int(properties.timeout) if properties.timeout else DEFAULT_TIMEOUT_MS
    routing = properties.customRouting
    if routing:
        prefix = address(namespace, routing.serviceName)
        return Route(prefix, shares, timeout_ms, routing.name_and_value)
    return Route(address(namespace, component), shares, timeout_ms)

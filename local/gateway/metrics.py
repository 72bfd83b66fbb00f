"""Envoy's readiness and metrics for others, and nothing else of its admin page."""

from typing import Any

from .routes import LOOPBACK

READY, METRICS = "/ready", "/stats/prometheus"
_TYPES = "type.googleapis.com/envoy.extensions"
_ADMIN = "admin"


def metrics_listener(host: str, port: int) -> dict[str, Any]:
    """A listener that passes these two paths to the admin page."""
    routes = [{"match": {"path": path}, "route": {"cluster": _ADMIN}} for path in (READY, METRICS)]
    manager = {
        "@type": f"{_TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "metrics",
        "route_config": {
            "name": "metrics",
            "virtual_hosts": [{"name": "metrics", "domains": ["*"], "routes": routes}],
        },
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{_TYPES}.filters.http.router.v3.Router"},
            }
        ],
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    return {
        "name": "metrics",
        "address": {"socket_address": {"address": host, "port_value": port}},
        "filter_chains": [{"filters": filters}],
    }


def metrics_cluster(admin_port: int) -> dict[str, Any]:
    """The admin page of the same Envoy."""
    address = {"socket_address": {"address": LOOPBACK, "port_value": admin_port}}
    return {
        "name": _ADMIN,
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": _ADMIN,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    }

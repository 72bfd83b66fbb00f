"""Envoy's configuration, with what may change while it runs in files that Envoy watches.

Routes and clusters are discovery responses in files of their own (`path_config_source`), which
Envoy reloads whenever one is renamed into place; everything else is read at its start. A cluster's
name depends on its content, so that a changed cluster is a new one, which exists beside the old one
until the routes have moved.
"""

import hashlib
import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ENVOY, ROUTES, CLUSTERS = "envoy.yaml", "routes.yaml", "clusters.yaml"
_API = "type.googleapis.com/envoy"


@dataclass(frozen=True)
class DynamicConfiguration:
    """A configuration taken apart; `clusters` by name."""

    bootstrap: Mapping[str, Any]
    routes: Mapping[str, Any]
    clusters: Mapping[str, Mapping[str, Any]]


def dynamic_configuration(static: Mapping[str, Any], folder: Path) -> DynamicConfiguration:
    """What `configuration` says, with routes and clusters to be watched in `folder`."""
    bootstrap = deepcopy(dict(static))
    named = {
        each["name"]: {**each, "name": f"{each['name']}#{_digest(each)}"}
        for each in bootstrap["static_resources"].pop("clusters")
    }
    for each in named.values():
        each["load_assignment"] = {**each["load_assignment"], "cluster_name": each["name"]}
    bootstrap["dynamic_resources"] = {"cds_config": _config_source(folder / CLUSTERS)}
    bootstrap["node"] = {"id": "gateway", "cluster": "local"}
    manager = _connection_manager(bootstrap)
    routes = manager.pop("route_config")
    manager["rds"] = {
        "route_config_name": routes["name"],
        "config_source": _config_source(folder / ROUTES),
    }
    for host in routes["virtual_hosts"]:
        for route in host["routes"]:
            for each in route["route"]["weighted_clusters"]["clusters"]:
                each["name"] = named[each["name"]]["name"]
    return DynamicConfiguration(bootstrap, routes, {each["name"]: each for each in named.values()})


def routes_file(routes: Mapping[str, Any]) -> dict[str, Any]:
    """The content of the file of routes; its `version_info` is a hash of it."""
    return _response("config.route.v3.RouteConfiguration", [routes])


def clusters_file(clusters: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The content of the file of clusters."""
    return _response("config.cluster.v3.Cluster", list(clusters.values()))


def _response(kind: str, values: list[Mapping[str, Any]]) -> dict[str, Any]:
    resources = [{"@type": f"{_API}.{kind}", **value} for value in values]
    return {"version_info": _digest(values), "resources": resources}


def _config_source(path: Path) -> dict[str, Any]:
    return {"path_config_source": {"path": str(path)}, "resource_api_version": "V3"}


def _connection_manager(bootstrap: Mapping[str, Any]) -> dict[str, Any]:
    (listener,) = bootstrap["static_resources"]["listeners"]
    found: dict[str, Any] = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return found


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]

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
class Watched:
    """A configuration taken apart; `clusters` by name."""

    start: Mapping[str, Any]
    routes: Mapping[str, Any]
    clusters: Mapping[str, Mapping[str, Any]]


def watched(static: Mapping[str, Any], folder: Path) -> Watched:
    """What `configuration` says, with routes and clusters to be watched in `folder`."""
    start = deepcopy(dict(static))
    named = {
        each["name"]: {**each, "name": f"{each['name']}#{_mark(each)}"}
        for each in start["static_resources"].pop("clusters")
    }
    for each in named.values():
        each["load_assignment"] = {**each["load_assignment"], "cluster_name": each["name"]}
    start["dynamic_resources"] = {"cds_config": _watch(folder / CLUSTERS)}
    start["node"] = {"id": "gateway", "cluster": "local"}
    manager = _manager(start)
    routes = manager.pop("route_config")
    manager["rds"] = {"route_config_name": routes["name"], "config_source": _watch(folder / ROUTES)}
    for host in routes["virtual_hosts"]:
        for route in host["routes"]:
            for each in route["route"]["weighted_clusters"]["clusters"]:
                each["name"] = named[each["name"]]["name"]
    return Watched(start, routes, {each["name"]: each for each in named.values()})


def routes_file(routes: Mapping[str, Any]) -> dict[str, Any]:
    """The content of the file of routes; its `version_info` tells what is in it."""
    return _response("config.route.v3.RouteConfiguration", [routes])


def clusters_file(clusters: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The content of the file of clusters."""
    return _response("config.cluster.v3.Cluster", list(clusters.values()))


def _response(kind: str, values: list[Mapping[str, Any]]) -> dict[str, Any]:
    resources = [{"@type": f"{_API}.{kind}", **value} for value in values]
    return {"version_info": _mark(values), "resources": resources}


def _watch(path: Path) -> dict[str, Any]:
    return {"path_config_source": {"path": str(path)}, "resource_api_version": "V3"}


def _manager(start: Mapping[str, Any]) -> dict[str, Any]:
    (listener,) = start["static_resources"]["listeners"]
    found: dict[str, Any] = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return found


def _mark(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]

"""Envoy as the gateway of the A/B test: one URL, and the header decides which model answers."""

import json
import subprocess
import time
from pathlib import Path

import requests

from local.ports import free_port

PREFIX = "/seldon/default/color-ab-serving/"


def _cluster(name: str, port: int) -> dict:
    endpoint = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}
    return {
        "name": name,
        "connect_timeout": "1s",
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}],
        },
    }


def _configuration(port: int, color_port: int, style_port: int) -> dict:
    """Style before color, as Ambassador orders the routes of `customRouting`."""
    header = {"name": "style", "string_match": {"exact": "transfer"}}

    def route(cluster: str, timeout: str, **match) -> dict:
        action = {"cluster": cluster, "prefix_rewrite": "/", "timeout": timeout}
        return {"match": {"prefix": PREFIX, **match}, "route": action}

    routes = [route("style", "10s", headers=[header]), route("color", "3s")]
    types = "type.googleapis.com/envoy.extensions.filters"
    manager = {
        "@type": f"{types}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "gateway",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{types}.http.router.v3.Router"},
            }
        ],
    }
    listener = {
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
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
    clusters = [_cluster("color", color_port), _cluster("style", style_port)]
    return {"static_resources": {"listeners": [listener], "clusters": clusters}}


class Gateway:
    """A running Envoy; `stop` it in any case."""

    def __init__(self, envoy: str, folder: Path, color_port: int, style_port: int):
        port = free_port()
        file = folder / "envoy.json"
        file.write_text(json.dumps(_configuration(port, color_port, style_port)))
        self.url = f"http://127.0.0.1:{port}{PREFIX}v1/models/my-model:predict"
        with (folder / "envoy.log").open("wb") as log:
            self.process = subprocess.Popen(
                [envoy, "-c", str(file), "--disable-hot-restart", "--concurrency", "1"],
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 30
        while True:
            try:
                requests.get(f"http://127.0.0.1:{port}/", timeout=5)
                return
            except requests.ConnectionError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise AssertionError((folder / "envoy.log").read_text()) from None
                time.sleep(0.02)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

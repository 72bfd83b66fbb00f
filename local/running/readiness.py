"""Whether a program answers."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .program import Program


def program_not_ready_because(program: Program) -> str | None:
    """Why a running program is not ready, in a few words; None if it is."""
    if program.ready_url is None:
        return None
    reason = not_ready_because(program.ready_url)
    if reason is not None or program.gateway_admin_port is None:
        return reason
    # Its own checks are a moment behind ours, and until then it answers 503 for this program.
    port = urlsplit(program.ready_url).port
    if port in healthy_ports(program.gateway_admin_port):
        return None
    return "the gateway does not send it requests yet"


@dataclass(frozen=True)
class Host:
    """One replica as the gateway sees it; `active` are the requests that it has."""

    port: int
    healthy: bool
    active: int


def gateway_clusters(admin_port: int) -> dict[str, list[Host]]:
    """The clusters of the gateway with this admin port; none where it does not answer.

    What it reports: envoy/admin/v3/clusters.proto, `Clusters`.
    """
    statuses = admin(admin_port, "clusters?format=json").get("cluster_statuses", [])
    return {
        cluster["name"]: [
            Host(
                host["address"]["socket_address"]["port_value"],
                host["health_status"] == {"eds_health_status": "HEALTHY"},
                next(
                    (int(s.get("value", 0)) for s in host["stats"] if s["name"] == "rq_active"), 0
                ),
            )
            for host in cluster.get("host_statuses", [])
        ]
        for cluster in statuses
    }


def healthy_ports(admin_port: int) -> set[int]:
    """The ports that the gateway finds healthy; none where it does not answer."""
    hosts = [host for hosts in gateway_clusters(admin_port).values() for host in hosts]
    return {host.port for host in hosts if host.healthy}


def gateway_routes_version(admin_port: int) -> str | None:
    """The `version_info` of the routes that the gateway goes by; None where it does not answer."""
    dumped = admin(admin_port, "config_dump?resource=dynamic_route_configs").get("configs", [])
    return next((each.get("version_info") for each in dumped), None)


def admin(port: int, path: str) -> Any:
    """The JSON object of the gateway's admin page; empty where it does not answer."""
    try:
        status, _, body = _get(f"http://127.0.0.1:{port}/{path}", 3.0)
        return json.loads(body) if status == 200 else {}
    except (OSError, http.client.HTTPException, ValueError):
        return {}


def not_ready_because(url: str, seconds: float = 3.0) -> str | None:
    """Why GET `url` does not answer 200 within `seconds`, in a few words; None if it does."""
    try:
        status, phrase, body = _get(url, seconds)
    except TimeoutError:
        return f"no answer within {seconds:g} s"
    except (OSError, http.client.HTTPException) as error:
        return getattr(error, "strerror", None) or str(error) or type(error).__name__
    if status == 200:
        return None
    return f"{status} {_detail(body) or phrase}"


def _get(url: str, seconds: float) -> tuple[int, str, bytes]:
    """Status, reason phrase and body of GET `url`.

    Raises OSError (TimeoutError is one) and HTTPException. Asks directly, past any proxy that
    the environment names: `url` is on this machine.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    try:
        connection.request("GET", f"{parts.path or '/'}?{parts.query}".rstrip("?"))
        reply = connection.getresponse()
        return reply.status, reply.reason, reply.read(10_000_000)
    finally:
        connection.close()


def _detail(body: bytes) -> str:
    """The sentence of a problem document (RFC 9457), or nothing."""
    try:
        problem = json.loads(body)
    except ValueError:
        return ""
    detail = problem.get("detail") if isinstance(problem, dict) else None
    return " ".join(detail.split()) if isinstance(detail, str) else ""

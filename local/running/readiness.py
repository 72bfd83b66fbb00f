"""Does a program answer yet?"""

import http.client
import json
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


def healthy_ports(admin_port: int) -> set[int]:
    """The ports that the gateway with this admin port finds healthy; none where it does not answer.

    What it tells: envoy/admin/v3/clusters.proto, `Clusters`.
    """
    try:
        status, _, body = _get(f"http://127.0.0.1:{admin_port}/clusters?format=json", 3.0)
        clusters = json.loads(body)["cluster_statuses"] if status == 200 else []
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return set()
    return {
        host["address"]["socket_address"]["port_value"]
        for cluster in clusters
        for host in cluster.get("host_statuses", [])
        if host["health_status"] == {"eds_health_status": "HEALTHY"}
    }


def not_ready_because(url: str, seconds: float = 3.0) -> str | None:
    """Why GET `url` does not answer 200 within so many seconds, in a few words; None if it does."""
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

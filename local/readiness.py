"""Does a program answer yet?"""

import http.client
import json
from urllib.parse import urlsplit


def not_ready_because(url: str, seconds: float = 3.0) -> str | None:
    """Why GET `url` does not answer 200 within so many seconds, in a few words; None if it does.

    Asks directly, past any proxy that the environment names: `url` is on this machine.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    try:
        connection.request("GET", parts.path or "/")
        reply = connection.getresponse()
        body = reply.read(10_000)
    except TimeoutError:
        return f"no answer within {seconds:g} s"
    except (OSError, http.client.HTTPException) as error:
        return getattr(error, "strerror", None) or str(error) or type(error).__name__
    finally:
        connection.close()
    if reply.status == 200:
        return None
    return f"{reply.status} {_detail(body) or reply.reason}"


def _detail(body: bytes) -> str:
    """The sentence of a problem document (RFC 9457), or nothing."""
    try:
        problem = json.loads(body)
    except ValueError:
        return ""
    detail = problem.get("detail") if isinstance(problem, dict) else None
    return " ".join(detail.split()) if isinstance(detail, str) else ""

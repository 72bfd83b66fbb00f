"""Host names of a cluster's services inside values, replaced by other addresses."""

import re
from collections.abc import Mapping

_HOST = re.compile(r"(https?)://([A-Za-z0-9.-]+)(?::\d+)?(?=[/?#]|$)")

# What the article's Applications call the gateway.
AMBASSADOR = ("ambassador", "vela-system")


class NoSuchService(Exception):
    """A value names a service of the cluster that does not exist; the text is its host name."""


def redirect_hosts(
    text: str, namespace: str, services: Mapping[tuple[str, str], str | None]
) -> str:
    """`text`, of something in `namespace`, with the hosts of services replaced.

    `services` are addresses (`http://HOST:PORT`) by (name, namespace); None leaves a name as it is.
    Raises NoSuchService.
    """

    def replace(match: re.Match[str]) -> str:
        host = match[2]
        name, _, rest = host.partition(".")
        own, _, domain = rest.partition(".")
        if domain not in ("", "svc", "svc.cluster.local"):
            return match[0]
        key = (name, own or namespace)
        if key in services:
            return services[key] or match[0]
        if not domain:  # `localhost`, or a name of the world outside
            return match[0]
        raise NoSuchService(host)

    return _HOST.sub(replace, text)

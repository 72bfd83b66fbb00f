"""A rate limit per caller, in memory; memory is bounded for any number of callers."""

import ipaddress
import math
import threading
import time
from collections import OrderedDict

_MOST_CALLERS = 10_000
# Of IPv6, a household or a machine has a network of its own.
_IPV6_NETWORK = 64


class RateLimit:
    """`per_minute` requests from each address, in a burst or spread (a token bucket). Threads may
    share it. Beyond `most_callers` addresses, the least recent are forgotten.
    """

    def __init__(self, per_minute: int, most_callers: int = _MOST_CALLERS):
        self._per_minute = per_minute
        self._most_callers = most_callers
        # By caller: what is left, and when that was so.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_s(self, address: str | None) -> int:
        """0 if that caller may proceed, which is then counted; else the seconds to wait."""
        caller, now = _caller(address), time.monotonic()
        with self._lock:
            left, since = self._left.pop(caller, (float(self._per_minute), now))
            left = min(self._per_minute, left + (now - since) * self._per_minute / 60)
            self._left[caller] = left - (left >= 1), now
            if len(self._left) > self._most_callers:
                self._left.popitem(last=False)
        return 0 if left >= 1 else math.ceil((1 - left) * 60 / self._per_minute)


def _caller(address: str | None) -> str:
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found, _IPV6_NETWORK), strict=False))

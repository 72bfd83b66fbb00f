"""Cache of the network's colors of recent photos, so that hints need no second request."""

import threading
import time
from collections import OrderedDict

from .color_network import Color

_MAX_ENTRIES = 128
# At the usual working size a color takes 32 kB by `packed`, and 512 kB by `serving_default`.
_MAX_BYTES = 16_000_000
# Seconds for which a person who puts colors right looks at one photo.
_TTL_S = 1_800.0


class ColorCache:
    """The network's colors, by a hash of the photo's file and the model. Threads may share it."""

    def __init__(self, max_entries: int = _MAX_ENTRIES, ttl_s: float = _TTL_S) -> None:
        self._max_entries = max_entries
        self._ttl_s = ttl_s
        self._colors: OrderedDict[tuple[bytes, str | None], tuple[float, Color]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, photo: bytes, model: str | None) -> Color | None:
        """The color by `model`, or, if that is None, by the model that was asked last."""
        with self._lock:
            for key in reversed(self._colors):
                if key[0] == photo and model in (None, key[1]):
                    since, color = self._colors[key]
                    return color if time.monotonic() < since + self._ttl_s else None
        return None

    def put(self, photo: bytes, color: Color) -> None:
        """Cache the network's color of the photo; the oldest entry is dropped at the limit."""
        key = photo, color.model
        with self._lock:
            self._colors.pop(key, None)
            self._colors[key] = time.monotonic(), color
            while len(self._colors) > self._max_entries or self._bytes() > _MAX_BYTES:
                self._colors.popitem(last=False)

    def _bytes(self) -> int:
        return sum(color.ab.nbytes for _, color in self._colors.values())

"""The memory of the whole service: two versions of color, style, the gateway and the client.

It is measured before any photo, right after a burst of photos, and after the servers have then been
idle for a while.
"""

import itertools
import time
from collections.abc import Callable
from functools import partial

from bench.closed_loop import closed_loop
from bench.memory import Memory, memory_of
from bench.photos import make_photo
from bench.report import PartResult, Table
from bench.service import color
from bench.style_part import STYLE_PICTURE
from bench.whole_service import ab_and_canary, local_up

PHOTOS, CALLERS = 200, 2
PAINTED_OF = 10  # one photo of so many is painted
SETTLE_S = 12.0  # a server gives memory back when it has been idle for 5 s


def measure(log: Callable[[str], None]) -> PartResult:
    """Run the service, make so many pictures, and weigh it. Raises CannotMeasure."""
    log("starting the service")
    with ab_and_canary() as files, local_up(*files) as service:
        weigh = partial(memory_of, service.pid, without_itself=True)
        url, photo = f"{service.url}/predict", make_photo("400x400").jpeg
        style, count = STYLE_PICTURE.read_bytes(), itertools.count(1)

        def ask() -> None:
            color(url, photo, None if next(count) % PAINTED_OF else style)

        log("letting it settle")
        time.sleep(SETTLE_S)
        weights = {"at rest": weigh()}
        log(f"sending {PHOTOS} photos")
        closed_loop([ask] * CALLERS, PHOTOS // CALLERS, untimed=0)
        rush = f"{PHOTOS} photos of 400×400, {CALLERS} at a time, every {PAINTED_OF}th painted"
        weights[f"right after {rush}"] = weigh()
        time.sleep(SETTLE_S)
        weights[f"{SETTLE_S:.0f} s later"] = weigh()
    return _result(weights)


def _result(weights: dict[str, Memory]) -> PartResult:
    rows = [
        [
            when,
            str(memory.processes),
            "–" if memory.pss is None else f"{memory.pss:,.0f}",
            f"{memory.rss:,.0f}",
        ]
        for when, memory in weights.items()
    ]
    title = "Memory of an A/B test with a canary: v1, v2, style, gateway and client (MB, summed)"
    table = Table(title, ["", "processes", "PSS", "RSS"], rows)
    numbers = {
        when: {"processes": memory.processes, "rss": memory.rss, "pss": memory.pss}
        for when, memory in weights.items()
    }
    return PartResult([table], numbers=numbers)

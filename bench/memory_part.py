"""The memory of the whole service: everything that `python -m local up` runs.

At rest, right after a rush of photos, and when the servers have been idle since for a while.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial

from bench.closed_loop import closed_loop
from bench.memory import Memory, memory_of
from bench.photos import make_photo
from bench.report import PartResult, Table
from bench.service import color, running
from local.ports import free_port
from local.running.program import Program

PHOTOS, CALLERS = 200, 2
READY_WITHIN_S = 480  # models are copied and three servers started
SETTLE_S = 12.0  # a server gives memory back when it was idle for 5 s


def measure(tell: Callable[[str], None]) -> PartResult:
    """Run the service, color so many photos, and weigh it. Raises CannotMeasure."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-memory-") as state:
        ports = {"--port": port, "--gateway-port": free_port(), "--model-port": free_port()}
        flags = [word for flag, number in ports.items() for word in (flag, str(number))]
        flags += ["--ready-within", str(READY_WITHIN_S)]
        command = (sys.executable, "-m", "local", "up", "--state", state, *flags)
        url = f"http://127.0.0.1:{port}"
        program = Program("the service", command, ready_url=f"{url}/readyz")
        tell("starting the service")
        with running(program, within_s=READY_WITHIN_S) as [service]:
            weigh = partial(memory_of, service.pid, without_itself=True)
            photo = make_photo("400x400").jpeg
            color(f"{url}/predict", photo)
            tell("letting it settle")
            time.sleep(SETTLE_S)
            weights = {"at rest": weigh()}
            tell(f"coloring {PHOTOS} photos")
            closed_loop([partial(color, f"{url}/predict", photo)] * CALLERS, PHOTOS // CALLERS)
            weights[f"right after {PHOTOS} photos of 400×400, {CALLERS} at a time"] = weigh()
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
    title = "Memory of all that `make up` runs (MB, summed over its processes)"
    table = Table(title, ["", "processes", "PSS", "RSS"], rows)
    numbers = {
        when: {"processes": memory.processes, "rss": memory.rss, "pss": memory.pss}
        for when, memory in weights.items()
    }
    return PartResult([table], numbers=numbers)

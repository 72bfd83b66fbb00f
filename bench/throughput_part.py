"""Photos per second of everything that `make up` runs, with one and with several callers, and of
the folder command; and how busy the cores are meanwhile, this program included.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

from bench.closed_loop import closed_loop
from bench.memory import PROC, processes_of
from bench.photos import photo_of_size
from bench.report import CannotMeasure, PartResult, Table, p50
from bench.service import color, keep_alive_connection
from bench.whole_service import local_up

# Number of callers, and of photos that each sends in a round.
CALLERS = {1: 12, 4: 6, 16: 3}
FOLDER_PHOTOS = 16
SMALL, LARGE = (400, 400), (1600, 1200)


@dataclass
class Rates:
    """The result of each round: photos per second, the share of all cores that worked, and how many
    photos got an error, as happens on a machine that is too slow for so many callers.
    """

    per_second: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)


def measure(rounds: int, log: Callable[[str], None]) -> PartResult:
    """Measure the service and the folder command in so many rounds. Raises CannotMeasure."""
    photo, large = photo_of_size("400x400", SMALL).jpeg, photo_of_size("1600x1200", LARGE).jpeg
    found: dict[str, Rates] = {}
    log("throughput: starting the service")
    with local_up() as service, tempfile.TemporaryDirectory(prefix="bench-folder-") as folder:
        for number in range(FOLDER_PHOTOS):
            Path(folder, f"{number}.jpg").write_bytes(large)

        def ask(callers: int, calls: int) -> int:
            errors: list[CannotMeasure] = []

            def once(connection: HTTPConnection) -> None:
                try:
                    color(f"{service.url}/predict", photo, over=connection)
                except CannotMeasure as error:
                    errors.append(error)

            with ExitStack() as stack:
                kept = [
                    stack.enter_context(keep_alive_connection(service.url)) for _ in range(callers)
                ]
                closed_loop([partial(once, each) for each in kept], calls, untimed=0)
            return len(errors)

        def timed(name: str, photos: int, work: Callable[[], int]) -> None:
            rates = found.setdefault(name, Rates())
            before, started = _cpu_seconds(), time.perf_counter()
            errors = work()
            seconds = time.perf_counter() - started
            rates.per_second.append((photos - errors) / seconds)
            rates.busy.append((_cpu_seconds() - before) / seconds / (os.cpu_count() or 1))
            rates.errors.append(errors)

        ask(max(CALLERS), 1)  # the caches and pools of everything are filled
        for number in range(rounds):
            log(f"throughput: round {number + 1} of {rounds}")
            for callers, calls in CALLERS.items():
                name = f"{callers} caller{'s' if callers > 1 else ''}, 400×400"
                timed(name, callers * calls, partial(ask, callers, calls))
            timed(
                f"folder command, {FOLDER_PHOTOS} photos of 1600×1200, from start to end",
                FOLDER_PHOTOS,
                partial(_make_folder, Path(folder), service.predict_url),
            )
    rows = [
        [name, f"{p50(rates.per_second):.1f}", f"{p50(rates.busy):.0%}", str(sum(rates.errors))]
        for name, rates in found.items()
    ]
    columns = ["", "photos per second", f"of {os.cpu_count()} cores busy", "errors"]
    table = Table("Throughput of all that `make up` runs", columns, rows)
    numbers = {name: vars(rates) for name, rates in found.items()}
    return PartResult([table], numbers=numbers)


def _make_folder(folder: Path, predict_url: str) -> int:
    command = [sys.executable, "-m", "color_client", str(folder), "--out"]
    with tempfile.TemporaryDirectory(prefix="bench-out-") as out:
        done = subprocess.run(
            [*command, out], capture_output=True, text=True, env={**os.environ, "URL": predict_url}
        )
        made = len(list(Path(out).rglob("*.png")))
    if done.returncode not in (0, 1):
        last = done.stderr.strip().rpartition("\n")[2]
        raise CannotMeasure(f"the folder command ended with {done.returncode}: {last}")
    return FOLDER_PHOTOS - made


def _cpu_seconds() -> float:
    """What this process and all that descend from it have used of the cores; 0 where the system
    does not report it.
    """
    ticks = 0
    for pid in processes_of(os.getpid()):
        try:
            stat = (PROC / str(pid) / "stat").read_text()
        except OSError:  # it ended meanwhile
            continue
        # Its own, in user and system mode, and those of children that ended.
        ticks += sum(map(int, stat.rpartition(")")[2].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")

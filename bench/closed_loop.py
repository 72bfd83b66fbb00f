"""A closed loop: several callers, each of which sends its next request when it has its answer."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Loop:
    """What a closed loop took, in seconds: all of it, and each call."""

    wall: float
    calls: list[float]


def closed_loop(callers: Sequence[Callable[[], Any]], calls: int, untimed: int = 1) -> Loop:
    """Call each of `callers` so many times, each on a thread of its own.

    `untimed` calls of each come before: they open the connection and warm the caches that whoever
    had the turn before has filled. Raises what a caller raises.
    """
    started = 0.0

    def start() -> None:
        nonlocal started
        started = time.perf_counter()

    everyone_ready = threading.Barrier(len(callers), start)

    def run(call: Callable[[], Any]) -> list[float]:
        try:
            for _ in range(untimed):
                call()
        except BaseException:
            everyone_ready.abort()
            raise
        everyone_ready.wait()
        return [_seconds(call) for _ in range(calls)]

    with ThreadPoolExecutor(len(callers)) as threads:
        running = [threads.submit(run, call) for call in callers]
        problems = [future.exception() for future in running]
        wall = time.perf_counter() - started
    for problem in sorted(filter(None, problems), key=_is_secondary):
        raise problem
    return Loop(wall, [seconds for future in running for seconds in future.result()])


def _is_secondary(problem: BaseException) -> bool:
    """Whether a caller failed only because another one did."""
    return isinstance(problem, threading.BrokenBarrierError)


def _seconds(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started

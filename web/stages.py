"""The time of each stage of a request. Stages may nest; each counts only its own time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Stages:
    """Seconds by stage, in the order in which the stages ended."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.inner = 0.0


_current: ContextVar[Stages | None] = ContextVar("stages", default=None)


def begin() -> Stages:
    """Count from now on, in this thread, into what is returned."""
    stages = Stages()
    _current.set(stages)
    return stages


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Time the block as stage `name`; without a `begin` nothing is counted."""
    stages = _current.get()
    if stages is None:
        yield
        return
    before, stages.inner = stages.inner, 0.0
    started = time.perf_counter()
    try:
        yield
    finally:
        taken = time.perf_counter() - started
        stages.seconds[name] = stages.seconds.get(name, 0.0) + taken - stages.inner
        stages.inner = before + taken

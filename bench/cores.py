"""One core for the measured program, the others for the load.

`python -m bench.cores CORE COMMAND [ARGUMENT ...]` becomes that command, restricted to that core.
TensorFlow sizes its thread pools by the cores that its process may use.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from local.running.program import Program


@dataclass(frozen=True)
class Cores:
    """Where things run; `measured` is None where nothing is pinned. `note` says it to people."""

    measured: int | None
    load: frozenset[int]
    note: str

    def command(self, *command: str) -> tuple[str, ...]:
        """`command`, such that it runs on the measured core."""
        if self.measured is None:
            return command
        return (sys.executable, "-m", "bench.cores", str(self.measured), *command)

    def program(self, program: Program) -> Program:
        """`program`, such that it runs on the measured core."""
        return replace(program, command=self.command(*program.command))

    @contextmanager
    def generating_load(self) -> Iterator[None]:
        """Keep the calling thread, and the threads that it starts, off the measured core."""
        if self.measured is None:
            yield
            return
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, self.load)
        try:
            yield
        finally:
            os.sched_setaffinity(0, before)


def choose_cores() -> Cores:
    """The last core of this process is measured, the others make the load, as far as possible."""
    if not hasattr(os, "sched_setaffinity"):
        return Cores(None, frozenset(), "Nothing is pinned to a core: this system cannot do that.")
    ours = sorted(os.sched_getaffinity(0))
    measured, load = ours[-1], frozenset(ours[:-1])
    if not load:
        note = f"Everything shares core {measured}, the only one, the load generator too."
        return Cores(measured, frozenset(ours), note)
    names = ", ".join(map(str, sorted(load)))
    note = f"What is measured runs on core {measured} only, the load generator on core {names}."
    return Cores(measured, load, note)


if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[1])})
    os.execvp(sys.argv[2], sys.argv[2:])

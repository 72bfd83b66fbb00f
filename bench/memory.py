"""The memory of a program: the sum over all its processes."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Memory:
    """Megabytes (1,000,000 bytes) of a program's processes, summed.

    `rss` counts a page once for each process that holds it. `pss` divides a page among all
    processes of the machine that hold it; None where the system does not report it.
    """

    processes: int
    rss: float
    pss: float | None


def memory_of(pid: int, *, without_itself: bool = False) -> Memory:
    """The memory of a process and all its descendants, or of the descendants alone."""
    every = processes_of(pid)[1 if without_itself else 0 :]
    if not (PROC / "self" / "smaps_rollup").exists():
        return Memory(len(every), sum(map(_rss_by_ps, every)), None)
    rollups = [_rollup(each) for each in every]
    return Memory(
        len(every),
        sum(rollup["Rss"] for rollup in rollups),
        sum(rollup["Pss"] for rollup in rollups),
    )


def processes_of(pid: int) -> list[int]:
    """A process and all its descendants."""
    return list(_tree(pid, _children()))


def _tree(pid: int, children: dict[int, list[int]]) -> Iterator[int]:
    yield pid
    for child in children.get(pid, []):
        yield from _tree(child, children)


def _children() -> dict[int, list[int]]:
    """The children of every process that has some."""
    children: dict[int, list[int]] = {}
    for pid, parent in _pids_and_parents():
        children.setdefault(parent, []).append(pid)
    return children


def _pids_and_parents() -> Iterator[tuple[int, int]]:
    if not PROC.is_dir():
        for line in _ps("-A", "-o", "pid=,ppid=").splitlines():
            pid, parent = line.split()
            yield int(pid), int(parent)
        return
    for process in PROC.iterdir():
        if process.name.isdigit():
            try:
                stat = (process / "stat").read_text()
            except OSError:  # it ended meanwhile
                continue
            # A program's name, in parentheses, may hold anything.
            yield int(process.name), int(stat.rpartition(")")[2].split()[1])


def _rollup(pid: int) -> dict[str, float]:
    """The lines of /proc/PID/smaps_rollup by name, in megabytes."""
    lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()[1:]
    fields = [line.split() for line in lines]
    return {name.rstrip(":"): int(kibibytes) * 1024 / 1e6 for name, kibibytes, *_ in fields}


def _rss_by_ps(pid: int) -> float:
    return int(_ps("-o", "rss=", "-p", str(pid)) or 0) * 1024 / 1e6


def _ps(*arguments: str) -> str:
    done = subprocess.run(["ps", *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip()

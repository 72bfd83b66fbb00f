"""The peak memory of a program as the kernel records it, so that no peak is missed."""

import sys
from pathlib import Path

_PROC = Path("/proc")


def can_measure() -> bool:
    """Whether this system records it (Linux does)."""
    return sys.platform == "linux" and (_PROC / "self" / "status").exists()


def forget_peaks(pid: int) -> None:
    """Restart the record of a program and its children at their present memory."""
    for each in tree(pid):
        (_PROC / str(each) / "clear_refs").write_text("5")


def peak_mb(pid: int) -> float:
    """The sum of the most resident memory (VmHWM) of a program and each of its children, in
    megabytes (1,000,000 bytes). Pages that they share are counted for each.
    """
    return sum(_field(each, "VmHWM") for each in tree(pid))


def now_mb(pid: int) -> float:
    """The resident memory (VmRSS) of a program and its children now, in megabytes."""
    return sum(_field(each, "VmRSS") for each in tree(pid))


def threads(pid: int) -> int:
    """The threads of a program and its children now."""
    return sum(int(_line(each, "Threads") or 0) for each in tree(pid))


def tree(pid: int) -> list[int]:
    """A process and all its descendants."""
    found = [pid]
    for each in found:
        children = _PROC / str(each) / "task" / str(each) / "children"
        if children.exists():
            found += map(int, children.read_text().split())
    return found


def _field(pid: int, name: str) -> float:
    return int(_line(pid, name) or 0) * 1024 / 1e6


def _line(pid: int, name: str) -> str:
    try:
        for line in (_PROC / str(pid) / "status").read_text().splitlines():
            if line.startswith(name + ":"):
                return line.split()[1]
    except OSError:  # it ended meanwhile
        pass
    return ""

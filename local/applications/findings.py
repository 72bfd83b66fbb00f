"""Errors and notices about an Application file, with their places."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

# Keys and list indexes from the top of the document.
Path = tuple[str | int, ...]


def dotted(path: Path) -> str:
    """`spec.components[1].properties` of its parts."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


@dataclass(frozen=True, order=True)
class Finding:
    """One remark on one place of a file: an error, or a notice, which stops nothing.

    `local_only` marks those that matter only on this machine.
    """

    file: str
    line: int
    path: str
    text: str
    notice: bool = False
    local_only: bool = False

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}"
        where = f"{place}: {self.path}" if self.path else place
        return f"{where}: {'notice: ' if self.notice else ''}{self.text}"


class Refused(Exception):
    """The files cannot be run; `findings` holds all errors, and the notices."""

    def __init__(self, findings: Iterable[Finding]):
        self.findings = sorted(findings)
        super().__init__("\n".join(map(str, self.findings)))


def without_errors(findings: Iterable[Finding]) -> list[Finding]:
    """The findings in order, all of them notices. Raises Refused where one is an error."""
    found = sorted(findings)
    if any(not finding.notice for finding in found):
        raise Refused(found)
    return found


def nearest(name: str, names: Iterable[str]) -> str:
    """The most similar of the known names; empty if none is similar."""
    return next(iter(get_close_matches(name, sorted(names), n=1)), "")


def suggestion(name: str, names: Iterable[str]) -> str:
    """`did you mean ...? Known are ...`, for an unknown name."""
    every = sorted(names)
    near = nearest(name, every)
    meant = f"did you mean {near}? " if near else ""
    return f"{meant}Known here: {', '.join(every) or 'none'}"

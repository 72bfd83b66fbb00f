"""The findings of a part of the soak, and how they are printed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Part:
    """One part: what was sent, the answers by status, memory in megabytes, and one line for each
    violation.
    """

    client: str
    name: str
    sent: str = ""
    came_back: Counter[str] = field(default_factory=Counter)
    peak_mb: float | None = None
    limit_mb: float | None = None
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add_violation(self, line: str) -> None:
        """Tell of something that is not as promised."""
        self.violations.append(f"{self.client} {self.name}: {' '.join(line.split())}")


def markdown(parts: Sequence[Part]) -> str:
    """The whole report."""
    rows = [
        "| client | part | sent | came back | peak memory / limit | s | |",
        "|---|---|---|---|---:|---:|---|",
    ]
    for each in parts:
        back = ", ".join(f"{name}: {count}" for name, count in sorted(each.came_back.items()))
        memory = "–"
        if each.peak_mb is not None:
            limit = f" / {each.limit_mb:,.0f} MB" if each.limit_mb is not None else " MB"
            memory = f"{each.peak_mb:,.0f}{limit}"
        verdict = f"**{len(each.violations)} violations**" if each.violations else "held"
        rows.append(
            f"| {each.client} | {each.name} | {each.sent} | {back} | {memory} "
            f"| {each.seconds:.0f} | {verdict} |"
        )
    lines = ["\n".join(rows)]
    notes = [f"- {each.client} {each.name}: {note}" for each in parts for note in each.notes]
    if notes:
        lines.append("\n".join(notes))
    return "\n\n".join(lines) + "\n"

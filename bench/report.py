"""The format of results: Markdown tables, goals that are met or not, and everything as JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np


class CannotMeasure(Exception):
    """Something that the bench needs is not there or does not work; one line that says what."""


@dataclass(frozen=True)
class Goal:
    """A promise of the project, and what this run has to say about it."""

    text: str
    measured: str
    met: bool


@dataclass(frozen=True)
class Table:
    """A Markdown table; the first column names the row."""

    title: str
    columns: list[str]
    rows: list[list[str]]

    def markdown(self) -> str:
        """The table, with its title above."""
        lines = [f"## {self.title}", "", _row(self.columns)]
        lines.append(_row(["---", *["---:"] * (len(self.columns) - 1)]))
        lines += [_row(row) for row in self.rows]
        return "\n".join(lines)


@dataclass(frozen=True)
class PartResult:
    """What one part of the bench found. `numbers` is the same for programs: plain JSON values."""

    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)


def markdown(heading: str, results: Sequence[PartResult]) -> str:
    """The whole report."""
    blocks = [f"# {heading}"]
    for result in results:
        blocks += [table.markdown() for table in result.tables]
        blocks += result.notes
    goals = [goal for result in results for goal in result.goals]
    if goals:
        lines = [f"- {g.text}: {g.measured}, **{'met' if g.met else 'not met'}**" for g in goals]
        blocks.append("\n".join(["## Goals", "", *lines]))
    return "\n\n".join(blocks) + "\n"


def as_json(machine: dict[str, Any], results: dict[str, PartResult]) -> dict[str, Any]:
    """The whole report for programs."""
    return {
        "machine": machine,
        "parts": {name: result.numbers for name, result in results.items()},
        "goals": [asdict(goal) for result in results.values() for goal in result.goals],
    }


def p50(seconds: Sequence[float]) -> float:
    """The median."""
    return float(np.percentile(seconds, 50))


def p95(seconds: Sequence[float]) -> float:
    """The 95th percentile, interpolated; of few values nearly the largest."""
    return float(np.percentile(seconds, 95))


def ms(seconds: float) -> str:
    """Seconds as milliseconds, for people."""
    return f"{1e3 * seconds:.1f}" if seconds < 0.1 else f"{1e3 * seconds:.0f}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"

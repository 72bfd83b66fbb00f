"""Steps, waiting, going back: the evidence is a script here."""

import pytest

from local.promotion.analysis import Analysis
from local.promotion.conditions import Judgment
from local.promotion.evidence import NoEvidence


class Script:
    """What is seen at each look; `stop` after it is over."""

    def __init__(self, *looks: str, refuses: int | None = None):
        self.looks = list(looks)
        self.refuses = refuses
        self.done: list[str] = []
        self.lines: list[str] = []

    def evaluate(self):
        verdict = self.looks.pop(0)
        if verdict == "away":
            raise NoEvidence("the gateway does not answer")
        return [Judgment("yes", "errors: yes"), Judgment(verdict, f"winrate: {verdict}")]

    def move(self, percent: int) -> bool:
        self.done.append(str(percent))
        return percent != self.refuses

    def go_back(self) -> bool:
        self.done.append("back")
        return True

    def run(self, now: int, *steps: int, timeout_s: float = 60.0) -> str:
        return Analysis(
            self.evaluate, lambda: self.done.append("mark"), self.move, self.go_back,
            lambda seconds: not self.looks, self.lines.append, 1.0, timeout_s,
        ).run(now, steps)  # fmt: skip


def test_it_waits_at_each_step():
    script = Script("not yet", "not yet", "yes", "away", "yes", "yes")
    assert script.run(10, 10, 50, 100) == "promoted"
    assert script.done == ["mark", "50", "mark", "100", "mark"]
    assert script.lines == [
        "10 %: errors: yes; winrate: not yet",
        "10 %: errors: yes; winrate: yes",
        "50 %: moving the traffic",
        "50 %: the gateway does not answer",
        "50 %: errors: yes; winrate: yes",
        "100 %: moving the traffic",
        "100 %: errors: yes; winrate: yes",
    ]


def test_zero_share_needs_no_evidence():
    script = Script("yes", "yes")
    assert script.run(0, 10, 100) == "promoted"
    assert script.done == ["10", "mark", "100", "mark"]


@pytest.mark.parametrize(
    ("script", "outcome", "done"),
    [
        (Script("yes", "no"), "back", ["mark", "50", "mark", "back"]),
        (Script("no"), "back", ["mark", "back"]),
        (Script("yes", refuses=50), "refused", ["mark", "50"]),
        (Script("yes", "not yet"), "stopped", ["mark", "50", "mark"]),
    ],
)
def test_other_outcomes(script, outcome, done):
    assert script.run(10, 10, 50, 100) == outcome
    assert script.done == done


def test_no_evidence_in_time():
    script = Script("not yet", "not yet")
    assert script.run(10, 100, timeout_s=0.0) == "undecided"
    assert script.done == ["mark"]

"""The conditions of `--when`: `winrate(v2, v1) > 0.5 and errors < 1% and p95 < 2s`.

A win rate holds only if its whole interval is on the right side of the limit, and is broken only if
all of it is on the wrong side. Errors and p95 are guards: they hold as measured once there are
enough requests, and are broken only if chance is no explanation.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Verdict = Literal["yes", "not yet", "no"]

_NUMBER = r"(?P<number>\d+(?:\.\d+)?|\.\d+)\s*(?P<unit>%|ms|s|)"
_MODEL = r"[A-Za-z0-9][\w./-]*"
_WIN_RATE = re.compile(
    rf"winrate\(\s*(?P<a>{_MODEL})\s*,\s*(?P<b>{_MODEL})\s*\)\s*(?P<sign>[<>])\s*{_NUMBER}"
)
_GUARD = re.compile(rf"(?P<name>errors|p95)\s*<\s*{_NUMBER}")
# A guard that holds is called broken at one step in this many at most, however often it is looked
# at.
_LIKELIHOOD_RATIO = 20.0
# A share is measured by at least this many requests.
_MIN_REQUESTS = 20


class RequestStats(Protocol):
    """What the gateway counted of a predictor."""

    requests: int
    failed: int

    def slower_than(self, ms: float) -> int:
        """How many requests took longer."""


@dataclass(frozen=True)
class Judgment:
    """Whether a condition holds, and by what, for people."""

    verdict: Verdict
    text: str


class Condition(Protocol):
    """One of those that `and` joins."""

    def judge(self, report: Mapping[str, Any], stats: RequestStats) -> Judgment:
        """By what people chose, and what was counted since the last step."""


@dataclass(frozen=True)
class WinRate:
    """How often one model is preferred to the other, above (or below) a share from 0 to 1."""

    one: str
    other: str
    above: bool
    limit: float

    def judge(self, report: Mapping[str, Any], stats: RequestStats) -> Judgment:
        """By the interval of the report, whose pairs have models as in `color/v2`."""
        name, wanted = f"winrate({self.one}, {self.other})", f"{'<>'[self.above]} {self.limit:g}"
        pairs = [pair for pair in report.get("pairs", []) if self._compares(pair["models"])]
        if len(pairs) != 1 or pairs[0]["win_rate"] is None:
            models = sorted({each for pair in report.get("pairs", []) for each in pair["models"]})
            why = "is of several pairs" if len(pairs) > 1 else "no choice between them yet"
            return Judgment("not yet", f"{name}: {why}; seen: {', '.join(models) or 'none'}")
        (pair,) = pairs
        rate: float = pair["win_rate"]
        low, high = pair["interval"]
        if not _matches(self.one, pair["models"][0]):
            rate, low, high = 1 - rate, 1 - high, 1 - low
        holds, broken = (low > self.limit, high < self.limit)
        if not self.above:
            holds, broken = (high < self.limit, low > self.limit)
        verdict: Verdict = "yes" if holds else "no" if broken else "not yet"
        seen = f"{rate:.2f} [{low:.2f}, {high:.2f}] of {pair['choices']} choices"
        return Judgment(verdict, f"{name} {seen}, wanted {wanted}: {verdict}")

    def _compares(self, models: Sequence[str]) -> bool:
        both = ((self.one, self.other), (self.other, self.one))
        return any(all(map(_matches, names, models)) for names in both)


@dataclass(frozen=True)
class Guard:
    """`errors` below a share from 0 to 1, or `p95` below `limit` milliseconds."""

    name: str
    limit: float

    def judge(self, report: Mapping[str, Any], stats: RequestStats) -> Judgment:
        """By the requests that the gateway sent to the predictor."""
        count = stats.requests
        if self.name == "errors":
            bad, share = stats.failed, self.limit
            wanted = f"{self.limit:.2%}"
        else:
            bad, share = stats.slower_than(self.limit), 0.05
            wanted = f"{self.limit:g} ms, so at most 5.00% slower"
        enough = count >= max(_MIN_REQUESTS, 1 / share)
        verdict: Verdict = "not yet"
        if significantly_above(bad, count, share):
            verdict = "no"
        elif enough and bad < share * count:
            verdict = "yes"
        seen = f"{bad / count:.2%} of {count} requests" if count else "no request yet"
        return Judgment(verdict, f"{self.name}: {seen}, wanted < {wanted}: {verdict}")


def significantly_above(bad: int, count: int, share: float) -> bool:
    """Whether more than this share is bad, as a test that may be repeated after every request.

    Robbins' mixture with the Jeffreys prior: if the true share is no larger, its likelihood ratio
    exceeds 20 with a probability of 5 % at most (Ville's inequality).
    """
    if bad <= share * count:
        return False
    good = count - bad
    mixture = math.lgamma(bad + 0.5) + math.lgamma(good + 0.5) - math.lgamma(count + 1)
    null = bad * math.log(share) + good * math.log1p(-share)
    return mixture - math.log(math.pi) - null > math.log(_LIKELIHOOD_RATIO)


def parse(text: str) -> tuple[Condition, ...]:
    """The conditions of a text. Raises ValueError with what is wrong about it."""
    return tuple(map(_condition, re.split(r"\s+and\s+", text.strip())))


def _condition(text: str) -> Condition:
    if found := _WIN_RATE.fullmatch(text):
        limit = _share(text, found)
        if found["a"] == found["b"]:
            raise ValueError(f"{text!r}: two models are compared, not one with itself")
        return WinRate(found["a"], found["b"], found["sign"] == ">", limit)
    if found := _GUARD.fullmatch(text):
        if found["name"] == "errors":
            return Guard("errors", _share(text, found))
        if found["unit"] not in ("ms", "s") or not float(found["number"]):
            raise ValueError(f"{text!r}: a time is as in 500ms or 2s")
        return Guard("p95", float(found["number"]) * (1000 if found["unit"] == "s" else 1))
    raise ValueError(
        f"{text!r} is no condition; there are winrate(A, B) > X, winrate(A, B) < X, errors < X% "
        "and p95 < Xs, joined by `and`"
    )


def _share(text: str, found: re.Match[str]) -> float:
    value = float(found["number"]) / (100 if found["unit"] == "%" else 1)
    if found["unit"] not in ("", "%") or not 0 < value < 1:
        raise ValueError(f"{text!r}: a share is above 0 and below 1, as in 0.5 or 1%")
    return value


def _matches(name: str, model: str) -> bool:
    """Whether a model is called so, in full or by its version."""
    return name in (model, model.rpartition("/")[2])

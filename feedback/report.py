"""Which model do people prefer? The votes as numbers and in a sentence."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from .interval import choices_needed, interval
from .strengths import strengths

# Of the curve of a pair, as many points as a picture shows.
_MAX_POINTS = 200


@dataclass(frozen=True)
class Point:
    """A pair after `choices` choices: the time (seconds since 1970), how often the first
    model had won, and the 95 % bounds.
    """

    at: float
    choices: int
    win_rate: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Pair:
    """Two models that were compared. A choice has a winner; *both* and *neither* are counted
    separately. `win_rate` and its bounds, 0…1, are those of the first model.
    """

    models: tuple[str, str]
    wins: tuple[int, int]
    both: int
    neither: int
    choices: int
    win_rate: float | None
    interval: tuple[float, float]
    preferred: str | None
    verdict: str
    curve: list[Point] = field(repr=False)


@dataclass(frozen=True)
class Strength:
    """How strong a model is among several (see feedback.strengths)."""

    model: str
    strength: float


@dataclass(frozen=True)
class Agreement:
    """Photos on which the same two models were compared more than once: their number, and how often
    two choices on one of them are the same, 0…1.
    """

    photos: int
    share: float


@dataclass(frozen=True)
class Ratings:
    """Thumbs up and down of one model."""

    model: str
    up: int
    down: int


@dataclass(frozen=True)
class Downloads:
    """How many pictures of one model were saved."""

    model: str
    count: int


@dataclass(frozen=True)
class Report:
    """All of it."""

    choices: int
    verdict: str
    pairs: list[Pair]
    strengths: list[Strength]
    agreement: Agreement | None
    ratings: list[Ratings]
    downloads: list[Downloads]


def report(rows: Sequence[Any]) -> Report:
    """The report of these rows (see feedback.votes), oldest first."""
    choices = [pair for pair in pairwise(rows) if _is_choice(*pair)]
    by_models: dict[tuple[str, str], list[tuple[Any, Any]]] = defaultdict(list)
    for one, other in choices:
        first, second = sorted((one, other), key=lambda row: row.model)
        by_models[first.model, second.model].append((first, second))
    pairs = [_pair(models, by_models[models]) for models in sorted(by_models)]
    return Report(
        choices=sum(pair.choices for pair in pairs),
        verdict=_verdict(pairs),
        pairs=pairs,
        strengths=_strengths(pairs),
        agreement=_agreement(choices),
        ratings=_ratings(row for row in rows if row.kind == "rating"),
        downloads=_downloads(row for row in rows if row.kind == "download"),
    )


def _is_choice(one: Any, other: Any) -> bool:
    return bool(one.kind == "choice" and one.vote == other.vote)


def _pair(models: tuple[str, str], choices: list[tuple[Any, Any]]) -> Pair:
    results = Counter(first.result for first, _ in choices)
    wins, losses = results["won"], results["lost"]
    decided = [first for first, _ in choices if first.result in ("won", "lost")]
    low, high = interval(wins, losses)
    preferred = models[0] if low > 0.5 else models[1] if high < 0.5 else None
    return Pair(
        models=models,
        wins=(wins, losses),
        both=results["both"],
        neither=results["neither"],
        choices=len(decided),
        win_rate=wins / len(decided) if decided else None,
        interval=(low, high),
        preferred=preferred,
        verdict=_verdict_text(preferred, wins, losses),
        curve=_curve(decided),
    )


def _curve(decided: list[Any]) -> list[Point]:
    """How the interval developed, in at most _MAX_POINTS points, the last of them now."""
    step = max(1, -(-len(decided) // _MAX_POINTS))
    points, wins = [], 0
    for number, row in enumerate(decided, 1):
        wins += row.result == "won"
        if (len(decided) - number) % step == 0:
            bounds = interval(wins, number - wins)
            points.append(Point(row.at, number, wins / number, bounds))
    return points


def _verdict_text(preferred: str | None, wins: int, losses: int) -> str:
    choices = wins + losses
    if not choices:
        return "no choices yet"
    if preferred:
        most = max(wins, losses)
        low, high = interval(most, choices - most)
        bounds = f"[{100 * low:.0f}, {100 * high:.0f}]"
        share = f"{100 * most / choices:.0f} %"
        return f"{preferred} is preferred: {share} {bounds} of {choices} choices"
    more = choices_needed(wins, losses)
    if more is None:
        return f"no decision yet: after {choices} choices the two are about even"
    return f"no decision yet: about {_rounded(more)} more choices at this rate"


def _rounded(number: int) -> int:
    """Up to two digits: what is only about."""
    unit = 10 ** max(0, len(str(number)) - 2)
    return -(-number // unit) * unit


def _verdict(pairs: list[Pair]) -> str:
    if not pairs:
        return "no choices yet"
    if len(pairs) == 1:
        return pairs[0].verdict
    return "; ".join(f"{' and '.join(pair.models)}: {pair.verdict}" for pair in pairs)


def _strengths(pairs: list[Pair]) -> list[Strength]:
    if len({model for pair in pairs for model in pair.models}) < 3:
        return []
    wins = {}
    for pair in pairs:
        one, other = pair.models
        wins[one, other], wins[other, one] = pair.wins
    found = [Strength(model, strength) for model, strength in strengths(wins).items()]
    return sorted(found, key=lambda each: -each.strength)


def _agreement(choices: list[tuple[Any, Any]]) -> Agreement | None:
    winners: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for one, other in choices:
        if one.result in ("won", "lost"):
            winner = one if one.result == "won" else other
            winners[one.photo, *sorted((one.model, other.model))][winner.model] += 1
    repeated = [counts for counts in winners.values() if counts.total() > 1]
    if not repeated:
        return None
    same = sum(n * (n - 1) for counts in repeated for n in counts.values())
    every = sum(counts.total() * (counts.total() - 1) for counts in repeated)
    return Agreement(photos=len(repeated), share=same / every)


def _ratings(rows: Iterable[Any]) -> list[Ratings]:
    counts = Counter((row.model, row.result) for row in rows)
    models = sorted({model for model, _ in counts})
    return [Ratings(model, counts[model, "up"], counts[model, "down"]) for model in models]


def _downloads(rows: Iterable[Any]) -> list[Downloads]:
    counts = Counter(row.model for row in rows)
    return [Downloads(model, counts[model]) for model in sorted(counts)]

"""Bounds for how often one of two wins, which hold at any time.

A confidence sequence for the mean of yes-or-no trials: the probability that it ever excludes the
true rate, however often one looks, is 5 %. It is the set of rates at which a beta mixture of
likelihoods, a martingale, stays below 1 / 0.05 (H. Robbins, "Statistical methods related to the law
of the iterated logarithm", 1970; S. Howard, A. Ramdas, J. McAuliffe, J. Sekhon, "Time-uniform,
nonparametric, nonasymptotic confidence sequences", 2021).
"""

import math
from collections.abc import Callable

ERROR = 0.05
# The mixture is Beta(10, 10): most of it between 0.3 and 0.7, where two versions of a model are.
# Any mixture is valid. Of those from 0.5 to 100, this one finds 60:40 soonest.
_MIXTURE = 10.0
_LOG_MIXTURE = 2 * math.lgamma(_MIXTURE) - math.lgamma(2 * _MIXTURE)
_STEPS = 40
# More votes than that are a way of saying never.
_MAX_CHOICES = 100_000


def interval(wins: float, losses: float) -> tuple[float, float]:
    """The 95 % bounds, 0…1, of the rate at which the first one wins."""
    if wins + losses == 0:
        return 0.0, 1.0
    threshold = _threshold(wins, losses)
    middle = wins / (wins + losses)

    def is_inside(rate: float) -> bool:
        return _log_likelihood(wins, losses, rate) >= threshold

    low = _bisect(is_inside, middle, 0.0) if wins else 0.0
    high = _bisect(is_inside, middle, 1.0) if losses else 1.0
    return low, high


def is_decided(wins: float, losses: float) -> bool:
    """Whether the bounds exclude 50 %."""
    return _log_likelihood(wins, losses, 0.5) < _threshold(wins, losses)


def choices_needed(wins: int, losses: int) -> int | None:
    """About how many more choices at the present rate decide it; None if none would."""
    choices = wins + losses
    if not choices:
        return None
    if is_decided(wins, losses):
        return 0
    share = wins / choices

    def decides(number: int) -> bool:
        return is_decided(share * number, (1 - share) * number)

    if not decides(_MAX_CHOICES):
        return None
    low, high = choices, _MAX_CHOICES
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle) else (middle, high)
    return high - choices


def _threshold(wins: float, losses: float) -> float:
    """What the log-likelihood of a rate inside the bounds is at least."""
    a, b = _MIXTURE + wins, _MIXTURE + losses
    mixture = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b) - _LOG_MIXTURE
    return mixture + math.log(ERROR)


def _log_likelihood(wins: float, losses: float, rate: float) -> float:
    won = wins * math.log(rate) if wins else 0.0
    return won + (losses * math.log1p(-rate) if losses else 0.0)


def _bisect(is_inside: Callable[[float], bool], inside: float, outside: float) -> float:
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if is_inside(middle) else (inside, middle)
    return (inside + outside) / 2

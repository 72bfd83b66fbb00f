"""The traffic of predictors as whole percents that sum to 100."""

from collections.abc import Mapping

from . import CannotPromote


def with_share(shares: Mapping[str, int], predictor: str, percent: int) -> dict[str, int]:
    """The shares with so much for one predictor, and the rest as the others have had it.

    Who had some keeps at least 1 %. Raises CannotPromote where that cannot be.
    """
    others = {name: share for name, share in shares.items() if name != predictor and share}
    if not others:
        others = {name: 1 for name in shares if name != predictor}
    rest = 100 - percent
    if rest and not others:
        raise CannotPromote(f"{predictor} is the only predictor: all of the traffic is its own")
    if 0 < rest < len(others):
        raise CannotPromote(f"{rest} % cannot be shared among {len(others)}: shares are whole")
    return {**dict.fromkeys(shares, 0), **_apportion(others, rest), predictor: percent}


def _apportion(weights: Mapping[str, int], total: int) -> dict[str, int]:
    """`total` in proportion to the weights: each at least 1 if there is any, the nearest so."""
    if not total:
        return dict.fromkeys(weights, 0)
    exact = {name: total * weight / sum(weights.values()) for name, weight in weights.items()}
    parts = {name: max(1, int(share)) for name, share in exact.items()}
    while (left := total - sum(parts.values())) != 0:
        if left > 0:
            parts[max(parts, key=lambda name: exact[name] - parts[name])] += 1
        else:
            above = [name for name in parts if parts[name] > 1]
            parts[min(above, key=lambda name: exact[name] - parts[name])] -= 1
    return parts

"""The strength of each of several models, where not every one has met every other."""

from collections import Counter
from collections.abc import Mapping

_ROUNDS = 1_000
_PRECISION = 1e-9


def strengths(wins: Mapping[tuple[str, str], int]) -> dict[str, float]:
    """The Bradley–Terry strength of each model: one of 3 beats one of 1 three times in four.

    `wins` is how often the first of two models was chosen over the second. Computed by the MM
    algorithm (D. Hunter, "MM algorithms for generalized Bradley–Terry models", 2004). Each model is
    also counted half a win and half a loss against an average one of strength 1: so a model that
    never lost has a strength, too, and models that never met have a common scale.
    """
    won: Counter[str] = Counter()
    met: Counter[tuple[str, str]] = Counter()
    for (winner, loser), times in wins.items():
        won[winner] += times
        met[winner, loser] += times
        met[loser, winner] += times
    strength = dict.fromkeys(sorted({model for pair in wins for model in pair}), 1.0)
    for _ in range(_ROUNDS):
        before = dict(strength)
        for model in strength:
            against = 1 / (strength[model] + 1)
            for (one, other), times in met.items():
                if one == model:
                    against += times / (strength[model] + strength[other])
            strength[model] = (won[model] + 0.5) / against
        if all(abs(strength[model] / before[model] - 1) < _PRECISION for model in strength):
            break
    return strength

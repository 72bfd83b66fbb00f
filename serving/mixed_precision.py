"""What bfloat16 changes in a model's outputs, whether that is too much, and what it gains.

bfloat16 has 3 digits, float32 has 7. Whether a model tolerates that is measured: its warm-up record
is run in both, and each output is compared relative to the range of its values.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tensorflow.python.client.session import Session
from tensorflow.python.framework.errors import OpError
from tensorflow.python.framework.ops import Graph
from tensorflow.python.ops.gen_image_ops import decode_image

Answers = Sequence[Mapping[str, NDArray]]

# What may change, of the range of an output's values: on average, and anywhere. The record is one
# case for all; in the photographs where the shipped color models change most it is three to four
# times as much as in the middle one.
MAX_MEAN, MAX_DIFFERENCE = 0.0025, 0.025
# How many times as fast bfloat16 must be, to be worth its digits.
MIN_SPEEDUP = 1.1
# The two take turns so often, or for so long.
_ROUNDS, _SECONDS = 5, 10.0


@dataclass(frozen=True)
class Difference:
    """The largest difference of any output, as shares of the range of its values."""

    mean: float
    most: float

    @property
    def matters(self) -> bool:
        """Whether the model must stay in float32."""
        return not (self.mean <= MAX_MEAN and self.most <= MAX_DIFFERENCE)

    def __str__(self) -> str:
        return f"{self.mean:.2%} on average and {self.most:.2%} at most of an output's range"


def difference(plain: Answers, mixed: Answers) -> Difference:
    """The difference between the outputs in bfloat16 and in float32, request by request.

    Bytes that are pictures are compared by their pixels. Everything else that is not a number, and
    integers, must be equal: a class or a name is right or wrong.
    """
    found = [
        _output_difference(one[name], other[name])
        for one, other in zip(plain, mixed, strict=True)
        for name in one
    ]
    return Difference(max(d.mean for d in found), max(d.most for d in found))


def speedup(plain: Callable[[], object], mixed: Callable[[], object]) -> float:
    """How many times as fast `mixed` is, by CPU time: a start is when everything else starts, too.

    The least of each counts, since what else runs in this process only adds.
    """
    least = [float("inf"), float("inf")]
    until = time.monotonic() + _SECONDS
    for _ in range(_ROUNDS):
        for place, work in enumerate((plain, mixed)):
            started = time.process_time()
            work()
            least[place] = min(least[place], time.process_time() - started)
        if time.monotonic() > until:
            break
    return least[0] / least[1]


_NONE, _ALL = Difference(0.0, 0.0), Difference(float("inf"), float("inf"))


def _output_difference(plain: NDArray, mixed: NDArray) -> Difference:
    if plain.shape != mixed.shape:
        return _ALL
    if plain.dtype == object:
        pairs = zip(plain.ravel(), mixed.ravel(), strict=True)
        found = [_bytes_difference(one, other) for one, other in pairs if one != other]
        return max(found, key=lambda each: (each.mean, each.most), default=_NONE)
    if plain.dtype.kind != "f":
        return _NONE if np.array_equal(plain, mixed) else _ALL
    return _number_difference(plain.astype(np.float64), mixed.astype(np.float64))


def _number_difference(
    plain: NDArray[np.float64], mixed: NDArray[np.float64], rounding: float = 0.0
) -> Difference:
    """`rounding` is how far apart rounding alone sets two numbers that are nearly equal."""
    if np.array_equal(plain, mixed):
        return _NONE
    span, apart = np.ptp(plain), np.abs(plain - mixed)
    if not (span > 0 and np.isfinite(apart).all()):
        return _ALL
    most = max(apart.max() - rounding, 0.0)
    return Difference(float(apart.mean() / span), float(most / span))


def _bytes_difference(plain: bytes, mixed: bytes) -> Difference:
    try:
        with Graph().as_default() as graph, Session(graph=graph) as session:
            pictures = session.run([decode_image(plain), decode_image(mixed)])
    except OpError:
        return _ALL
    one, other = (picture.astype(np.float64) for picture in pictures)
    return _number_difference(one, other, rounding=1.0) if one.shape == other.shape else _ALL

"""Color hints: what a person says of the color at a few places, spread over the whole picture.

What the hints differ from the network's color is spread by Gaussian-process regression (Rasmussen
and Williams 2006, section 2.2): a place takes part in a hint's correction as far as it is near it,
as bright, and of the color that the network gave the hint's place. Then a narrow correction makes
the hinted places exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from .lab import Floats

# How far is one unit of distance: in place, in shares of the long side; in L*; in a*b*. Chosen with
# the ridge on held-back training photos (docs/hints.md).
PLACE = 0.5
LIGHTNESS = 35.0
COLOR = 10.0
# The variance of a hint about its true correction, as a share of the corrections' own.
RIDGE = 0.1
# The exact correction reaches so far, in shares of the long side, and in L*.
NEAR = 0.02
_ALIKE = 10.0
# So much a hint may miss its color for another beside it.
_EXACT = 1e-4


@dataclass(frozen=True)
class Hint:
    """The color that is wanted at a place: CIE a*, b*, or None where the network's is to stay.

    `x` and `y` are shares, 0…1, of the picture's width and height as a person sees it.
    """

    x: float
    y: float
    ab: tuple[float, float] | None


def spread(ab: Floats, lightness: Floats, hints: Sequence[Hint], vividness: float = 1.0) -> Floats:
    """The color `vividness * ab` as the hints correct it, a*b* [H,W,2] of the size of `lightness`.

    `ab` is what the network gave, CIE a*, b* [h,w,2] of any size, for the picture whose CIE L* is
    `lightness` [H,W], 0…100. Of hints in one pixel of `lightness` the last one counts.
    """
    height, width = lightness.shape
    network = resized(ab, (width, height))
    at: dict[tuple[int, int], Hint] = {}
    for hint in hints:
        row, column = (min(int(share * n), n - 1) for share, n in
                       ((hint.y, height), (hint.x, width)))  # fmt: skip
        at.pop((row, column), None)
        at[row, column] = hint
    rows, columns = np.array(list(at)).T
    colored = np.float32(vividness) * network
    wanted = np.array(
        [
            there if hint.ab is None else hint.ab
            for hint, there in zip(at.values(), colored[rows, columns], strict=True)
        ],
        np.float32,
    )
    place = np.mgrid[:height, :width].astype(np.float32) / np.float32(max(height, width))
    features = np.stack(
        [*place / PLACE, lightness / LIGHTNESS, *np.moveaxis(network, -1, 0) / COLOR], axis=-1
    ).astype(np.float32)
    _correct(colored, features, (rows, columns), wanted, RIDGE)
    features = np.stack([*place / NEAR, lightness / _ALIKE], axis=-1).astype(np.float32)
    _correct(colored, features, (rows, columns), wanted, _EXACT)
    return colored


def _correct(
    colored: Floats,
    features: Floats,
    places: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]],
    wanted: Floats,
    ridge: float,
) -> None:
    """Add to `colored` [H,W,2] what brings its `places` (rows, columns) to the colors `wanted`
    [N,2], by how like them `features` [H,W,F] are.
    """
    there = features[places]
    gram = _kernel(there, there) + np.float32(ridge) * np.eye(len(there), dtype=np.float32)
    weights = np.linalg.solve(gram, wanted - colored[places])
    for row, row_features in zip(colored, features, strict=True):
        row += _kernel(row_features, there) @ weights


def resized(ab: Floats, size: tuple[int, int]) -> Floats:
    """`ab` [h,w,2] in another size, (width, height)."""
    planes = [
        Image.fromarray(np.ascontiguousarray(ab[..., axis])).resize(size, Image.Resampling.BICUBIC)
        for axis in (0, 1)
    ]
    return np.stack([np.asarray(plane) for plane in planes], axis=-1)


def _kernel(features: Floats, others: Floats) -> Floats:
    """exp(-|f-g|²/2) [M,N] of every pair of features, [M,F] and [N,F]."""
    exponent = features @ others.T
    exponent -= np.square(features).sum(axis=1, keepdims=True) / 2
    exponent -= np.square(others).sum(axis=1) / 2
    return np.exp(np.minimum(exponent, 0, out=exponent), out=exponent)

"""Color hints: a person's colors for a few places, spread over the whole picture.

The differences between the hints and the network's color are spread by Gaussian-process regression
(Rasmussen and Williams 2006, section 2.2). A place takes part in a hint's correction the more, the
nearer it is, the more similar its lightness, and the more similar the network's color. Distance is
measured along the shortest path through the picture, on which edges cost (geodesic distance;
Criminisi et al. 2010), so that a color stays in the object that was pointed at. Then a narrow
correction makes the hinted places exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from .lab import Floats

# How far is one unit of distance: on the way, in shares of the long side; in L*; in a*b*. Chosen,
# as the ridge, on held-back training photos and by eye (docs/hints.md).
WAY = 0.8
LIGHTNESS = 40.0
COLOR = 12.0
# On the way, an edge of so much in L*a*b* is as long as the whole long side.
EDGE = 50.0
# Ways are looked for at this long side, in cells.
CELLS = 64
# The variance of a hint about its true correction, as a share of the corrections' own.
RIDGE = 0.1
# The exact correction reaches so far, in shares of the long side and in L*; and so much of it may
# be missing where another hint is beside it.
_NEAR, _NEAR_LIGHTNESS, _NEAR_RIDGE = 0.02, 10.0, 1e-4

_Places = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]  # rows, columns


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
    network = _resized(ab, (width, height), Image.Resampling.BICUBIC)
    colored = np.float32(vividness) * network
    last = {_pixel(hint, height, width): hint for hint in hints}
    rows, columns = np.array(list(last)).T
    there = rows, columns
    wanted = np.array(
        [
            color if hint.ab is None else hint.ab
            for hint, color in zip(last.values(), colored[there], strict=True)
        ],
        np.float32,
    )

    alike = [lightness[..., None] / LIGHTNESS, network / COLOR]
    ways = _ways(lightness, network, there)
    kernel = np.exp(-0.5 * np.square(ways / WAY)) * _alike(np.concatenate(alike, axis=-1), there)
    _correct(colored, kernel, there, wanted, RIDGE)

    place = np.moveaxis(np.mgrid[:height, :width], 0, -1) / max(height, width)
    near = [lightness[..., None] / _NEAR_LIGHTNESS, place / _NEAR]
    _correct(colored, _alike(np.concatenate(near, axis=-1), there), there, wanted, _NEAR_RIDGE)
    return colored


def _pixel(hint: Hint, height: int, width: int) -> tuple[int, int]:
    return min(int(hint.y * height), height - 1), min(int(hint.x * width), width - 1)


def _correct(colored: Floats, kernel: Floats, there: _Places, wanted: Floats, ridge: float) -> None:
    """Add to `colored` [H,W,2] what brings the places to the colors `wanted` [N,2], each weighted
    by the `kernel` [H,W,N].
    """
    gram = kernel[there] + np.float32(ridge) * np.eye(len(wanted), dtype=np.float32)
    colored += kernel @ np.linalg.solve(gram, wanted - colored[there])


def _alike(features: Floats, there: _Places) -> Floats:
    """exp(-|f-g|²/2) [H,W,N] of all `features` [H,W,F] and those of the places."""
    features = features.astype(np.float32)
    others = features[there]
    exponent = features @ others.T
    exponent -= np.square(features).sum(axis=-1, keepdims=True) / 2
    exponent -= np.square(others).sum(axis=-1) / 2
    return np.exp(np.minimum(exponent, 0, out=exponent), out=exponent)


def _ways(lightness: Floats, ab: Floats, there: _Places) -> Floats:
    """How long is the shortest way from each place to every pixel, [H,W,N], in shares of the long
    side, edges included.
    """
    height, width = lightness.shape
    shrink = min(1.0, CELLS / max(height, width))
    rows, columns = (max(1, round(side * shrink)) for side in (height, width))
    lab = np.concatenate([lightness[..., None], ab], axis=-1)
    cells = _resized(lab, (columns, rows), Image.Resampling.BOX)
    ways = np.full((len(there[0]), rows, columns), np.inf, np.float32)
    starts = there[0] * rows // height, there[1] * columns // width
    ways[np.arange(len(ways)), *starts] = 0
    steps = [_step(cells, down, right) for down, right in ((0, 1), (1, 0), (1, 1), (1, -1))]
    before = np.zeros_like(ways)
    while not np.array_equal(before, ways):
        before = ways.copy()
        for here, beside, cost in steps * 4:
            np.minimum(ways[beside], ways[here] + cost, out=ways[beside])
            np.minimum(ways[here], ways[beside] + cost, out=ways[here])
    return _resized(np.moveaxis(ways, 0, -1), (width, height), Image.Resampling.BILINEAR)


def _step(cells: Floats, down: int, right: int) -> tuple[Any, Any, Floats]:
    """Two views [N, rows, columns] of cells that are one step apart, and what the step costs."""
    rows, columns = cells.shape[:2]
    here = (slice(rows - down), slice(max(0, -right), columns - max(0, right)))
    beside = (slice(down, rows), slice(max(0, right), columns + min(0, right)))
    edge = np.sqrt(np.square(cells[here] - cells[beside]).sum(axis=-1))
    cost = np.hypot(down, right) / max(rows, columns) + edge / EDGE
    return (slice(None), *here), (slice(None), *beside), cost.astype(np.float32)


def _resized(planes: Floats, size: tuple[int, int], how: Image.Resampling) -> Floats:
    """`planes` [h,w,N] in another size, (width, height)."""
    return np.stack(
        [
            np.asarray(Image.fromarray(np.ascontiguousarray(plane, np.float32)).resize(size, how))
            for plane in np.moveaxis(planes, -1, 0)
        ],
        axis=-1,
    )

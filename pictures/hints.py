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

# One unit of distance: along the path, in shares of the long side; in L*; in a*b*. Chosen, as the
# ridge, on held-back training photos and by eye (docs/hints.md).
PATH_SCALE = 0.8
LIGHTNESS_SCALE = 40.0
COLOR_SCALE = 12.0
# On the path, an edge of this much in L*a*b* counts as much as the whole long side.
EDGE_SCALE = 50.0
# Paths are searched on a grid with this many cells on its long side.
GRID_SIDE = 64
# The variance of a hint about its true correction, as a share of the corrections' own.
RIDGE = 0.1
# The exact correction: its reach, in shares of the long side and in L*; and its ridge, for hints
# that are close to one another.
_EXACT_DISTANCE, _EXACT_LIGHTNESS, _EXACT_RIDGE = 0.02, 10.0, 1e-4

_Positions = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]  # rows, columns


@dataclass(frozen=True)
class Hint:
    """The color wanted at a place: CIE a*, b*, or None where the network's is to stay.

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
    positions = rows, columns
    targets = np.array(
        [
            color if hint.ab is None else hint.ab
            for hint, color in zip(last.values(), colored[positions], strict=True)
        ],
        np.float32,
    )

    features = [lightness[..., None] / LIGHTNESS_SCALE, network / COLOR_SCALE]
    distances = _path_lengths(lightness, network, positions)
    kernel = np.exp(-0.5 * np.square(distances / PATH_SCALE)) * _similarity(
        np.concatenate(features, axis=-1), positions
    )
    _correct(colored, kernel, positions, targets, RIDGE)

    place = np.moveaxis(np.mgrid[:height, :width], 0, -1) / max(height, width)
    features = [lightness[..., None] / _EXACT_LIGHTNESS, place / _EXACT_DISTANCE]
    _correct(
        colored,
        _similarity(np.concatenate(features, axis=-1), positions),
        positions,
        targets,
        _EXACT_RIDGE,
    )
    return colored


def _pixel(hint: Hint, height: int, width: int) -> tuple[int, int]:
    return min(int(hint.y * height), height - 1), min(int(hint.x * width), width - 1)


def _correct(
    colored: Floats, kernel: Floats, positions: _Positions, targets: Floats, ridge: float
) -> None:
    """Add to `colored` [H,W,2] what gives the positions the colors `targets` [N,2], weighted by the
    `kernel` [H,W,N].
    """
    gram = kernel[positions] + np.float32(ridge) * np.eye(len(targets), dtype=np.float32)
    colored += kernel @ np.linalg.solve(gram, targets - colored[positions])


def _similarity(features: Floats, positions: _Positions) -> Floats:
    """exp(-|f-g|²/2) [H,W,N] of all `features` [H,W,F] and those at the positions."""
    features = features.astype(np.float32)
    others = features[positions]
    exponent = features @ others.T
    exponent -= np.square(features).sum(axis=-1, keepdims=True) / 2
    exponent -= np.square(others).sum(axis=-1) / 2
    return np.exp(np.minimum(exponent, 0, out=exponent), out=exponent)


def _path_lengths(lightness: Floats, ab: Floats, positions: _Positions) -> Floats:
    """The length of the shortest path from each position to every pixel, [H,W,N], in shares of the
    long side, edges included.
    """
    height, width = lightness.shape
    shrink = min(1.0, GRID_SIDE / max(height, width))
    rows, columns = (max(1, round(side * shrink)) for side in (height, width))
    lab = np.concatenate([lightness[..., None], ab], axis=-1)
    cells = _resized(lab, (columns, rows), Image.Resampling.BOX)
    distances = np.full((len(positions[0]), rows, columns), np.inf, np.float32)
    starts = positions[0] * rows // height, positions[1] * columns // width
    distances[np.arange(len(distances)), *starts] = 0
    steps = [_grid_step(cells, down, right) for down, right in ((0, 1), (1, 0), (1, 1), (1, -1))]
    previous = np.zeros_like(distances)
    while not np.array_equal(previous, distances):
        previous = distances.copy()
        for here, neighbor, cost in steps * 4:
            np.minimum(distances[neighbor], distances[here] + cost, out=distances[neighbor])
            np.minimum(distances[here], distances[neighbor] + cost, out=distances[here])
    return _resized(np.moveaxis(distances, 0, -1), (width, height), Image.Resampling.BILINEAR)


def _grid_step(cells: Floats, down: int, right: int) -> tuple[Any, Any, Floats]:
    """Two views [N, rows, columns] of cells that are one step apart, and what the step costs."""
    rows, columns = cells.shape[:2]
    here = (slice(rows - down), slice(max(0, -right), columns - max(0, right)))
    neighbor = (slice(down, rows), slice(max(0, right), columns + min(0, right)))
    edge = np.sqrt(np.square(cells[here] - cells[neighbor]).sum(axis=-1))
    cost = np.hypot(down, right) / max(rows, columns) + edge / EDGE_SCALE
    return (slice(None), *here), (slice(None), *neighbor), cost.astype(np.float32)


def _resized(planes: Floats, size: tuple[int, int], how: Image.Resampling) -> Floats:
    """`planes` [h,w,N] in another size, (width, height)."""
    return np.stack(
        [
            np.asarray(Image.fromarray(np.ascontiguousarray(plane, np.float32)).resize(size, how))
            for plane in np.moveaxis(planes, -1, 0)
        ],
        axis=-1,
    )

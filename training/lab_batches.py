"""Batches for training: random crops of photos, as L* and a*b*.

L* is roughened the way old photographs are (blur, over-sharpening, grain, faded or hard contrast),
and a*b* is never touched: the network is to find the colors of the scene in spite of it. Without
the blur and sharpening a network learns the sharpness of its training photos by heart: a 3x3 box
blur then costs it 2.4 dB.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.data_cache import View
from training.lab import rgb_to_lab
from training.network import COLOR_STRIDE
from training.recipe import Recipe

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]


def as_batch(rgb: NDArray[np.uint8], rng: np.random.Generator | None = None) -> Batch:
    """uint8 sRGB [B, S, S, 3] -> L* [B, S, S, 1], 0...100, and a*b*/128 [B, S/4, S/4, 2].

    Color is the mean over each 4x4 pixels. With `rng`, L* is roughened.
    """
    lab = rgb_to_lab(rgb)
    batch, side = lab.shape[:2]
    cells = side // COLOR_STRIDE
    ab = lab[..., 1:].reshape(batch, cells, COLOR_STRIDE, cells, COLOR_STRIDE, 2)
    lightness = lab[..., 0]
    if rng is not None:
        lightness = np.stack([roughen(photo, rng) for photo in lightness])
    return lightness[..., None], ab.mean(axis=(2, 4)) / 128.0


def box_blur(lightness: NDArray[np.float32]) -> NDArray[np.float32]:
    """3x3 mean, edges repeated: [S, S] -> [S, S]."""
    rows = np.pad(lightness, ((1, 1), (0, 0)), mode="edge")
    rows = rows[:-2] + rows[1:-1] + rows[2:]
    columns = np.pad(rows, ((0, 0), (1, 1)), mode="edge")
    return (columns[:, :-2] + columns[:, 1:-1] + columns[:, 2:]) / 9.0


def roughen(lightness: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """L* of one photo, 0...100, [S, S], as an old print or a cheap scan would have it."""
    kind = rng.random()
    if kind < 0.35:  # blurred, once or twice, in part
        for _ in range(rng.integers(1, 3)):
            lightness += rng.uniform(0.3, 1.0) * (box_blur(lightness) - lightness)
    elif kind < 0.55:  # over-sharpened
        lightness += rng.uniform(0.2, 1.0) * (lightness - box_blur(lightness))
    if rng.random() < 0.5:  # faded, or a hard print
        gamma, low, high = rng.uniform(0.7, 1.4), rng.uniform(0, 12), rng.uniform(88, 100)
        lightness = low + (high - low) * (np.clip(lightness, 0, 100) / 100.0) ** gamma
    if rng.random() < 0.35:  # grain
        grain = rng.standard_normal(lightness.shape, dtype=np.float32)
        lightness = lightness + rng.uniform(0.5, 5.0) * grain
    return np.clip(lightness, 0.0, 100.0).astype(np.float32)


def random_crop(
    rgb: NDArray[np.uint8], recipe: Recipe, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """A square of random place and size (`recipe.zoom`), resized to the crop side; maybe mirrored.

    The size varies so that no one scale, and no one sharpness, is learned by heart.
    """
    side = rng.uniform(*recipe.zoom) * rgb.shape[0]
    left, top = rng.uniform(0, rgb.shape[1] - side), rng.uniform(0, rgb.shape[0] - side)
    crop = Image.fromarray(rgb).resize(
        (recipe.crop_side, recipe.crop_side),
        Image.Resampling.BILINEAR,
        box=(left, top, left + side, top + side),
    )
    pixels = np.asarray(crop)
    return pixels[:, ::-1] if rng.random() < 0.5 else pixels


def training_batches(photos: NDArray[np.uint8] | View, recipe: Recipe) -> Iterator[Batch]:
    """`recipe.samples` crops in batches; every photo once before any a second time.

    Batch k depends on the seed and k alone, so that a run can start again at any k.
    """
    for step in range(recipe.samples // recipe.batch_size):
        rng = np.random.default_rng((recipe.seed, step))
        places = np.arange(step * recipe.batch_size, (step + 1) * recipe.batch_size)
        crops = np.stack([random_crop(photos[i], recipe, rng) for i in _shuffled(places, photos)])
        yield as_batch(crops, rng)


def _shuffled(places: NDArray[np.int_], photos: NDArray[np.uint8] | View) -> list[int]:
    """Indices of the photos that stand at `places` of an endless shuffle, round after round."""
    indices = []
    for place in places:
        turn, position = divmod(int(place), len(photos))
        indices.append(int(_permutation(turn, len(photos))[position]))
    return indices


_permutations: dict[tuple[int, int], NDArray[np.int_]] = {}


def _permutation(turn: int, count: int) -> NDArray[np.int_]:
    if (turn, count) not in _permutations:
        _permutations.clear()
        _permutations[turn, count] = np.random.default_rng((turn, count)).permutation(count)
    return _permutations[turn, count]


def validation_batches(photos: NDArray[np.uint8], recipe: Recipe) -> list[Batch]:
    """The middle of each validation photo, as it is: the same every time."""
    side = min(recipe.crop_side, photos.shape[1])
    start = (photos.shape[1] - side) // 2
    middle = photos[:, start : start + side, start : start + side]
    return [
        as_batch(middle[i : i + recipe.batch_size])
        for i in range(0, len(middle), recipe.batch_size)
    ]

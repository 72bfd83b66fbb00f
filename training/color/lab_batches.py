"""Batches for training: random crops of photos, as L* and a*b*.

L* is degraded like that of old photographs (blur, over-sharpening, grain, faded or hard contrast),
and a*b* is never changed: the network learns to find the scene's colors in spite of it. Without
blur and sharpening a network overfits to the sharpness of its training photos: a 3x3 box blur then
costs it 2.4 dB.
"""

import functools
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.color.all_convolution import COLOR_STRIDE
from training.color.recipe import STRIDES, Recipe
from training.photos.crops import random_crop
from training.photos.data_cache import View
from training.photos.lab import rgb_to_lab

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]


def as_batch(rgb: NDArray[np.uint8], rng: np.random.Generator | None = None) -> Batch:
    """uint8 sRGB [B, S, S, 3] -> L* [B, S, S, 1], 0...100, and the truth [B, S/4, S/4, 3].

    The truth is a*/128, b*/128 and L*/100, means over each 4x4 pixels. With `rng`, the L* that the
    network is given is degraded, the truth's is not.
    """
    lab = rgb_to_lab(rgb)
    batch, side = lab.shape[:2]
    cells = side // COLOR_STRIDE
    truth = lab.reshape(batch, cells, COLOR_STRIDE, cells, COLOR_STRIDE, 3).mean(axis=(2, 4))
    truth = np.concatenate([truth[..., 1:] / 128.0, truth[..., :1] / 100.0], axis=-1)
    lightness = lab[..., 0]
    if rng is not None:
        lightness = np.stack([degrade(photo, rng) for photo in lightness])
    return lightness[..., None], truth


def box_blur(lightness: NDArray[np.float32]) -> NDArray[np.float32]:
    """3x3 mean, edges repeated: [S, S] -> [S, S]."""
    rows = np.pad(lightness, ((1, 1), (0, 0)), mode="edge")
    rows = rows[:-2] + rows[1:-1] + rows[2:]
    columns = np.pad(rows, ((0, 0), (1, 1)), mode="edge")
    return (columns[:, :-2] + columns[:, 1:-1] + columns[:, 2:]) / 9.0


def degrade(lightness: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """L* of one photo, 0...100, [S, S], degraded as in an old print or a cheap scan."""
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
    lightness = np.clip(lightness, 0.0, 100.0)
    if rng.random() < 0.2:  # a small JPEG file
        lightness = through_jpeg(lightness, int(rng.integers(20, 75)))
    return lightness.astype(np.float32)


def through_jpeg(lightness: NDArray[np.float32], quality: int) -> NDArray[np.float32]:
    """L* of one photo, 0...100, [S, S], with the blocks and rings of a JPEG file."""
    file = io.BytesIO()
    Image.fromarray((lightness * 2.55 + 0.5).astype(np.uint8)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file), np.float32) / 2.55


def training_batch(
    photos: NDArray[np.uint8] | View, recipe: Recipe, step: int, rows: slice = slice(None)
) -> Batch:
    """`rows` of batch `step` of random crops; every photo once before any a second time.

    Each crop depends on the seed and its place in the whole run alone, so that a run can start
    again at any step, and workers can make a part of each batch.
    """
    places = range(step * recipe.batch_size, (step + 1) * recipe.batch_size)
    made = []
    for place in places[rows]:
        rng = np.random.default_rng((recipe.seed, place))
        photo = photos[_shuffled(place, len(photos))]
        crop = random_crop(photo, recipe.crop_side, recipe.zoom, rng, Image.Resampling.BILINEAR)
        made.append(as_batch(crop[None], rng))
    lightness, truth = zip(*made, strict=True)
    return np.concatenate(lightness), np.concatenate(truth)


def _shuffled(place: int, count: int) -> int:
    """Index of the photo that stands at `place` of an endless shuffle, round after round."""
    turn, position = divmod(place, count)
    return int(_permutation(turn, count)[position])


@functools.lru_cache(maxsize=2)  # a batch may end one round and begin the next
def _permutation(turn: int, count: int) -> NDArray[np.int_]:
    return np.random.default_rng((turn, count)).permutation(count)


def validation_batches(photos: NDArray[np.uint8], recipe: Recipe) -> list[Batch]:
    """The middle of each validation photo, as it is: the same every time."""
    stride = STRIDES[recipe.network]
    side = min(recipe.crop_side, photos.shape[1] // stride * stride)
    start = (photos.shape[1] - side) // 2
    middle = photos[:, start : start + side, start : start + side]
    return [
        as_batch(middle[i : i + recipe.batch_size])
        for i in range(0, len(middle), recipe.batch_size)
    ]

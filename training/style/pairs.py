"""Batches of pairs: a crop of a photo, and the style to paint it in."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.photos.crops import random_crop
from training.photos.data_cache import View
from training.style.recipe import StyleRecipe
from training.style.style_bank import StyleBank

Batch = tuple[dict[str, NDArray], dict[str, Any]]

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


def make_batch(
    contents: NDArray[np.uint8], rows: list[int], bank: StyleBank, recipe: StyleRecipe
) -> Batch:
    """What one step needs: what the network is given, and what it is judged by.

    Given: `content` float32 [B, S, S, 3], RGB in 0...1; `style` the vectors [B, 100], or the
    pictures [B, 256, 256, 3] where the style network is trained, too. Judged by: `statistics` of
    the style; `own` float32 [B], 1 where the style is the photo's own.
    """
    inputs = {
        "content": contents.astype(np.float32) / 255.0,
        "style": (
            bank.rgb[rows].astype(np.float32) / 255.0
            if recipe.train_style_network
            else bank.vectors[rows]
        ),
    }
    own = (np.array(rows) >= len(bank.share) - bank.own).astype(np.float32)
    return inputs, {"statistics": bank.statistics_of(rows), "own": own}


def training_batch(photos: View, bank: StyleBank, recipe: StyleRecipe, step: int) -> Batch:
    """Random pairs; batch k depends on the seed and k alone."""
    paintings, _ = bank.paintings(recipe.validation_share)
    rng = np.random.default_rng((recipe.seed, step))
    contents, rows = [], []
    for _ in range(recipe.batch_size):
        if rng.random() < recipe.own_share:
            row = int(rng.choice(bank.own_rows))
            crop = _crop(bank.rgb[row], recipe, rng)
        else:
            row = int(rng.choice(paintings))
            crop = _crop(photos[int(rng.integers(len(photos)))], recipe, rng)
            if rng.random() < recipe.gray_share:
                crop = gray(crop)
        contents.append(crop)
        rows.append(row)
    return make_batch(np.stack(contents), rows, bank, recipe)


def _crop(
    rgb: NDArray[np.uint8], recipe: StyleRecipe, rng: np.random.Generator
) -> NDArray[np.uint8]:
    return random_crop(rgb, recipe.crop_side, recipe.zoom, rng, Image.Resampling.BICUBIC)


def validation_pairs(
    photos: NDArray[np.uint8], bank: StyleBank, recipe: StyleRecipe
) -> tuple[NDArray[np.uint8], list[int]]:
    """Held-back photos, their middles, and as many rows of held-back paintings."""
    _, paintings = bank.paintings(recipe.validation_share)
    count = recipe.validation_pairs
    side = min(recipe.crop_side, photos.shape[1] // 8 * 8)
    start = (photos.shape[1] - side) // 2
    middle = photos[:, start : start + side, start : start + side]
    return middle[np.arange(count) % len(middle)], np.resize(paintings, count).tolist()


def gray(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same picture without color."""
    luma = np.rint(rgb.astype(np.float32) @ LUMA).astype(np.uint8)
    return np.repeat(luma[..., None], 3, axis=-1)

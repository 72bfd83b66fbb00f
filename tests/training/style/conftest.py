"""Tiny networks, a VGG-19 with random weights, and pictures to learn from."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.style.recipe import StyleRecipe
from training.style.recipes import v1
from training.style.vgg import LAYERS

TINY = {
    "width": 2,
    "blocks": 1,
    "style_width": 0.1,
    "train_style_network": False,
    "photo_side": 48,
    "crop_side": 32,
    "own_photos": 2,
    "validation_pairs": 4,
    "samples": 32,
    "samples_per_epoch": 16,
    "batch_size": 4,
    "bfloat16": False,
}


@pytest.fixture(scope="session")
def tiny_recipe() -> StyleRecipe:
    import dataclasses

    return dataclasses.replace(v1.RECIPE, **TINY)


@pytest.fixture(scope="session")
def vgg_weights(tmp_path_factory) -> Path:
    """An npz file of the real shapes; random, with variances that keep features alive."""
    rng = np.random.default_rng(0)
    values, inputs = {}, 3
    for name, outputs in LAYERS.items():
        deviation = np.sqrt(2.0 / (9 * inputs))
        kernel = rng.standard_normal((3, 3, inputs, outputs), np.float32) * deviation
        values[f"{name}/kernel"], values[f"{name}/bias"] = kernel, np.zeros(outputs, np.float32)
        inputs = outputs
    path = tmp_path_factory.mktemp("vgg") / "vgg19.npz"
    np.savez(path, **values)
    return path


def smooth(seed: int, side: int) -> np.ndarray:
    """A random picture, uint8 [side, side, 3], with large and small shapes."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8))
    rough = rng.integers(-20, 20, (side, side, 3))
    picture = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC)) + rough
    return np.clip(picture, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def photos_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(10):
        Image.fromarray(smooth(seed, 60)).save(folder / f"{seed}.png")
    return folder


@pytest.fixture(scope="session")
def styles_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("styles")
    for seed in range(100, 106):
        Image.fromarray(smooth(seed, 80)).save(folder / f"{seed}.png")
    (folder / "broken.png").write_bytes(b"\x89PNG and no more")
    return folder

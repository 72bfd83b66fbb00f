"""PSNR that a model gains by color hints: the true color at random places."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from pictures.hints import Hint, spread
from training.color.evaluate import Colorer
from training.color.metrics import Score, Truth
from training.photos.lab import lab_to_rgb


def hint_psnr(
    models: dict[str, Colorer],
    photos: Sequence[NDArray[np.uint8]],
    counts: Sequence[int],
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, NDArray[np.float64]]:
    """PSNR in dB of each model with no hint, then with each of `counts`: [photos, 1 + counts].

    `photos` are uint8 sRGB [H, W, 3]. The places are drawn from `seed` and the photo's number, the
    first ones first, so that more hints are the fewer and some more.
    """
    found: dict[str, list[list[float]]] = {name: [] for name in models}
    for index, photo in enumerate(photos):
        truth = Truth.of(photo)
        lightness = truth.lab[..., 0]
        height, width = lightness.shape
        rng = np.random.default_rng([seed, index])
        hints = []
        for x, y in rng.uniform(size=(max(counts), 2)):
            a, b = map(float, truth.lab[int(y * height), int(x * width), 1:])
            hints.append(Hint(x, y, (a, b)))
        for name, colorer in models.items():
            ab = colorer(truth.lab).astype(np.float32)
            colors = [ab, *(spread(ab, lightness, hints[:count]) for count in counts)]
            pictures = (lab_to_rgb(np.dstack([lightness, each])) for each in colors)
            found[name].append([Score.of(truth, picture).psnr for picture in pictures])
        progress(index + 1, len(photos))
    return {name: np.array(values) for name, values in found.items()}


def hint_table(found: dict[str, NDArray[np.float64]], counts: Sequence[int]) -> str:
    """The mean PSNR without hints, and what hints add to it, as a Markdown table."""
    lines = [
        "| hints | 0 | " + " | ".join(map(str, counts)) + " |",
        "|---" * (len(counts) + 2) + "|",
    ]
    for name, psnr in found.items():
        first, *others = psnr.mean(axis=0)
        added = " | ".join(f"{other - first:+.2f} dB" for other in others)
        lines.append(f"| {name} | {first:.2f} dB | {added} |")
    return "\n".join(lines)

"""The effect of `strength` on a picture: how evenly it changes, and how much of the photo stays.

The published SavedModel is measured, by its `packed` signature.
"""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.photos.ciede2000 import ciede2000
from training.photos.lab import rgb_to_lab
from training.publishing.saved_model import load_signature

STRENGTHS = tuple(k / 10 for k in range(11))

Picture = NDArray[np.uint8]  # sRGB [H, W, 3]
# Photo, style, strengths -> a picture for each strength.
PaintAt = Callable[[Picture, Picture, Sequence[float]], list[Picture]]


def edges_kept(picture: Picture, photo: Picture) -> float:
    """How much of the photo's edges a picture keeps: correlation of the gradients of their L*.

    1 for the photo itself; NaN if one of the two is flat.
    """

    def gradients(rgb: Picture) -> NDArray[np.floating]:
        lightness = rgb_to_lab(rgb)[..., 0]
        return np.concatenate([np.diff(lightness, axis=axis).ravel() for axis in (0, 1)])

    with np.errstate(invalid="ignore"):
        return float(np.corrcoef(gradients(picture), gradients(photo))[0, 1])


def load_packed(folder: Path) -> PaintAt:
    """The model in `folder`, found as by `find_saved_model`. Raises ModelError."""
    signature = load_signature(folder, "packed", "strength")

    def paint(photo: Picture, style: Picture, strengths: Sequence[float]) -> list[Picture]:
        answer = signature(
            content_bytes=tf.repeat(tf.io.encode_png(photo), len(strengths)),
            style_bytes=tf.repeat(tf.io.encode_png(style), len(strengths)),
            strength=tf.constant(strengths, tf.float32),
        )
        return [tf.io.decode_png(png).numpy() for png in answer["stylized_bytes"]]

    return paint


@dataclasses.dataclass(frozen=True)
class StrengthCurve:
    """Means over pairs: what each of STRENGTHS keeps, and what each step between them changes."""

    edges: list[float]  # edges_kept at each strength
    steps: list[float]  # CIEDE2000, mean over pixels; one less

    @property
    def unevenness(self) -> float:
        """The largest step over the smallest; 1 would be even."""
        return max(self.steps) / max(min(self.steps), 1e-6)


def strength_curve(
    paint: PaintAt,
    pairs: Sequence[tuple[Picture, Picture]],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> StrengthCurve:
    """Paint every pair (photo, style) at each of STRENGTHS.

    The first step is taken from the photo itself: a model whose strength 0 is another picture than
    the photo jumps there.
    """
    edges, steps = [], []
    for done, (photo, style) in enumerate(pairs, start=1):
        pictures = paint(photo, style, STRENGTHS)
        edges.append([edges_kept(picture, photo) for picture in pictures])
        labs = [rgb_to_lab(picture) for picture in (photo, *pictures[1:])]
        steps.append([ciede2000(*two).mean() for two in zip(labs, labs[1:], strict=False)])
        progress(done, len(pairs))
    return StrengthCurve(np.mean(edges, axis=0).tolist(), np.mean(steps, axis=0).tolist())


def strength_table(curves: dict[str, StrengthCurve]) -> str:
    """The curves as a Markdown table."""
    lines = [
        f"| strength | {' | '.join(f'{s:g}' for s in STRENGTHS)} | largest / smallest step |",
        "|---" * (len(STRENGTHS) + 2) + "|",
    ]
    for name, curve in curves.items():
        steps = " | ".join(f"{step:.2f}" for step in curve.steps)
        edges = " | ".join(f"{edge:.2f}" for edge in curve.edges)
        lines.append(f"| {name}, CIEDE2000 from the last | – | {steps} | {curve.unevenness:.2f} |")
        lines.append(f"| {name}, edges kept | {edges} | |")
    return "\n".join(lines)

"""Compare published models with each other and with the baselines, by the protocol of `metrics`.

What is evaluated is what is published: the SavedModel's `serving_default` signature.
"""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.lab import lab_to_rgb, rgb_to_lab
from training.metrics import Score, bootstrap_interval, psnr

Colorer = Callable[[NDArray[np.float32]], NDArray[np.floating]]  # true L*a*b* -> a*b*, [H, W, 2]

# The mean a*, b* of the photos that the shipped models are trained on.
MEAN_AB = (-1.79, 10.63)

BASELINES: dict[str, Colorer] = {
    "gray": lambda lab: np.zeros_like(lab[..., 1:]),
    "constant mean a\\*b\\*": lambda lab: np.full_like(lab[..., 1:], MEAN_AB),
    "half of the true chroma": lambda lab: lab[..., 1:] / 2.0,
}


class ModelError(Exception):
    """There is no color model in the folder; the message says why, in one line."""


def load_colorer(folder: Path) -> Colorer:
    """The model in `folder`: a version's folder, or a base path of versions (the highest counts).

    Raises ModelError.
    """
    numbered = [f for f in folder.glob("*") if f.name.isdigit() and (f / "saved_model.pb").exists()]
    version = max(numbered, key=lambda f: int(f.name), default=folder)
    if not (version / "saved_model.pb").exists():
        raise ModelError(f"no SavedModel in {folder}: name a version's folder or one above it")
    # Kept by the closure: a signature dies with the object it came from.
    model = tf.saved_model.load(str(version))
    if "serving_default" not in model.signatures:
        raise ModelError(f"the SavedModel in {version} has no signature serving_default")
    signature = model.signatures["serving_default"]

    def color(lab: NDArray[np.float32]) -> NDArray[np.floating]:
        (ab,) = signature(input_1=tf.constant(lab[None, ..., :1])).values()
        return ab[0].numpy() * 128.0

    color.model = model  # type: ignore[attr-defined]
    return color


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """One model's (or baseline's) scores, photo by photo, and the pictures it made."""

    name: str
    scores: list[Score]
    pictures: list[NDArray[np.uint8]]

    def mean(self, measure: str) -> float:
        """Mean over photos of one of Score's measures."""
        return float(np.mean([getattr(score, measure) for score in self.scores]))

    def summary(self) -> dict[str, float]:
        """Every figure of the table, for JSON."""
        low, high = bootstrap_interval(np.array([score.psnr for score in self.scores]))
        return {
            "psnr": self.mean("psnr"),
            "psnr_low": low,
            "psnr_high": high,
            "psnr_pooled": psnr(self.mean("mse")),
            "colorfulness": self.mean("colorfulness"),
            "colorfulness_error": self.mean("colorfulness_error"),
            "ciede2000": self.mean("ciede2000"),
            "low_chroma": self.mean("low_chroma"),
        }


def evaluate(name: str, colorer: Colorer, photos: Sequence[NDArray[np.uint8]]) -> Evaluation:
    """Color every photo (uint8 sRGB [H, W, 3]) from its L* and score the result."""
    scores, pictures = [], []
    for photo in photos:
        lab = rgb_to_lab(photo)
        ab = np.asarray(colorer(lab), np.float32)
        picture = lab_to_rgb(np.concatenate([lab[..., :1], ab], axis=-1))
        scores.append(Score.of(photo, picture))
        pictures.append(picture)
    return Evaluation(name, scores, pictures)


def compare(models: dict[str, Colorer], photos: Sequence[NDArray[np.uint8]]) -> list[Evaluation]:
    """The baselines, then `models`, then the truth itself, on the same photos."""
    everything = {**BASELINES, **models, "truth": lambda lab: lab[..., 1:]}
    return [evaluate(name, colorer, photos) for name, colorer in everything.items()]


def markdown_table(evaluations: Sequence[Evaluation]) -> str:
    """The figures as a Markdown table; the last evaluation is the truth."""
    truth = evaluations[-1].summary()
    lines = [
        "| prediction | PSNR, mean per photo [95 %] | PSNR, pooled | colorfulness (share of truth) "
        "| colorfulness error | CIEDE2000 | pixels with chroma < 5 |",
        "|---|---|---|---|---|---|---|",
    ]
    for evaluation in evaluations:
        s = evaluation.summary()
        exact = evaluation is evaluations[-1]
        interval = f"{s['psnr']:.2f} [{s['psnr_low']:.2f}, {s['psnr_high']:.2f}] dB"
        cells = (
            evaluation.name,
            "–" if exact else interval,
            "–" if exact else f"{s['psnr_pooled']:.2f} dB",
            f"{s['colorfulness']:.1f} ({s['colorfulness'] / truth['colorfulness']:.0%})",
            f"{s['colorfulness_error']:.1f}",
            f"{s['ciede2000']:.2f}",
            f"{s['low_chroma']:.0%}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)

"""Compare published models with each other and with the baselines, by the protocol of `metrics`.

The published SavedModel is evaluated, by its `serving_default` signature.
"""

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.color.degrade import Degrade
from training.color.metrics import (
    Estimate,
    Score,
    Truth,
    colorfulness,
    mean_with_interval,
    pooled_psnr,
)
from training.photos.contact_sheet import write_contact_sheet
from training.photos.lab import lab_to_rgb, rgb_to_lab
from training.publishing.saved_model import load_signature

# True L*a*b* [H, W, 3] -> a*b* [H, W, 2]; a model is given L* alone, and maybe a rough one.
Colorer = Callable[[NDArray[np.float32]], NDArray[np.floating]]

# The mean a*, b* of the 320 photos of BSDS500 that the shipped models are judged on.
MEAN_AB = (-1.79, 10.63)

BASELINES: dict[str, Colorer] = {
    "gray": lambda lab: np.zeros_like(lab[..., 1:]),
    "constant mean a\\*b\\*": lambda lab: np.full_like(lab[..., 1:], MEAN_AB),
    "half of the true chroma": lambda lab: lab[..., 1:] / 2.0,
}
TRUTH = "truth"
MEASURES = [field.name for field in dataclasses.fields(Score)]


def load_colorer(folder: Path) -> Colorer:
    """The model in `folder`, found as by `find_saved_model`. Raises ModelError."""
    import tensorflow as tf

    signature = load_signature(folder, "serving_default", "input_1")

    def color(lab: NDArray[np.float32]) -> NDArray[np.floating]:
        (ab,) = signature(input_1=tf.constant(lab[None, ..., :1])).values()
        return ab[0].numpy() * 128.0

    return color


def gain_for(
    colorer: Colorer, photos: Sequence[NDArray[np.uint8]], wanted: float, rounds: int = 4
) -> float:
    """The factor on the a*b* of `colorer` that gives a mean colorfulness of `wanted`.

    PSNR falls as colorfulness rises, so it can compare only models of equal colorfulness.
    Colorfulness is nearly proportional to the gain, so few `rounds` come within 0.1.
    """
    labs = [rgb_to_lab(photo) for photo in photos]
    colors = [colorer(lab) for lab in labs]
    gain = 1.0
    for _ in range(rounds):
        found = [
            colorfulness(_picture(lab, gain * ab)) for lab, ab in zip(labs, colors, strict=True)
        ]
        gain *= wanted / max(float(np.mean(found)), 1e-3)
    return gain


def with_gain(colorer: Colorer, gain: float) -> Colorer:
    """`colorer` with its a*b* multiplied by `gain`."""
    return lambda lab: colorer(lab) * gain


def _picture(lab: NDArray[np.float32], ab: NDArray[np.floating]) -> NDArray[np.uint8]:
    return lab_to_rgb(np.concatenate([lab[..., :1], ab], axis=-1))


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """A prediction's scores, photo by photo, and some of the pictures it made."""

    name: str
    gain: float | None = None  # that a model's a*b* were multiplied by; None: a baseline
    scores: list[Score] = dataclasses.field(default_factory=list)
    pictures: list[NDArray[np.uint8]] = dataclasses.field(default_factory=list)

    def values(self, measure: str) -> NDArray[np.float64]:
        """One of Score's measures, photo by photo."""
        return np.array([getattr(score, measure) for score in self.scores])

    def estimates(self) -> dict[str, Estimate]:
        """The mean of each measure with its interval, and the pooled PSNR."""
        found = {measure: mean_with_interval(self.values(measure)) for measure in MEASURES}
        return {**found, "psnr_pooled": pooled_psnr(self.values("mse"))}

    def summary(self) -> dict[str, dict[str, float]]:
        """The same for JSON: `{measure: {"mean", "low", "high"}}`."""
        return {name: dataclasses.asdict(found) for name, found in self.estimates().items()}


def compare(
    models: dict[str, Colorer],
    photos: Sequence[NDArray[np.uint8]],
    degrade: Degrade | None = None,
    gains: Sequence[float] = (1.0,),
    shown: int = 24,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Evaluation]:
    """The baselines, then each of `models` at each of `gains`, then the truth, on the same photos.

    `photos` are uint8 sRGB [H, W, 3]. The models get L* after `degrade`; a picture is the clean L*
    with their color, so that color alone is judged. The pictures of `shown` photos, spread evenly,
    are kept. `progress` is called with the number of photos done.
    """
    baselines = {**BASELINES, TRUTH: lambda lab: lab[..., 1:]}
    found: dict[tuple[str, float | None], Evaluation] = {}
    found |= {(name, None): Evaluation(name) for name in BASELINES}
    for name, factor in itertools.product(models, gains):
        found[name, factor] = Evaluation(name if factor == 1.0 else f"{name} × {factor:g}", factor)
    found[TRUTH, None] = Evaluation(TRUTH)
    kept = set(np.linspace(0, len(photos) - 1, min(shown, len(photos))).astype(int).tolist())

    for index, photo in enumerate(photos):
        truth = Truth.of(photo)
        seen = truth.lab
        if degrade:
            lightness = degrade(truth.lab[..., 0], np.random.default_rng(index))
            seen = np.concatenate([lightness[..., None], truth.lab[..., 1:]], axis=-1)
        colors = {name: colorer(seen) for name, colorer in models.items()}
        for (name, gain), evaluation in found.items():
            ab = baselines[name](truth.lab) if gain is None else colors[name] * gain
            picture = _picture(truth.lab, ab)
            evaluation.scores.append(Score.of(truth, picture))
            if index in kept:
                evaluation.pictures.append(picture)
        progress(index + 1, len(photos))
    return list(found.values())


def paired_difference(one: Evaluation, other: Evaluation) -> dict[str, Estimate]:
    """`one` minus `other`, photo by photo: the mean difference of each measure, with its interval.

    Photos differ far more than two models do on one of them, so this separates models whose own
    intervals overlap. `psnr_won` is the share of photos on which `one` has the higher PSNR.
    """
    found = {
        measure: mean_with_interval(one.values(measure) - other.values(measure))
        for measure in MEASURES
    }
    won = (one.values("psnr") > other.values("psnr")).astype(np.float64)
    return {**found, "psnr_won": mean_with_interval(won)}


def paired_differences(
    evaluations: Sequence[Evaluation],
) -> dict[tuple[str, str], dict[str, Estimate]]:
    """`paired_difference` of every model, at its own gain or its first one, and each before it."""
    models: dict[str, Evaluation] = {}
    for evaluation in evaluations:
        if evaluation.gain is not None:
            name = evaluation.name.rpartition(" × ")[0] or evaluation.name
            if name not in models or evaluation.gain == 1.0:
                models[name] = evaluation
    return {
        (later.name, earlier.name): paired_difference(later, earlier)
        for earlier, later in itertools.combinations(models.values(), 2)
    }


def markdown_table(evaluations: Sequence[Evaluation]) -> str:
    """The figures as a Markdown table; the last evaluation is the truth."""
    truth = evaluations[-1].estimates()
    lines = [
        "| prediction | PSNR, mean per photo [95 %] | PSNR, pooled | colorfulness [95 %] (share of "
        "truth) | colorfulness error | CIEDE2000 [95 %] | pixels with chroma < 5 |",
        "|---|---|---|---|---|---|---|",
    ]
    for evaluation in evaluations:
        s = evaluation.estimates()
        exact = evaluation is evaluations[-1]
        share = s["colorfulness"].mean / truth["colorfulness"].mean
        cells = (
            evaluation.name,
            "–" if exact else f"{s['psnr']:.2f} dB",
            "–" if exact else f"{s['psnr_pooled'].mean:.2f} dB",
            f"{s['colorfulness']:.1f} ({share:.0%})",
            f"{s['colorfulness_error'].mean:.1f}",
            f"{s['ciede2000']:.2f}",
            f"{s['low_chroma'].mean:.0%}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def differences_table(found: dict[tuple[str, str], dict[str, Estimate]]) -> str:
    """The differences as a Markdown table."""
    lines = [
        "| per photo | PSNR [95 %] | photos with the higher PSNR | colorfulness [95 %] "
        "| colorfulness error [95 %] | CIEDE2000 [95 %] |",
        "|---|---|---|---|---|---|",
    ]
    for (one, other), d in found.items():
        cells = (
            f"{one} minus {other}",
            f"{d['psnr']:+.2f} dB",
            f"{d['psnr_won'].mean:.0%}",
            f"{d['colorfulness']:+.1f}",
            f"{d['colorfulness_error']:+.1f}",
            f"{d['ciede2000']:+.2f}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def write_sheet(path: Path, evaluations: Sequence[Evaluation]) -> None:
    """gray · models · truth, of the photos whose pictures were kept."""
    columns = {
        evaluation.name: evaluation.pictures
        for evaluation in evaluations
        if not evaluation.name.startswith(("constant", "half"))
    }
    write_contact_sheet(path, columns)

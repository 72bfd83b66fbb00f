"""Measures of color, with an exact protocol, because published figures differ by 5 dB.

A picture is the photo's true L* with predicted a*b*, converted to sRGB (D65), clipped, rounded to
uint8. Every measure is over all pixels, with no border cropped.
"""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from training.photos.ciede2000 import ciede2000
from training.photos.colorfulness import colorfulness
from training.photos.lab import rgb_to_lab

LOW_CHROMA = 5.0  # below it a pixel looks gray


def squared_error(truth: NDArray[np.uint8], picture: NDArray[np.uint8]) -> float:
    """Mean squared error over RGB, levels 0...255."""
    return float(np.square(truth.astype(np.float32) - picture).mean())


def psnr(mse: float) -> float:
    """Peak signal-to-noise ratio in dB, peak 255; an exact picture counts as 0.01 levels off."""
    return float(10.0 * np.log10(255.0**2 / max(mse, 1e-4)))


@dataclasses.dataclass(frozen=True)
class Truth:
    """A photo, and what every score against it needs."""

    rgb: NDArray[np.uint8]  # [H, W, 3]
    lab: NDArray[np.float32]  # [H, W, 3]
    colorfulness: float

    @classmethod
    def of(cls, rgb: NDArray[np.uint8]) -> "Truth":
        """Prepare the photo `rgb`, uint8 sRGB [H, W, 3]."""
        return cls(rgb, rgb_to_lab(rgb), colorfulness(rgb))


@dataclasses.dataclass(frozen=True)
class Score:
    """The measures of one picture against its photo."""

    mse: float
    psnr: float  # dB
    colorfulness: float
    colorfulness_error: float  # absolute difference to the photo's own
    ciede2000: float  # mean over pixels
    low_chroma: float  # share of pixels with chroma under 5

    @classmethod
    def of(cls, truth: Truth, picture: NDArray[np.uint8]) -> "Score":
        """Measure `picture`, uint8 sRGB [H, W, 3], against the photo."""
        lab = rgb_to_lab(picture)
        mse = squared_error(truth.rgb, picture)
        vividness = colorfulness(picture)
        return cls(
            mse=mse,
            psnr=psnr(mse),
            colorfulness=vividness,
            colorfulness_error=abs(vividness - truth.colorfulness),
            ciede2000=float(ciede2000(truth.lab, lab).mean()),
            low_chroma=float((np.hypot(lab[..., 1], lab[..., 2]) < LOW_CHROMA).mean()),
        )


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A mean over photos and its 95 % interval; formats as `mean [low, high]`."""

    mean: float
    low: float
    high: float

    def __format__(self, spec: str) -> str:
        return f"{self.mean:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"


ROUNDS = 2000


def _resampled_means(values: NDArray[np.floating], seed: int = 0) -> NDArray[np.float64]:
    """Means of `ROUNDS` samples, each as many photos drawn with replacement."""
    rng = np.random.default_rng(seed)
    # One draw at a time: all of them for a large set of photos would not fit into memory.
    count = len(values)
    return np.array([values[rng.integers(0, count, count)].mean() for _ in range(ROUNDS)])


def mean_with_interval(values: NDArray[np.floating]) -> Estimate:
    """The mean of `values` with its bootstrap interval (Efron 1979, percentiles)."""
    low, high = np.percentile(_resampled_means(values), [2.5, 97.5])
    return Estimate(float(values.mean()), float(low), float(high))


def pooled_psnr(mses: NDArray[np.floating]) -> Estimate:
    """PSNR of all photos' pixels together, of the mean squared errors of each photo."""
    high, low = np.percentile(_resampled_means(mses), [2.5, 97.5])
    return Estimate(psnr(float(mses.mean())), psnr(float(low)), psnr(float(high)))

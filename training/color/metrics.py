"""How good colors are, by one protocol, stated exactly because published figures differ by 5 dB.

A picture is the photo's true L* with predicted a*b*, converted to sRGB (D65), clipped, rounded to
uint8. Every measure is over all pixels, with no border cropped.
"""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from training.photos.colorfulness import colorfulness
from training.photos.lab import rgb_to_lab

LOW_CHROMA = 5.0  # below it a pixel looks gray


def squared_error(truth: NDArray[np.uint8], picture: NDArray[np.uint8]) -> float:
    """Mean squared error over RGB, levels 0...255."""
    return float(np.square(truth.astype(np.float32) - picture).mean())


def psnr(mse: float) -> float:
    """Peak signal-to-noise ratio in dB, peak 255; an exact picture counts as 0.01 levels off."""
    return float(10.0 * np.log10(255.0**2 / max(mse, 1e-4)))


def ciede2000(lab: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[np.floating]:
    """Color difference of CIE L*a*b* pixels [..., 3] -> [...].

    Sharma, Wu and Dalal 2005, "The CIEDE2000 color-difference formula", with kL = kC = kH = 1.
    """
    l1, a1, b1 = np.moveaxis(np.asarray(lab, np.float64), -1, 0)
    l2, a2, b2 = np.moveaxis(np.asarray(other, np.float64), -1, 0)
    c7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2.0) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(c7 / (c7 + 25.0**7))
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360.0, np.degrees(np.arctan2(b2, a2)) % 360.0
    gray = c1 * c2 == 0

    turn = np.where(gray, 0.0, (h2 - h1 + 180.0) % 360.0 - 180.0)
    # The formula takes +180 where the two hues are exactly opposite.
    turn = np.where(turn == -180.0, np.where(h2 > h1, 180.0, -180.0), turn)
    lightness, chroma = l2 - l1, c2 - c1
    hue = 2.0 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2.0)

    l_mean, c_mean = (l1 + l2) / 2.0, (c1 + c2) / 2.0
    far = np.abs(h1 - h2) > 180.0
    h_mean = (h1 + h2) / 2.0 + np.where(far, np.where(h1 + h2 < 360.0, 180.0, -180.0), 0.0)
    h_mean = np.where(gray, h1 + h2, h_mean)
    t = (
        1.0
        - 0.17 * np.cos(np.radians(h_mean - 30.0))
        + 0.24 * np.cos(np.radians(2.0 * h_mean))
        + 0.32 * np.cos(np.radians(3.0 * h_mean + 6.0))
        - 0.20 * np.cos(np.radians(4.0 * h_mean - 63.0))
    )
    s_l = 1.0 + 0.015 * (l_mean - 50.0) ** 2 / np.sqrt(20.0 + (l_mean - 50.0) ** 2)
    s_c = 1.0 + 0.045 * c_mean
    s_h = 1.0 + 0.015 * c_mean * t
    c7 = c_mean**7
    rotation = (
        -2.0
        * np.sqrt(c7 / (c7 + 25.0**7))
        * np.sin(np.radians(60.0 * np.exp(-(((h_mean - 275.0) / 25.0) ** 2))))
    )
    return np.sqrt(
        (lightness / s_l) ** 2
        + (chroma / s_c) ** 2
        + (hue / s_h) ** 2
        + rotation * (chroma / s_c) * (hue / s_h)
    )


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

"""The difference between two colors, as seen by the eye."""

import numpy as np
from numpy.typing import NDArray


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

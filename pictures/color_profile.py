"""ICC profiles (ICC.1:2022) made from numbers: primaries, white point and tone curve.

The numbers are those of cICP in PNG and nclx in AVIF and HEIC (ITU-T H.273), and of PNG's gAMA and
cHRM.
"""

import struct
from collections.abc import Sequence

import numpy as np

from .errors import UnsupportedPicture

Chromaticities = Sequence[float]  # x and y of white, red, green, blue
Curve = Sequence[float]  # g, a, b, c, d: (a·x + b)^g from d on, below it c·x

_D65 = (0.3127, 0.3290)
BT_709 = (*_D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
_SMPTE_170M = (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070)
_PRIMARIES: dict[int, Chromaticities] = {
    1: BT_709,
    4: (0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),  # BT.470 M
    5: (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),  # BT.470 BG
    6: _SMPTE_170M,
    7: _SMPTE_170M,
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),  # BT.2020
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),  # DCI-P3
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),  # Display P3
    22: (*_D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}
SRGB_CURVE: Curve = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_BT_709_CURVE: Curve = (1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)
_CURVES: dict[int, Curve] = {
    1: _BT_709_CURVE,
    4: (2.2, 1.0, 0.0, 0.0, 0.0),
    5: (2.8, 1.0, 0.0, 0.0, 0.0),
    6: _BT_709_CURVE,
    8: (1.0, 1.0, 0.0, 0.0, 0.0),
    13: SRGB_CURVE,
    14: _BT_709_CURVE,
    15: _BT_709_CURVE,
}
_HDR = {16: "PQ", 18: "HLG"}
_D50 = np.array((0.9642, 1.0, 0.8249))
_BRADFORD = np.array(
    ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
)


def of_code_points(primaries: int, transfer: int) -> bytes | None:
    """The profile of these code points of H.273; None where they say nothing, or nothing known.

    Raises UnsupportedPicture for HDR, whose brightness has to be mapped first.
    """
    if transfer in _HDR:
        raise UnsupportedPicture(
            f"This is an HDR picture ({_HDR[transfer]}), which is not read here. Export it for "
            "standard range (SDR, sRGB) as PNG, JPEG or TIFF and send that."
        )
    if primaries not in _PRIMARIES or transfer not in _CURVES:
        return None
    return profile(_PRIMARIES[primaries], _CURVES[transfer])


def profile(chromaticities: Chromaticities, curve: Curve, gray: bool = False) -> bytes | None:
    """The profile of RGB, or of gray, which has a curve alone; None for primaries that are none."""
    tone = b"para\0\0\0\0\0\3\0\0" + _fixed(curve)
    tags = {b"wtpt": _xyz_tag(_D50)}
    if gray:
        tags[b"kTRC"] = tone
    else:
        matrix = _to_d50(np.array(chromaticities, float).reshape(4, 2))
        if matrix is None:
            return None
        for name, column in zip((b"r", b"g", b"b"), matrix.T, strict=True):
            tags[name + b"XYZ"], tags[name + b"TRC"] = _xyz_tag(column), tone
    table, data = struct.pack(">I", len(tags)), b""
    start = 132 + 12 * len(tags)
    for name, tag in tags.items():
        table += name + struct.pack(">II", start + len(data), len(tag))
        data += tag
    head = struct.pack(
        ">I4sI4s4s4s12x4s28x", start + len(data), b"\0" * 4, 0x04300000, b"mntr",
        b"GRAY" if gray else b"RGB ", b"XYZ ", b"acsp",
    )  # fmt: skip
    return (head + _fixed(_D50)).ljust(128, b"\0") + table + data


def _to_d50(xy: np.ndarray) -> np.ndarray | None:
    """The matrix from RGB to XYZ, adapted to D50 as ICC has it (Bradford)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        xyz = np.column_stack((xy[:, 0] / xy[:, 1], np.ones(4), (1 - xy.sum(1)) / xy[:, 1]))
    white, primaries = xyz[0], xyz[1:].T
    if not np.isfinite(xyz).all() or abs(np.linalg.det(primaries)) < 1e-6:
        return None
    scaled = primaries * np.linalg.solve(primaries, white)
    gain = (_BRADFORD @ _D50) / (_BRADFORD @ white)
    matrix: np.ndarray = np.linalg.solve(_BRADFORD, gain[:, None] * (_BRADFORD @ scaled))
    return matrix if np.isfinite(matrix).all() and np.abs(matrix).max() < 10 else None


def _xyz_tag(values: np.ndarray) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(values)


def _fixed(values: Sequence[float] | np.ndarray) -> bytes:
    """s15Fixed16 numbers."""
    return b"".join(struct.pack(">i", round(float(value) * 65_536)) for value in values)

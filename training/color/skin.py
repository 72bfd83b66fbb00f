"""How true skin is, over all its tones: hue error by the ten steps of the Monk scale.

Monk, "The Monk Skin Tone Scale" (2019). A photo's step is that of the mean color of its skin, which
the light of the photo shifts: it tells dark skin from light, not people.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from training.color.evaluate import Colorer
from training.color.metrics import mean_with_interval
from training.photos.ciede2000 import ciede2000
from training.photos.lab import rgb_to_lab

_STEPS = "f6ede4 f3e7db f7ead0 eadaba d7bd96 a07e56 825c43 604134 3a312a 292420"
MONK = rgb_to_lab(np.array([list(bytes.fromhex(step)) for step in _STEPS.split()], np.uint8))

_HUES = (20.0, 85.0)  # degrees, of skin of every tone
_CHROMA = (6.0, 50.0)
_LEAST_SKIN = 0.2  # of the middle of a photo, or it is none of a face
_FEW = 20  # photos; the mean of fewer says little, whatever their interval


def skin(lab: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where skin may be in a photo of a face, in its middle: L*a*b* [H, W, 3] -> [H, W]."""
    height, width = lab.shape[:2]
    chroma, hue = np.hypot(lab[..., 1], lab[..., 2]), hue_of(lab[..., 1:])
    found = (chroma > _CHROMA[0]) & (chroma < _CHROMA[1]) & (hue > _HUES[0]) & (hue < _HUES[1])
    middle = np.zeros_like(found)
    middle[height // 4 : height - height // 4, width // 4 : width - width // 4] = True
    return found & middle


def hue_of(ab: NDArray[np.floating]) -> NDArray[np.floating]:
    """Hue angle of a*b* [..., 2], degrees, -180...180."""
    return np.degrees(np.arctan2(ab[..., 1], ab[..., 0]))


def monk_step(lab: NDArray[np.floating]) -> int:
    """The step, 1 (light) to 10, whose color is nearest to L*a*b* [3]."""
    return int(ciede2000(MONK, lab).argmin()) + 1


def hue_errors(
    models: Mapping[str, Colorer], photos: Sequence[NDArray[np.uint8]]
) -> dict[int, dict[str, list[float]]]:
    """By Monk step and by model, how many degrees the mean hue of the skin is off in each photo.

    `photos` are of faces, uint8 sRGB [H, W, 3]; those with little skin in their middle are left
    out.
    """
    found: dict[int, dict[str, list[float]]] = {}
    for photo in photos:
        lab = rgb_to_lab(photo)
        where = skin(lab)
        if where.mean() < _LEAST_SKIN / 4.0:  # the middle is a quarter of the photo
            continue
        truth = lab[where].mean(axis=0)
        errors = found.setdefault(monk_step(truth), {name: [] for name in models})
        for name, color in models.items():
            turn = hue_of(color(lab)[where].mean(axis=0)) - hue_of(truth[1:])
            errors[name].append(float(abs((turn + 180.0) % 360.0 - 180.0)))
    return dict(sorted(found.items()))


def skin_table(errors: Mapping[int, Mapping[str, Sequence[float]]]) -> str:
    """The mean errors as a Markdown table; a step with few photos says so."""
    if not errors:
        return "No photo has skin in its middle."
    names = list(next(iter(errors.values())))
    lines = [
        f"| Monk step | photos | {' | '.join(f'{name}, hue error [95 %]' for name in names)} |",
        "|---|---|" + "---|" * len(names),
    ]
    for step, by_model in errors.items():
        cells = [f"{mean_with_interval(np.array(by_model[name])):.1f}°" for name in names]
        count = len(by_model[names[0]])
        photos = f"{count}, few" if count < _FEW else str(count)
        lines.append(f"| {step} | {photos} | {' | '.join(cells)} |")
    return "\n".join(lines)

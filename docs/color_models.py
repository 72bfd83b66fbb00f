"""Make docs/color-models.jpg: each sample gray, colored by each shipped color model, aged, aged and
colored by v2, and as it was.

  .venv/bin/python docs/color_models.py

"Aged" is the gray picture faded, soft and grainy, like a scan of an old print.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from colorway import run
from training.photos.contact_sheet import draw_contact_sheet
from training.photos.lab import lab_to_rgb, rgb_to_lab

ROOT = Path(__file__).resolve().parent.parent
SIDE = 256


def aged(lightness: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """L* [H, W] made soft, faded and grainy, as in a scan of an old print."""
    from training.color.lab_batches import box_blur

    soft = box_blur(lightness)
    faded = 12.0 + 76.0 * (soft / 100.0) ** 0.9
    return np.clip(faded + rng.normal(0.0, 3.0, faded.shape), 0, 100).astype(np.float32)


def main() -> None:
    """Color every sample and write the sheet."""
    parser = argparse.ArgumentParser(
        usage=argparse.SUPPRESS,
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args()
    from training.color.evaluate import load_colorer  # imports TensorFlow

    models = {name: load_colorer(ROOT / "models" / "color" / name) for name in ("v1", "v2")}
    headings = ("gray", *models, "aged", "aged, by v2", "photo")
    columns: dict[str, list[np.ndarray]] = {heading: [] for heading in headings}
    rng = np.random.default_rng(0)
    for path in sorted((ROOT / "samples").glob("*.jpg")):
        with Image.open(path) as file:
            rgb = np.asarray(file.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS))
        lab = rgb_to_lab(rgb)
        old = lab.copy()
        old[..., 0] = aged(lab[..., 0], rng)

        def with_color(lab: np.ndarray, ab: np.ndarray) -> np.ndarray:
            return lab_to_rgb(np.concatenate([lab[..., :1], ab], axis=-1).astype(np.float32))

        gray = np.zeros_like(lab[..., 1:])
        columns["gray"].append(with_color(lab, gray))
        for name, color in models.items():
            columns[name].append(with_color(lab, color(lab)))
        columns["aged"].append(with_color(old, gray))
        columns["aged, by v2"].append(with_color(old, models["v2"](old)))
        columns["photo"].append(rgb)
    sheet = draw_contact_sheet(columns, groups=1, side=128)
    sheet.save(ROOT / "docs" / "color-models.jpg", quality=82, optimize=True)


if __name__ == "__main__":
    sys.exit(run(main))

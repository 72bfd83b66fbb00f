"""Draw the style pictures in this folder.

    python samples/styles/draw.py [FOLDER]

writes NAME.jpg for each name in PICTURES, here or to FOLDER. Each picture has its own seed, so the
same one comes out every time. Needs NumPy and Pillow.
"""

import sys
from pathlib import Path

import numpy as np
from canvas import SIZE
from inked import ink, waves
from painted import night, points
from pieced import glass, mosaic
from PIL import Image

PICTURES = {
    "glass": glass,
    "ink": ink,
    "mosaic": mosaic,
    "night": night,
    "points": points,
    "waves": waves,
}
JPEG_QUALITY = 82


def main(folder: Path) -> None:
    """Draw every picture anew."""
    for name, draw in PICTURES.items():
        drawn = draw(np.random.default_rng(list(name.encode())))
        smooth = drawn.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
        smooth.save(folder / f"{name}.jpg", quality=JPEG_QUALITY, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)

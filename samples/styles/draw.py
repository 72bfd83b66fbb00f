"""Draw the style pictures in samples/styles/.

  python samples/styles/draw.py [FOLDER]

writes each of them there, or to FOLDER. Each picture has its own seed, so that it comes out the
same every time. Needs NumPy and Pillow.
"""

import argparse
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


def main() -> None:
    """Draw every picture again."""
    parser = argparse.ArgumentParser(
        usage=argparse.SUPPRESS,
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    here = Path(__file__).resolve().parent
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=here,
        metavar="FOLDER",
        help="(default: %(default)s)",
    )
    folder = parser.parse_args().folder
    for name, draw in PICTURES.items():
        drawn = draw(np.random.default_rng(list(name.encode())))
        smooth = drawn.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
        smooth.save(folder / f"{name}.jpg", quality=JPEG_QUALITY, optimize=True)


if __name__ == "__main__":
    main()

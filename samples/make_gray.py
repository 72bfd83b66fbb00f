"""Make the black-and-white version of every color photograph in samples/.

  python samples/make_gray.py

writes samples/gray/NAME.jpg for each samples/NAME.jpg. Each gray pixel has the luminance of its
color pixel (CIE Y under sRGB), so both have the same L*: from the gray photo a network gets exactly
the L* of the color one. Needs NumPy and Pillow.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SAMPLES = Path(__file__).resolve().parent
# sRGB's luminance weights for linear red, green and blue (IEC 61966-2-1).
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
JPEG_QUALITY = 88


def gray_of(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Gray sRGB levels [H,W] with the luminance of the sRGB picture `rgb` [H,W,3]."""
    encoded = rgb / 255.0
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    luminance = linear @ LUMINANCE
    gray = np.where(
        luminance <= 0.0031308, luminance * 12.92, 1.055 * luminance ** (1 / 2.4) - 0.055
    )
    return np.round(gray * 255.0).astype(np.uint8)


def main() -> None:
    """Write every gray version again."""
    parser = argparse.ArgumentParser(
        usage=argparse.SUPPRESS,
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args()
    folder = SAMPLES / "gray"
    folder.mkdir(exist_ok=True)
    for path in sorted(SAMPLES.glob("*.jpg")):
        with Image.open(path) as photo:
            gray = gray_of(np.asarray(photo.convert("RGB")))
        Image.fromarray(gray).save(folder / path.name, quality=JPEG_QUALITY, optimize=True)


if __name__ == "__main__":
    main()

"""From pixels to a picture file."""

import io
from typing import Any

import numpy as np
from PIL import Image

from . import jpeg_file, png
from .lab import Bytes
from .metadata import NOTHING, Metadata


def encode(
    pixels: Bytes, alpha: Image.Image | None, media_type: str, metadata: Metadata = NOTHING
) -> bytes:
    """A picture file of sRGB pixels [H,W,3], 0…255, with that metadata: image/png, image/jpeg,
    image/webp or image/tiff.
    """
    exif = metadata.exif()
    if media_type == "image/png":
        if alpha is not None:
            pixels = np.concatenate([pixels, np.asarray(alpha)[..., None]], axis=2)
        return png.encode(pixels, exif, metadata.dpi)
    save_options: dict[str, Any] = {"exif": b"Exif\0\0" + exif} if exif else {}
    if metadata.dpi and media_type != "image/webp":
        save_options["dpi"] = metadata.dpi
    if media_type == "image/jpeg":
        return jpeg_file.encode(pixels, alpha, save_options)
    image = Image.fromarray(pixels)
    file = io.BytesIO()
    if alpha is not None:
        image.putalpha(alpha)
    if media_type == "image/tiff":
        save_options = {**save_options, "exif": b"", "tiffinfo": dict(metadata.tags())}
        # libtiff, which would compress, writes no EXIF directories.
        image.save(file, "TIFF", **save_options)
    else:
        image.save(file, "WEBP", quality=90, method=2, **save_options)
    return file.getvalue()

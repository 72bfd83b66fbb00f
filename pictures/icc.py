"""From the color space of an embedded ICC profile to sRGB."""

import functools
import io

import numpy as np
from PIL import Image, ImageCms

_SPACES = {"L": "GRAY", "RGB": "RGB ", "CMYK": "CMYK", "LAB": "Lab "}
# A profile that moves no color by more than this, in levels, is sRGB, whatever its name.
_MAX_DIFFERENCE = 2


def to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    """A picture of 8 bits a channel through its ICC profile to sRGB, of mode L or RGB; a profile
    that is broken or of another kind of picture is ignored, as browsers do.
    """
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if profile.profile.xcolor_space != _SPACES.get(image.mode):
            return image
        flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
        if image.mode == "L":  # lcms would join 33 points of the curve by lines
            flags |= ImageCms.Flags.NOOPTIMIZE
        transform = ImageCms.buildTransform(
            profile,
            _srgb(),
            image.mode,
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=flags,
        )
        if image.mode in ("L", "RGB") and _is_identity(transform, image.mode):
            return image
        if image.mode == "L":
            curve = ImageCms.applyTransform(_grays(), transform)
            return image.point(list(curve.getchannel("G").tobytes())) if curve else image
        converted = ImageCms.applyTransform(image, transform)
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return image
    return converted or image


@functools.cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _is_identity(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether all grays, and colors from all over the cube, stay what they are."""
    probe = _probe() if mode == "RGB" else _grays()
    after = ImageCms.applyTransform(probe, transform)
    difference = np.asarray(after, np.int16) - np.asarray(probe.convert("RGB"), np.int16)
    return bool(np.abs(difference).max() <= _MAX_DIFFERENCE)


@functools.cache
def _grays() -> Image.Image:
    return Image.fromarray(np.arange(256, dtype=np.uint8)[None])


@functools.cache
def _probe() -> Image.Image:
    """A row of the 256 grays, and rows of 9 x 9 x 9 colors."""
    grays = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(1, 256, 3)
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    return Image.fromarray(np.concatenate([grays, np.resize(cube, (3, 256, 3))]))

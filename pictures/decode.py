"""From a picture file to pixels, as a person sees the picture."""

import io
from dataclasses import dataclass, replace

from PIL import ExifTags, Image, ImageFile

from . import depth, icc, jpeg, metadata
from .errors import PictureError, broken
from .header import Header
from .metadata import Metadata
from .transparency import split_alpha

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


_JPEG = ("JPEG", "MPO")
# libjpeg can skip the work for details smaller than so many pixels.
_PREVIEW_SCALE = 8


@dataclass(frozen=True)
class Photo:
    """A picture as a person sees it: upright, sRGB. `image` is of mode L or RGB, `alpha` of L.

    `pages` of the file, of which this is one; `truncated`: its last lines are missing, and gray.
    """

    image: Image.Image
    alpha: Image.Image | None
    pages: int = 1
    truncated: bool = False
    metadata: Metadata = metadata.NOTHING


def decode(header: Header) -> Photo:
    """Decode what `open_header` opened: the first frame, upright, converted to sRGB. Only the size
    of what was opened is of use after that.

    Raises BrokenPicture where the file is damaged or cut short.
    """
    try:
        return _decode(header)
    except PictureError:
        raise
    except Exception as error:
        raise broken() from error


def preview(header: Header, min_side: int) -> Header | None:
    """The header of the same JPEG at an eighth of its size, which takes half the time or less to
    decode; both may be decoded, even at once. None if it is no JPEG, or its long side would then
    have less than `min_side` pixels.
    """
    width, height = header.image.size
    if header.image.format not in _JPEG or max(width, height) < _PREVIEW_SCALE * min_side:
        return None
    data = io.BytesIO(header.data.getvalue())
    image = Image.open(data, formats=("JPEG",))
    image.draft(None, (max(1, width // _PREVIEW_SCALE), max(1, height // _PREVIEW_SCALE)))
    return replace(header, image=image, data=data)


def _decode(header: Header) -> Photo:
    header_metadata = metadata.read(header.image)
    image, truncated = _load(header)
    # Read only now, because Pillow turns TIFFs itself, and then drops the orientation.
    transpose = _UPRIGHT.get(_orientation(image))
    if header.samples is not None and depth.has_16_bit_alpha(header.samples):
        pixels, alpha = depth.gray_alpha(image, header.samples)
    else:
        pixels, alpha = split_alpha(image, header.data)
        pixels = depth.eight_bits(pixels, header.samples)
    if header.icc:
        pixels = icc.to_srgb(pixels, header.icc)
    if pixels.mode not in ("L", "RGB"):
        pixels = pixels.convert("RGB")
    if transpose is not None:
        pixels = pixels.transpose(transpose)
        alpha = alpha.transpose(transpose) if alpha else None
    _free(image, pixels)
    if image is not header.image:
        _free(header.image, pixels)
    return Photo(pixels, alpha, header.pages, truncated, header_metadata)


def _load(header: Header) -> tuple[ImageFile.ImageFile, bool]:
    """The picture with its pixels, and whether its end is missing."""
    try:
        header.image.load()
        return header.image, False
    except OSError:
        if header.image.format not in _JPEG:
            raise
    return jpeg.without_end(header.data)


def _free(image: ImageFile.ImageFile, pixels: Image.Image) -> None:
    """Free what the opened file still holds, now that `pixels` hold what counts: up to 16 bytes a
    pixel of WebP, whose decoder keeps two canvases and Pillow a third.
    """
    image.fp = None
    for kept in ("_decoder", "_heif_file"):
        vars(image).pop(kept, None)
    if pixels is not image:
        image.close()


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        # Broken EXIF says nothing, and the picture beside it may be whole.
        return 1

"""When was this photo taken? What of its EXIF a new picture of it keeps.

Not the rest: its orientation is no longer true, its thumbnail is gray, and what else is there
speaks of the old file.
"""

import logging

from PIL import ExifTags, Image

log = logging.getLogger("color_client")

_Tag = ExifTags.Base
_IN_EXIF = (
    _Tag.DateTimeOriginal,
    _Tag.DateTimeDigitized,
    _Tag.OffsetTime,
    _Tag.OffsetTimeOriginal,
    _Tag.OffsetTimeDigitized,
    _Tag.SubsecTime,
    _Tag.SubsecTimeOriginal,
    _Tag.SubsecTimeDigitized,
)


def dates(image: Image.Image) -> bytes:
    """The EXIF dates of an opened picture as an EXIF block (a TIFF structure) of their own; empty
    where it has none, or none that can be read.
    """
    try:
        told = image.getexif()
        inner = told.get_ifd(ExifTags.IFD.Exif)
        kept = Image.Exif()
        if _Tag.DateTime in told:
            kept[_Tag.DateTime] = told[_Tag.DateTime]
        inner = {tag: inner[tag] for tag in _IN_EXIF if tag in inner}
        if inner:
            kept[ExifTags.IFD.Exif] = inner
        return kept.tobytes().removeprefix(b"Exif\0\0") if len(kept) else b""
    except Exception as error:
        # Pillow documents no list of what broken EXIF raises; the picture beside it may be whole.
        log.info("broken EXIF: %s: %s", type(error).__name__, error)
        return b""

"""A photo's metadata, and what of it a new picture keeps.

Read from EXIF, then XMP, then IPTC, the first that has a field wins; written as EXIF, which PNG,
JPEG, WebP and TIFF all support. Pillow reads and writes the blocks; defusedxml parses strangers'
XML. Not kept: orientation, color space and thumbnail, which are no longer true, and what describes
the old file.
"""

import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import ExifTags, Image, ImageFile

from . import iptc, xmp

log = logging.getLogger("color_client")

KEEP, DATES, NONE = "keep", "dates", "none"

_Tag = ExifTags.Base
_TEXTS = (_Tag.ImageDescription, _Tag.Artist, _Tag.Copyright)
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
_INCH, _CENTIMETER = 2, 3
# Of one value so many bytes, so that all fit the 64 kB that a JPEG has for them.
_MAX_BYTES = 8000
_MAX_GPS_BYTES = 256
_MAX_DPI = 65_535


@dataclass(frozen=True)
class Metadata:
    """`texts` by tag of EXIF's first directory; `dates` by tag of its Exif directory, and
    `changed`, its DateTime; `gps` by tag of its GPS directory; `dpi` horizontally and vertically.
    """

    texts: Mapping[int, str] = field(default_factory=dict)
    changed: str | None = None
    dates: Mapping[int, str] = field(default_factory=dict)
    gps: Mapping[int, Any] = field(default_factory=dict)
    dpi: tuple[float, float] | None = None

    def select(self, keep: str) -> "Metadata":
        """All of it (`keep`), the dates alone (`dates`), or nothing (`none`)."""
        if keep == KEEP:
            return self
        return Metadata(changed=self.changed, dates=self.dates) if keep == DATES else Metadata()

    def exif(self) -> bytes:
        """As an EXIF block: a TIFF structure, without the name in front that JPEG wants. Empty
        where there is nothing to say.
        """
        tags = self.tags()
        return tags.tobytes().removeprefix(b"Exif\0\0") if len(tags) else b""

    def tags(self) -> Image.Exif:
        """As tags of EXIF; the texts are bytes, since Pillow would write a str as ASCII."""
        block = Image.Exif()
        for tag, text in self.texts.items():
            block[tag] = text.encode()
        if self.changed:
            block[_Tag.DateTime] = self.changed
        if self.dpi:
            block[_Tag.XResolution], block[_Tag.YResolution] = self.dpi
            block[_Tag.ResolutionUnit] = _INCH
        if self.dates:
            block[ExifTags.IFD.Exif] = dict(self.dates)
        if self.gps:
            block[ExifTags.IFD.GPSInfo] = dict(self.gps)
        return block


NOTHING = Metadata()


def read(image: ImageFile.ImageFile) -> Metadata:
    """The metadata of an opened picture, decoded or not, without what cannot be read."""
    found = [
        _read_or_empty(_from_exif, image),
        _read_or_empty(xmp.read, image),
        _read_or_empty(iptc.read, image),
    ]
    texts: dict[int, str] = {}
    dates: dict[int, str] = {}
    gps: dict[int, Any] = {}
    changed = None
    for each in reversed(found):
        texts |= each.get("texts", {})
        dates |= each.get("dates", {})
        gps = each.get("gps") or gps
        changed = each.get("changed") or changed
    metadata = Metadata(
        _truncated(texts), changed, dates, gps, _read_or_empty(_dpi, image).get("dpi")
    )
    return metadata if _read_or_empty(lambda _: {"bytes": metadata.exif()}, image) else NOTHING


def _truncated(texts: Mapping[int, str]) -> dict[int, str]:
    cut = {tag: text.encode()[:_MAX_BYTES].decode(errors="ignore") for tag, text in texts.items()}
    return {tag: text.replace("\0", " ") for tag, text in cut.items() if text.strip("\0 ")}


def _read_or_empty(
    read_from: Callable[[ImageFile.ImageFile], dict[str, Any]], image: ImageFile.ImageFile
) -> dict[str, Any]:
    try:
        return read_from(image)
    except Exception as error:
        # Pillow documents no list of what broken EXIF raises; the picture beside it may be whole.
        log.info("broken metadata: %s: %s", type(error).__name__, error)
        return {}


def _from_exif(image: ImageFile.ImageFile) -> dict[str, Any]:
    exif = image.getexif()
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    dates = {tag: _date(inner[tag]) for tag in _IN_EXIF if tag in inner}
    return {
        "texts": {tag: _text(exif[tag]) for tag in _TEXTS if tag in exif},
        "dates": {tag: date for tag, date in dates.items() if date},
        "changed": _date(exif.get(_Tag.DateTime, "")),
        "gps": {
            tag: value
            for tag, value in gps.items()
            if tag in ExifTags.GPSTAGS and len(str(value)) <= _MAX_GPS_BYTES
        },
    }


def _date(value: object) -> str:
    return str(value).strip("\0")[:32] if isinstance(value, str) else ""


def _text(value: object) -> str:
    """A text of EXIF, which writers fill with UTF-8 and Pillow reads as Latin-1."""
    if not isinstance(value, str):
        return ""
    with contextlib.suppress(UnicodeError):
        return value.encode("latin-1").decode()
    return value


def _dpi(image: ImageFile.ImageFile) -> dict[str, Any]:
    exif = image.getexif()
    # For a JPEG or TIFF without one, Pillow makes one up.
    made_up = image.format in ("JPEG", "MPO", "TIFF") and not image.info.get("jfif_unit")
    if made_up and _Tag.XResolution not in exif:
        return {}
    unit = {_INCH: 1.0, _CENTIMETER: 2.54}.get(exif.get(_Tag.ResolutionUnit, _INCH), 0.0)
    dpi = image.info.get("dpi") or (
        float(exif.get(_Tag.XResolution, 0)) * unit, float(exif.get(_Tag.YResolution, 0)) * unit
    )  # fmt: skip
    x, y = (round(float(side), 3) for side in dpi)
    return {"dpi": (x, y)} if 1 < x <= _MAX_DPI and 1 < y <= _MAX_DPI else {}

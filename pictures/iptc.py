"""Captions of news agencies (IPTC-IIM 4.2), in JPEG and TIFF."""

from typing import Any

from PIL import ExifTags, ImageFile
from PIL.IptcImagePlugin import getiptcinfo

_CAPTION, _BYLINE, _COPYRIGHT, _DATE, _TIME = (2, 120), (2, 80), (2, 116), (2, 55), (2, 60)
_Tag = ExifTags.Base


def read(image: ImageFile.ImageFile) -> dict[str, Any]:
    """Description, artist, copyright as `texts`, and the date as `dates`, by tags of EXIF. Raises
    whatever Pillow raises where it is broken.
    """
    records = getiptcinfo(image) or {}

    def text(record: tuple[int, int]) -> str:
        value = records.get(record, b"")
        values = value if isinstance(value, list) else [value]
        return "; ".join(_decoded(each) for each in values)

    found = {
        _Tag.ImageDescription: text(_CAPTION),
        _Tag.Artist: text(_BYLINE),
        _Tag.Copyright: text(_COPYRIGHT),
    }
    dates = {}
    date, time = text(_DATE), text(_TIME)  # 19630928, 143000+0100
    if len(date) == 8 and date.isdigit():
        year, month, day = (
            part if int(part) else " " * len(part) for part in (date[:4], date[4:6], date[6:])
        )  # 00: not known
        clock = ":".join((time[:2], time[2:4], time[4:6])) if time[:6].isdigit() else "  :  :  "
        dates[_Tag.DateTimeOriginal] = f"{year}:{month}:{day} {clock}"
    return {"texts": {tag: value for tag, value in found.items() if value}, "dates": dates}


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")

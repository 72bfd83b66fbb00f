"""XMP (ISO 16684-1): the few properties that a new picture keeps."""

import re
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring
from PIL import ExifTags, ImageFile

_MAX_BYTES = 1_000_000
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_EXIF = "{http://ns.adobe.com/exif/1.0/}"
_Tag = ExifTags.Base
_TEXTS = {
    _Tag.ImageDescription: f"{_DC}description",
    _Tag.Artist: f"{_DC}creator",
    _Tag.Copyright: f"{_DC}rights",
}
# The fields for when the photo was taken, the best first.
_TAKEN = (
    f"{_EXIF}DateTimeOriginal",
    "{http://ns.adobe.com/photoshop/1.0/}DateCreated",
    "{http://ns.adobe.com/xap/1.0/}CreateDate",
)
_ISO_8601 = re.compile(
    r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T(\d\d):(\d\d)(?::(\d\d))?(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?"
)
_DEGREES = re.compile(r"(\d+),(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?([NSEW])")


def read(image: ImageFile.ImageFile) -> dict[str, Any]:
    """Description, artist, copyright as `texts`, when it was taken as `dates`, where as `gps`, by
    tags of EXIF. Raises whatever the parser raises where it is broken.
    """
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if not packet or len(packet) > _MAX_BYTES:
        return {}
    tree = fromstring(packet.rstrip(b"\0") if isinstance(packet, bytes) else str(packet))
    texts = {tag: _property(tree, name) for tag, name in _TEXTS.items()}
    return {
        "texts": {tag: text for tag, text in texts.items() if text},
        "dates": _taken(tree),
        "gps": _gps(tree),
    }


def _property(tree: Element, name: str) -> str:
    """A property, whether an attribute, a text, or a list of them."""
    for element in tree.iter():
        if element.get(name):
            return str(element.get(name))
        if element.tag == name:
            items = [item.text.strip() for item in element.iter(f"{_RDF}li") if item.text]
            # Of a description in several languages the first.
            several = element.find(f"{_RDF}Alt") is None
            return "; ".join(items if several else items[:1]) or (element.text or "").strip()
    return ""


def _taken(tree: Element) -> dict[int, str]:
    for name in _TAKEN:
        found = _ISO_8601.fullmatch(_property(tree, name))
        if found:
            year, month, day, hour, minute, second, zone = found.groups()
            # EXIF writes blanks for what is not known.
            date = f"{year}:{month or '  '}:{day or '  '}"
            clock = f"{hour or '  '}:{minute or '  '}:{second or '  '}"
            dates: dict[int, str] = {_Tag.DateTimeOriginal: f"{date} {clock}"}
            if zone:
                dates[_Tag.OffsetTimeOriginal] = "+00:00" if zone == "Z" else zone
            return dates
    return {}


def _gps(tree: Element) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for name, reference, place in (
        ("GPSLatitude", ExifTags.GPS.GPSLatitudeRef, ExifTags.GPS.GPSLatitude),
        ("GPSLongitude", ExifTags.GPS.GPSLongitudeRef, ExifTags.GPS.GPSLongitude),
    ):
        angle = _DEGREES.fullmatch(_property(tree, _EXIF + name))
        if not angle:
            return {}
        degrees, minutes, seconds, side = angle.groups()
        found[reference] = side
        found[place] = (float(degrees), float(minutes), float(seconds or 0))
    return found

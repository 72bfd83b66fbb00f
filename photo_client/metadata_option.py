"""The option `metadata`: how much of a photo's metadata its picture keeps."""

from dataclasses import replace

from pictures.metadata import DATES, KEEP, NONE
from web.options import Option

_CHOICES = (KEEP, DATES, NONE)


def _read_metadata(text: str) -> str:
    if text not in _CHOICES:
        raise ValueError(f"must be one of {', '.join(_CHOICES)}")
    return text


METADATA = Option(
    "metadata",
    DATES,
    _read_metadata,
    "What the picture keeps of the photo's metadata: keep (dates, description, artist, copyright, "
    "resolution and GPS position), dates, or none.",
)
# Whoever colors their own files wants all of it.
FOLDER_METADATA = replace(METADATA, default=KEEP)

"""An uploaded photo: `pictures`, with its errors as problems for the caller."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pictures import decode as decoding
from pictures import errors, formats
from pictures import header as headers
from pictures.decode import Photo
from pictures.header import Header
from web.problems import Problem

_STATUS = {
    errors.EmptyPicture: 400,
    errors.BrokenPicture: 400,
    errors.TooManyPixels: 413,
    errors.UnknownPicture: 415,
    errors.UnsupportedPicture: 415,
    errors.NoSuchPage: 400,
}


def open_header(data: io.BytesIO, max_pixels: int, page: int = 0) -> Header:
    """`pictures.header.open_header`; raises Problem 400, 413 or 415."""
    with _as_problems():
        return headers.open_header(data, max_pixels, page)


def decode(header: Header) -> Photo:
    """`pictures.decode.decode`; raises Problem 400 or 415."""
    with _as_problems():
        return decoding.decode(header)


def count_pages(path: Path) -> int:
    """`pictures.header.count_pages` of a file; 1 if it cannot be read: opening it reports why."""
    try:
        with path.open("rb") as file:
            if not formats.is_tiff(file.read(4)):
                return 1
        return headers.count_pages(io.BytesIO(path.read_bytes()))
    except (OSError, errors.PictureError):
        return 1


@contextmanager
def _as_problems() -> Iterator[None]:
    try:
        yield
    except errors.PictureError as error:
        raise Problem(_STATUS[type(error)], error.code, error.detail) from error.__cause__

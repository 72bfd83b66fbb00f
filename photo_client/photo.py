"""A photo that somebody sent: `pictures.picture`, with its errors as problems for the caller."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import ImageFile

from pictures import errors, picture
from pictures.picture import Photo
from web.problems import Problem

_STATUS = {
    errors.EmptyPicture: 400,
    errors.BrokenPicture: 400,
    errors.TooManyPixels: 413,
    errors.UnknownPicture: 415,
}


def open_header(data: io.BytesIO, max_pixels: int) -> ImageFile.ImageFile:
    """`picture.open_header`; raises Problem 400, 413 or 415."""
    with _as_problems():
        return picture.open_header(data, max_pixels)


def decode(header: ImageFile.ImageFile) -> Photo:
    """`picture.decode`; raises Problem 400 or 415."""
    with _as_problems():
        return picture.decode(header)


def open_page(data: io.BytesIO, page: int, max_pixels: int) -> ImageFile.ImageFile:
    """`open_header` of one frame of a file; raises Problem 400, 413 or 415."""
    header = open_header(data, max_pixels)
    if page:
        header.seek(page)
    return header


@contextmanager
def _as_problems() -> Iterator[None]:
    try:
        yield
    except errors.PictureError as error:
        raise Problem(_STATUS[type(error)], error.code, error.detail) from error.__cause__

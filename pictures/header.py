"""A picture file's header: which picture it is, and how large; no pixels."""

import io
from dataclasses import dataclass

from PIL import Image, ImageFile, TiffImagePlugin

from . import color_chunks, formats, jpeg, jpeg2000, tiff
from .errors import (
    EmptyPicture,
    NoSuchPage,
    TooManyPixels,
    UnknownPicture,
    UnsupportedPicture,
    broken,
)


@dataclass(frozen=True)
class Header:
    """A picture file that is opened and not decoded yet; see `decode`."""

    image: ImageFile.ImageFile
    data: io.BytesIO
    # How many pages the file has: more than one in a TIFF alone, and MAX_PAGES at most.
    pages: int
    # What the samples of a TIFF are.
    samples: tiff.Samples | None
    icc: bytes | None

    @property
    def width(self) -> int:
        """In pixels, as a person sees it or lying on its side."""
        return self.image.width

    @property
    def height(self) -> int:
        """In pixels, as a person sees it or lying on its side."""
        return self.image.height

    @property
    def cost(self) -> int:
        """Pixels for which there must be room in memory: its own, and half as many again of JPEG
        2000, whose decoder takes 24 bytes for each where the others take 18 at most.
        """
        pixels = self.width * self.height
        return pixels * 3 // 2 if self.image.format == "JPEG2000" else pixels


def open_header(data: io.BytesIO, max_pixels: int, page: int = 0) -> Header:
    """Read the header of a picture file; of a TIFF, of its page `page`, counted from 0.

    Raises EmptyPicture, BrokenPicture, UnknownPicture, UnsupportedPicture, NoSuchPage, or
    TooManyPixels: more than `max_pixels`.
    """
    if not data.getbuffer().nbytes:
        raise EmptyPicture("The picture is empty: 0 bytes arrived.")
    start = bytes(data.getbuffer()[:3000])
    pages, samples, icc = 1, None, None
    if formats.is_tiff(start):
        data, pages = tiff.only_page(data, page)
        samples = tiff.check(data)
    elif page:
        raise NoSuchPage(f"The file has 1 page; there is no page {page + 1}.")
    try:
        image = Image.open(data, formats=formats.FORMATS)
        width, height = image.size
    except Exception as error:
        # Pillow documents no list of what broken files raise.
        raise _open_error(data, start) from error
    if image.format == "JPEG2000":
        jpeg2000.check_depth(data)
        icc = jpeg2000.color_profile(data)
    if width * height > max_pixels:
        raise TooManyPixels(
            f"The picture is {width} x {height}, {width * height} pixels; the limit is {max_pixels}"
            " pixels. Send a smaller one, or raise MAX_PIXELS.",
        )
    if samples is not None:
        _repair_palette(image)
    if image.format == "PNG":
        icc = color_chunks.of_png(image, data)
    elif image.format in ("AVIF", "HEIF") and not image.info.get("icc_profile"):
        icc = color_chunks.of_boxes(data)
    return Header(image, data, pages, samples, icc or image.info.get("icc_profile"))


def count_pages(data: io.BytesIO) -> int:
    """How many pages a file has, for `open_header`: more than one in a TIFF alone, and
    tiff.MAX_PAGES at most. Raises BrokenPicture.
    """
    if not formats.is_tiff(bytes(data.getbuffer()[:4])):
        return 1
    return len(tiff.page_offsets(data))


def _open_error(data: io.BytesIO, start: bytes) -> Exception:
    if not formats.is_known(start):
        return UnknownPicture(formats.refusal(start))
    if start.startswith(b"\xff\xd8"):
        try:
            jpeg.variant(data)
        except UnsupportedPicture as error:
            return error
    reason = formats.reader_error(data)
    if reason:
        return UnsupportedPicture(
            f"The file is of a variant that is not read here ({reason}). Save it as PNG or JPEG."
        )
    return broken()


def _repair_palette(image: ImageFile.ImageFile) -> None:
    """Some writers give a TIFF's palette 8 bits a color, where the standard wants 16."""
    colors = image.tag_v2.get(TiffImagePlugin.COLORMAP)  # type: ignore[attr-defined]
    if image.mode in ("P", "PA") and colors and max(colors) < 256 and image.palette:
        image.palette.palette = bytes(colors)

"""TIFF (revision 6.0, and BigTIFF): its pages, what their samples mean, and which are not read.

Pillow opens what its table OPEN_INFO has. It reads compressed files by libtiff and the others by
its own code, which differ in byte order and planes; here libtiff reads all, and the table tells its
native byte order for all samples wider than a byte. What these numbers mean is for `depth` to say.
"""

import contextlib
import ctypes
import io
import struct
from dataclasses import dataclass
from typing import Any

from PIL import Image, TiffImagePlugin
from PIL.TiffImagePlugin import COMPRESSION_INFO, OPEN_INFO, ImageFileDirectory_v2

from .errors import NoSuchPage, UnsupportedPicture, broken

TiffImagePlugin.READ_LIBTIFF = True
_libtiff: Any = None  # where Pillow's module does not show it
with contextlib.suppress(AttributeError, OSError):
    _libtiff = ctypes.CDLL(Image.core.__file__)
    # It writes what it finds wrong to standard error, amid our log; the answer says it, too.
    _libtiff.TIFFSetErrorHandler(None)

UNSIGNED, SIGNED, FLOAT = 1, 2, 3
GRAY_ALPHA_16 = (16, 16)
for _order in (b"II", b"MM"):
    for _white_is_zero in (0, 1):
        for _format, _bits, _mode, _raw in (
            (UNSIGNED, 12, "I;16", "I;12"),
            (UNSIGNED, 16, "I;16", "I;16N"),
            (UNSIGNED, 32, "I", "I;32N"),
            (SIGNED, 8, "L", "L"),
            (SIGNED, 16, "I", "I;16NS"),
            (SIGNED, 32, "I", "I;32NS"),
            (FLOAT, 32, "F", "F;32NF"),
            (FLOAT, 64, "F", "F;64NF"),
        ):
            OPEN_INFO[_order, _white_is_zero, (_format,), 1, (_bits,), ()] = _mode, _raw
        for _extra in (0, 1, 2):
            # Four bytes a pixel, whatever they are called.
            _key = _order, _white_is_zero, (UNSIGNED,), 1, GRAY_ALPHA_16, (_extra,)
            OPEN_INFO[_key] = "RGBA", "RGBA"

# A file of so many pages, at most, is counted to its end.
MAX_PAGES = 1000
_SUBFILE_TYPE, _REDUCED, _MASK = 254, 1, 4
_SUB_IFDS, _DNG_VERSION, _EXTRA_SAMPLES = 330, 50706, 338
_PHOTOMETRIC = {
    0: "gray, white is zero", 1: "gray", 2: "RGB", 3: "palette", 4: "mask", 5: "CMYK", 6: "YCbCr",
    8: "L*a*b*", 9: "ICC L*a*b*", 10: "ITU L*a*b*", 32844: "LogL", 32845: "LogLuv",
}  # fmt: skip
_SENSOR = (32803, 34892)  # photometric: color filter array, linear raw
_FORMATS = {UNSIGNED: "unsigned", SIGNED: "signed", FLOAT: "floating-point", 5: "complex"}


@dataclass(frozen=True)
class Samples:
    """What a page's tags say of its samples: PhotometricInterpretation, SampleFormat,
    BitsPerSample, ExtraSamples (0 unspecified, 1 associated alpha, 2 unassociated alpha).
    """

    photometric: int
    format: int
    bits: tuple[int, ...]
    extra: tuple[int, ...]


def page_offsets(data: io.BytesIO) -> list[int]:
    """Where the directory of each page stands, up to MAX_PAGES: reduced pictures and masks are no
    pages, unless there is nothing else. Raises BrokenPicture.
    """
    with data.getbuffer() as file:
        order = "<" if file[:2] == b"II" else ">"
        big = file[2 if order == "<" else 3] == 43
        count_format, entry_size, offset_format = ("Q", 20, "Q") if big else ("H", 12, "I")
        number = struct.Struct(order + offset_format)
        found: list[tuple[int, int]] = []
        seen = set()
        try:
            (at,) = number.unpack_from(file, 8 if big else 4)
            while at and at not in seen and len(found) < MAX_PAGES:
                seen.add(at)
                (count,) = struct.unpack_from(order + count_format, file, at)
                entries = at + struct.calcsize(order + count_format)
                kind = 0
                for entry in range(entries, entries + count * entry_size, entry_size):
                    tag, kind_of_number = struct.unpack_from(order + "HH", file, entry)
                    if tag >= _SUBFILE_TYPE:  # they are sorted
                        if tag == _SUBFILE_TYPE:
                            wide = "I" if kind_of_number == 4 else "H"
                            (kind,) = struct.unpack_from(
                                order + wide, file, entry + (12 if big else 8)
                            )
                        break
                found.append((at, kind))
                (at,) = number.unpack_from(file, entries + count * entry_size)
        except struct.error:
            # What stands before a directory that is cut short is whole.
            if not found:
                raise broken() from None
    pages = [at for at, kind in found if not kind & (_REDUCED | _MASK)]
    return pages or [at for at, _ in found]


def only_page(data: io.BytesIO, page: int) -> tuple[io.BytesIO, int]:
    """The file with that page (from 0) as its first, and how many pages there are.

    Raises NoSuchPage, BrokenPicture.
    """
    offsets = page_offsets(data)
    if page >= len(offsets):
        raise NoSuchPage(f"The file has {len(offsets)} pages; there is no page {page + 1}.")
    order = "little" if data.getbuffer()[:2] == b"II" else "big"
    big = 43 in data.getbuffer()[2:4]
    place = slice(8, 16) if big else slice(4, 8)
    offset = offsets[page].to_bytes(8 if big else 4, order)  # type: ignore[arg-type]
    if bytes(data.getbuffer()[place]) != offset:
        data = io.BytesIO(data.getvalue())
        data.getbuffer()[place] = offset
    return data, len(offsets)


def check(data: io.BytesIO) -> Samples:
    """What the samples of the first page are. Raises UnsupportedPicture where it is a camera's RAW
    file or of a kind that would be decoded wrongly or not at all; BrokenPicture.
    """
    tags = _tags(data)
    _refuse_raw(data, tags)
    compression = tags.get(TiffImagePlugin.COMPRESSION, 1)
    photometric = tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION, 0)
    if compression == 6:  # as Pillow has it
        photometric = 6
    formats = set(tags.get(TiffImagePlugin.SAMPLEFORMAT, (1,)))
    extra = tuple(tags.get(_EXTRA_SAMPLES, ()))
    bits = tuple(tags.get(TiffImagePlugin.BITSPERSAMPLE, (1,)))
    count = tags.get(
        TiffImagePlugin.SAMPLESPERPIXEL, 3 if compression == 6 and photometric in (2, 6) else 1
    )
    planar = tags.get(TiffImagePlugin.PLANAR_CONFIGURATION, 1)
    if len(bits) == 1:
        bits *= min(count, TiffImagePlugin.MAX_SAMPLESPERPIXEL)
    bits = bits[:count]
    if planar == 2 and extra and max(extra) == 0:
        bits, extra = bits[: -len(extra)], ()
    samples = Samples(photometric, min(formats), bits, extra)
    method = COMPRESSION_INFO.get(compression)
    if method is None or (_libtiff and not _libtiff.TIFFIsCODECConfigured(compression)):
        raise _unsupported(f"compressed by {method or f'method {compression}'}")
    if len(formats) > 1:
        raise _unsupported("of samples of several formats")
    fill_order = tags.get(TiffImagePlugin.FILLORDER, 1)
    key = (tags.prefix, photometric, (samples.format,), fill_order, bits, extra)
    # libtiff reads alpha in a plane of its own beside gray as if it were gray, and leaves color in
    # planes multiplied with it.
    apart = planar == 2 and extra and (len(bits) == 2 or 1 in extra)
    if key not in OPEN_INFO or apart:
        raise _unsupported(_named(samples, " in planes" if planar == 2 else ""))
    if photometric == 5 and tags.get(332, 1) != 1:
        raise _unsupported("of inks other than CMYK")
    return samples


def _tags(data: io.BytesIO) -> Any:
    start = data.getvalue()[:16]
    if start.startswith(b"MM\0+"):
        raise _unsupported("a big-endian BigTIFF")
    tags = ImageFileDirectory_v2(start if 43 in start[2:4] else start[:8])
    data.seek(tags.next)
    tags.load(data)
    data.seek(0)
    if TiffImagePlugin.IMAGEWIDTH not in tags:
        raise broken()
    return tags


def _refuse_raw(data: io.BytesIO, tags: Any) -> None:
    reduced = tags.get(_SUBFILE_TYPE, 0) & _REDUCED
    if (
        (reduced and _SUB_IFDS in tags)
        or _DNG_VERSION in tags
        or tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) in _SENSOR
        or data.getbuffer()[8:10] == b"CR"
    ):
        raise UnsupportedPicture(
            "This is a RAW file of a camera, and only the small preview in it could be read. "
            "Develop it with the camera maker's program, darktable or RawTherapee, and send a JPEG."
        )


def _named(samples: Samples, planes: str) -> str:
    color = _PHOTOMETRIC.get(samples.photometric, f"photometric {samples.photometric}")
    alpha = " with alpha" if {1, 2} & set(samples.extra) else ""
    bits = " and ".join(map(str, sorted(set(samples.bits))))
    kind = _FORMATS.get(samples.format, "untyped")
    return f"of {color}{alpha} in {len(samples.bits)} {kind} samples of {bits} bits{planes}"


def _unsupported(variant: str) -> UnsupportedPicture:
    return UnsupportedPicture(
        f"This TIFF is {variant}, which is not read here. Save it as an 8- or 16-bit TIFF "
        "(unsigned, gray or RGB, not in planes) or as PNG."
    )

"""Write PNG files (W3C PNG, third edition) fast: one filter, igzip's deflate, bands in parallel.

Pillow tries five filters on every line and then looks for matches that filtered photographs do not
have. One filter for all lines, and ISA-L's deflate (the package isal), take a fraction of the time
of Pillow's level 1; docs/design.md has the figures, and says what else was tried.
"""

import os
import struct
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

_COLOR_TYPE = {1: 0, 2: 4, 3: 2, 4: 6}
_AVERAGE = 3
_METERS_PER_INCH = 0.0254
# Of 0 to 3: 0 is little faster and a quarter larger, 2 and 3 are no smaller.
_LEVEL = 1
# Lines are filtered so many bytes at a time, which stay in a core's cache.
_STRIP_BYTES = 65_536
# A band is compressed by itself, in a thread of its own where there are several.
_LEAST_BAND_BYTES = 100_000
_MOST_BAND_BYTES = 4_000_000
_CORES = os.cpu_count() or 1

_threads = ThreadPoolExecutor(_CORES, thread_name_prefix="png")


def encode(
    pixels: npt.NDArray[np.uint8],
    exif: bytes = b"",
    dpi: tuple[float, float] | None = None,
) -> bytes:
    """A PNG file of `pixels` [H,W] (gray) or [H,W,C]: gray, gray and alpha, RGB or RGBA. `exif`, a
    TIFF structure, becomes its chunk eXIf; `dpi`, dots per inch across and down, its chunk pHYs.
    """
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    lines = np.ascontiguousarray(pixels).reshape(height, width * channels)
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOR_TYPE[channels], 0, 0, 0)

    # A band for each core, but not so many bytes that they all wait for the last one.
    band_bytes = min(_MOST_BAND_BYTES, max(_LEAST_BAND_BYTES, lines.nbytes // _CORES + 1))
    band = max(1, min(height, -(-band_bytes // (width * channels))))
    tops = range(0, height, band)

    def compress(top: int) -> tuple[list[bytes], int, int]:
        return _compress(lines, channels, top, min(top + band, height))

    bands = map(compress, tops) if len(tops) == 1 else _threads.map(compress, tops)
    parts = [b"\x89PNG\r\n\x1a\n", *_chunk(b"IHDR", [header])]
    if dpi:
        per_meter = (round(each / _METERS_PER_INCH) for each in dpi)
        parts += _chunk(b"pHYs", [struct.pack(">IIB", *per_meter, 1)])
    if exif:
        parts += _chunk(b"eXIf", [exif])
    checksum = 1
    for top, (data, band_checksum, size) in zip(tops, bands, strict=True):
        checksum = _joined_adler32(checksum, band_checksum, size)
        if top == 0:
            data.insert(0, b"\x78\x01")  # zlib, 32 KiB window, fastest
        if top + band >= height:
            data.append(struct.pack(">I", checksum))
        parts += _chunk(b"IDAT", data)
    parts += _chunk(b"IEND", [])
    return b"".join(parts)


def _compress(
    lines: npt.NDArray[np.uint8], channels: int, top: int, bottom: int
) -> tuple[list[bytes], int, int]:
    """Lines top…bottom filtered and deflated, their Adler-32 and their size before that."""
    height, length = lines.shape
    strip = max(1, _STRIP_BYTES // length)
    deflate = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, -15)
    filtered = np.empty((strip, 1 + length), np.uint8)
    filtered[:, 0] = _AVERAGE
    left = np.zeros((strip, length), np.uint8)
    odd = np.empty((strip, length), np.uint8)
    first = np.zeros((1, length), np.uint8)
    data = []
    checksum = 1
    for start in range(top, bottom, strip):
        stop = min(start + strip, bottom)
        count = stop - start
        line, before, rest, out = lines[start:stop], left[:count], odd[:count], filtered[:count]
        above = lines[start - 1 : stop - 1] if start else np.concatenate([first, line[:-1]])
        # The average rounded down, without leaving 8 bits: (a & b) + (a ^ b) / 2.
        before[:, channels:] = line[:, :-channels]
        np.bitwise_xor(above, before, out=rest)
        np.right_shift(rest, 1, out=rest)
        np.bitwise_and(above, before, out=before)
        np.add(before, rest, out=before)
        np.subtract(line, before, out=out[:, 1:])
        before[:, :channels] = 0
        checksum = isal_zlib.adler32(out.data, checksum)
        data.append(deflate.compress(out.data))
    # A band that others follow ends at a byte, and unfinished.
    data.append(deflate.flush(isal_zlib.Z_FINISH if bottom == height else isal_zlib.Z_SYNC_FLUSH))
    return data, checksum, (bottom - top) * (1 + length)


def _joined_adler32(first: int, second: int, second_size: int) -> int:
    """The Adler-32 (RFC 1950) of two pieces in a row, from that of each."""
    low = ((first & 0xFFFF) + (second & 0xFFFF) - 1) % 65_521
    high = ((first >> 16) + (second >> 16) + second_size * ((first & 0xFFFF) - 1)) % 65_521
    return high << 16 | low


def _chunk(name: bytes, data: list[bytes]) -> list[bytes]:
    size = sum(map(len, data))
    checksum = isal_zlib.crc32(name)
    for piece in data:
        checksum = isal_zlib.crc32(piece, checksum)
    return [struct.pack(">I", size), name, *data, struct.pack(">I", checksum)]

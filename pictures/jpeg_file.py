"""Write JPEG files (ITU-T T.81): of large pictures in bands, each on a thread of its own.

A file may have restart markers, after which nothing depends on what came before (section F.1.1.5).
So bands that are encoded by themselves, each line of blocks an interval, make one file when the
markers between them go on counting: from 0 to 7, and again.
"""

import io
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from PIL import Image

from .lab import Bytes

_QUALITY = 92
_FRAME, _SCAN, _END = b"\xff\xc0", b"\xff\xda", b"\xff\xd9"
_LAST_RESTART = b"\xff\xd7"
# Eight lines of blocks, so that each band begins to count at 0.
_STEP = 64
_LEAST_PIXELS = 500_000
# At most so many in a band, whose copy then comes from memory that is there already: to have the
# system clear new pages for copies of two halves takes half as long as encoding does.
_MOST_PIXELS = 500_000
_CORES = os.cpu_count() or 1
_threads = ThreadPoolExecutor(_CORES, thread_name_prefix="jpeg")


def encode(pixels: Bytes, alpha: Image.Image | None, save_options: Mapping[str, Any]) -> bytes:
    """A JPEG file of sRGB pixels [H,W,3], on white where `alpha` lets it through, with
    metadata as Pillow's `save_options`.
    """
    height, width = pixels.shape[:2]
    steps = -(-height // (_STEP * _CORES))
    rows = _STEP * min(steps, max(1, _MOST_PIXELS // (_STEP * width)))
    tops = range(0, height, rows)
    if width * height < _LEAST_PIXELS or len(tops) == 1:
        return _band(pixels, alpha, io.BytesIO(), **save_options)

    def band(top: int) -> bytes:
        part = slice(top, min(top + rows, height))
        own = alpha and alpha.crop((0, part.start, width, part.stop))
        return _band(pixels[part], own, _own_file(), restart_marker_rows=1, **save_options)

    files = list(_threads.map(band, tops))
    scans = [file[_segment(file, _SCAN)[1] : -len(_END)] for file in files]
    head = bytearray(files[0][: -len(scans[0]) - len(_END)])
    # After the marker, a length and the precision.
    at = _segment(head, _FRAME)[0] + 5
    head[at : at + 2] = height.to_bytes(2, "big")
    return bytes(head) + _LAST_RESTART.join(scans) + _END


def _band(pixels: Bytes, alpha: Image.Image | None, file: IO[bytes], **save_options: Any) -> bytes:
    image = Image.fromarray(pixels)
    if alpha is not None:
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=alpha)
        image = white
    with file:
        # Color is what we made, so it is not thinned out (4:4:4).
        image.save(file, "JPEG", quality=_QUALITY, subsampling=0, **save_options)
        file.seek(0)
        return file.read()


def _own_file() -> IO[bytes]:
    """A file in memory that the system knows: Pillow then lets go of the interpreter lock."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("jpeg"), "w+b")
    return io.BytesIO()


def _segment(file: bytes | bytearray, marker: bytes) -> tuple[int, int]:
    """Where the first segment of a marker starts, and where it ends."""
    at = 2
    while at < len(file):
        end = at + 2 + int.from_bytes(file[at + 2 : at + 4], "big")
        if file[at : at + 2] == marker:
            return at, end
        at = end
    raise ValueError(f"no marker {marker.hex()}")

"""Photographs as training data: found in folders and zip files, decoded, checked, parted.

Every photo becomes a square uint8 sRGB array of one side. What cannot be read and what has no
color is left out, and counted. Training and validation are parted by a hash of each file's
content, so that a copy of a photo never stands on both sides.
"""

import dataclasses
import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from training.lab import rgb_to_lab

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}
NEAR_GRAY = 4.0  # mean chroma below this: a black-and-white photo would teach the network gray


class DataError(Exception):
    """The data cannot be trained on; the message says why, in one line."""


@dataclasses.dataclass(frozen=True)
class PhotoFile:
    """A picture file that was found, not yet read."""

    name: str
    read: Callable[[], bytes]


@dataclasses.dataclass(frozen=True)
class Photos:
    """What was read: `rgb` uint8 [N, side, side, 3], its validation part, and what was left out."""

    training: NDArray[np.uint8]
    validation: NDArray[np.uint8]
    unreadable: int
    near_gray: int


def find(sources: Sequence[Path]) -> list[PhotoFile]:
    """Every picture file in `sources`: folders (searched recursively) and zip files, in order.

    Raises DataError where a source does not exist, is no zip file, or nothing is found at all.
    """
    files = [file for source in sources for file in _find_in(source)]
    if not files:
        raise DataError(
            f"no photos found in {', '.join(map(str, sources))}: "
            f"expected files that end in {', '.join(sorted(SUFFIXES))}"
        )
    return files


def _find_in(source: Path) -> Iterator[PhotoFile]:
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.suffix.lower() in SUFFIXES and path.is_file():
                yield PhotoFile(str(path), path.read_bytes)
    elif not source.exists():
        raise DataError(f"{source} does not exist: name a folder, a zip file or a URL of one")
    elif not zipfile.is_zipfile(source):
        raise DataError(f"{source} is neither a folder nor a zip file")
    else:
        archive = zipfile.ZipFile(source)
        for entry in archive.infolist():
            if Path(entry.filename).suffix.lower() in SUFFIXES and not entry.is_dir():
                yield PhotoFile(f"{source}:{entry.filename}", partial(archive.read, entry))


def decode(data: bytes, side: int) -> NDArray[np.uint8]:
    """The middle square of a picture, right way up, as uint8 sRGB [side, side, 3].

    Raises what Pillow raises (OSError, ValueError, ...) for what is no whole picture.
    """
    with Image.open(io.BytesIO(data)) as picture:
        # A large JPEG is decoded at a fraction of its size when that is enough.
        picture.draft("RGB", (2 * side, 2 * side))
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    return np.asarray(ImageOps.fit(upright, (side, side), Image.Resampling.BICUBIC))


def mean_chroma(rgb: NDArray[np.uint8]) -> float:
    """Mean CIE chroma of a photo, seen at every fourth pixel."""
    lab = rgb_to_lab(rgb[::4, ::4])
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


def load(
    files: Sequence[PhotoFile],
    side: int,
    validation_share: float,
    validation_photos: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Photos:
    """Read `files` into arrays. `progress` is told how many of how many are done.

    Raises DataError where not one photo with color could be read.
    """
    rgb = np.empty((len(files), side, side, 3), np.uint8)
    shares = np.empty(len(files))  # a number in 0...1 from each file's content; NaN: left out
    unreadable = near_gray = 0

    def read(index: int) -> str:
        try:
            data = files[index].read()
            rgb[index] = decode(data, side)
        # Pillow's decoders raise nearly anything for broken data, and any of it means the same.
        except Exception:
            shares[index] = np.nan
            return "unreadable"
        if mean_chroma(rgb[index]) < NEAR_GRAY:
            shares[index] = np.nan
            return "near-gray"
        shares[index] = int.from_bytes(hashlib.sha256(data).digest()[:8]) / 2**64
        return "good"

    with ThreadPoolExecutor() as pool:
        for done, outcome in enumerate(pool.map(read, range(len(files))), start=1):
            unreadable += outcome == "unreadable"
            near_gray += outcome == "near-gray"
            progress(done, len(files))

    good = np.flatnonzero(~np.isnan(shares))
    if not len(good):
        raise DataError(
            f"none of {len(files)} picture files is a photo to learn from: "
            f"{unreadable} unreadable, {near_gray} without color"
        )
    held_back = good[shares[good] < validation_share]
    if not len(held_back):
        # Few photos: the one with the smallest hash is held back, again whatever its name.
        held_back = good[np.argsort(shares[good])[:1]]
    learned = np.setdiff1d(good, held_back)
    if not len(learned):
        learned = held_back  # a single photo: nothing else to learn from
    held_back = held_back[np.argsort(shares[held_back])][:validation_photos]
    return Photos(rgb[learned], rgb[held_back], unreadable, near_gray)

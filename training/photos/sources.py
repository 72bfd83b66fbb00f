"""Photographs: found in folders and zip files, and decoded into squares of uint8 sRGB."""

import dataclasses
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from training.program.errors import UsageError

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}


class DataError(UsageError):
    """The data cannot be trained on; the message says why, in one line."""


@dataclasses.dataclass(frozen=True)
class PhotoFile:
    """A picture file that was found, not yet read."""

    name: str
    read: Callable[[], bytes]
    stamp: str  # another one where the content is another, found without reading it

    @property
    def base_name(self) -> str:
        """The file's name without zip and folders."""
        return self.name.rpartition(":")[2].rpartition("/")[2]


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
                status = path.stat()
                stamp = f"{path.relative_to(source)} {status.st_size} {status.st_mtime_ns}"
                yield PhotoFile(str(path), path.read_bytes, stamp)
    elif not source.exists():
        raise DataError(f"{source} does not exist: name a folder, a zip file or a URL of one")
    else:
        try:
            archive = zipfile.ZipFile(source)
        except (OSError, zipfile.BadZipFile) as error:
            raise DataError(
                f"{source} is neither a folder nor a whole zip file: {error}"
            ) from error
        for entry in archive.infolist():
            if Path(entry.filename).suffix.lower() in SUFFIXES and not entry.is_dir():
                stamp = f"{entry.filename} {entry.file_size} {entry.CRC:08x}"
                yield PhotoFile(f"{source}:{entry.filename}", partial(archive.read, entry), stamp)


def decode(data: bytes, side: int) -> NDArray[np.uint8]:
    """The middle square of a picture, right way up, as uint8 sRGB [side, side, 3].

    Raises what Pillow raises (OSError, ValueError, ...) for what is no whole picture.
    """
    with Image.open(io.BytesIO(data)) as picture:
        # A large JPEG is decoded at a fraction of its size when that is enough.
        picture.draft("RGB", (2 * side, 2 * side))
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    return np.asarray(ImageOps.fit(upright, (side, side), Image.Resampling.BICUBIC))

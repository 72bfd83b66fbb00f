"""Photos decoded once into an array on disk, so that the next start is immediate.

A cache is a folder: `rgb.npy`, uint8 [N, side, side, 3], is memory-mapped, never read as a whole,
so that there may be more photos than memory; `content.npy`, uint64 [N], is a hash of each photo's
file, `colorfulness.npy`, float32 [N], how vivid it is; `photos.json` has each one's file name and
counts what was left out: unreadable files, photos without color, copies.

The folder's name is a hash of what was read (names, sizes, the files' times or the zips' CRCs) and
of how (side, least chroma): photos that change get a new cache, and ones that move keep theirs. It
appears whole or not at all, and may be removed at any time.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.photos import cache_writer
from training.photos.colorfulness import NEAR_GRAY
from training.photos.sources import DataError, PhotoFile

FORMAT = 3  # of the folder; a change of what is decoded or kept counts it up


class View:
    """Some rows of a larger array, in their own order, copied only on access.

    Indexed by an integer (one photo, [side, side, 3]) or by a slice or an array of integers.
    """

    def __init__(self, rgb: NDArray[np.uint8], rows: NDArray[np.integer]):
        self._rgb = rgb
        self._rows = rows

    @property
    def shape(self) -> tuple[int, ...]:
        """As an array's: [N, side, side, 3]."""
        return (len(self._rows), *self._rgb.shape[1:])

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int | slice | NDArray[np.integer]) -> NDArray[np.uint8]:
        # A copy in memory, not a window onto the disk that is read later.
        return np.array(self._rgb[self._rows[index]])

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        return (self[i] for i in range(len(self)))


@dataclasses.dataclass(frozen=True)
class Split:
    """Photos for training, on disk, and for validation, in memory: uint8 [N, side, side, 3]."""

    training: View
    validation: NDArray[np.uint8]


@dataclasses.dataclass(frozen=True)
class DataCache:
    """Every photo with color that was read, each content once, and what was left out."""

    rgb: NDArray[np.uint8]  # [N, side, side, 3], memory-mapped, read-only
    content: NDArray[np.uint64]  # [N], of each photo's file
    colorfulness: NDArray[np.float32]  # [N], as in `metrics.colorfulness`
    names: list[str]  # [N], of each photo's file, without its folders
    unreadable: int
    near_gray: int
    copies: int

    def __len__(self) -> int:
        return len(self.content)

    def split(
        self,
        validation_share: float,
        validation_photos: int,
        shares: Sequence[tuple[str, float]] = (),
        min_colorfulness: float = 0.0,
    ) -> Split:
        """Part the photos by their content alone, whatever their names, places and order.

        `validation_share` of them are held back, at least one, and of these at most
        `validation_photos` are looked at. Of the rest, `shares` are learned from: pairs of a
        pattern of file names (fnmatch) and a share, 0...1, of which the first that fits counts.
        Photos whose colorfulness is below `min_colorfulness` are on neither side: what is learned
        without them would be judged by them. Raises DataError where there are not two photos, or
        these leave none.
        """
        if len(self) < 2:
            raise DataError(
                "one photo is not enough: at least two different ones are needed, "
                "since one is kept for validation and never learned from"
            )
        by_content = np.argsort(self.content)
        positions = self.content[by_content] / 2.0**64
        held_back = min(max(1, int((positions < validation_share).sum())), len(self) - 1)
        validation = self._colorful(by_content[:held_back], min_colorfulness)[:validation_photos]
        learned: NDArray[np.integer] = np.sort(by_content[held_back:])
        if shares:
            learned = learned[self._sampled(learned, shares)]
            if not len(learned):
                raise DataError("shares leaves no photo to learn from: name photos to keep")
        learned = self._colorful(learned, min_colorfulness)
        return Split(View(self.rgb, learned), View(self.rgb, validation)[:])

    def _colorful(self, rows: NDArray[np.integer], least: float) -> NDArray[np.integer]:
        """Those of `rows` that are as colorful as that; DataError where none is."""
        vivid = rows[self.colorfulness[rows] >= least]
        if not len(vivid):
            raise DataError(
                f"too few photos have a colorfulness of {least:g}: lower min_colorfulness"
            )
        return vivid

    def _sampled(
        self, rows: NDArray[np.integer], shares: Sequence[tuple[str, float]]
    ) -> NDArray[np.bool_]:
        """Which of `rows` the `shares` keep: the same ones whatever else there is."""

        def share(name: str) -> float:
            return next((share for pattern, share in shares if fnmatch(name, pattern)), 1.0)

        # Its low bits: the high ones part training from validation.
        positions = (self.content[rows] % 2**32) / 2.0**32
        return positions < np.array([share(self.names[row]) for row in rows])


def load(
    files: Sequence[PhotoFile],
    side: int,
    folder: Path,
    min_chroma: float = NEAR_GRAY,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> DataCache:
    """The cache of `files` in `folder`, made first where it is not there yet.

    Photos become squares of `side` pixels; those with a mean chroma below `min_chroma` are left
    out. `progress` gets how many of how many files are done. Raises DataError where not one
    photo could be read or the cache cannot be written.
    """
    path = folder / f"photos-{_key(files, side, min_chroma)}"
    try:
        if not path.exists():
            cache_writer.write_cache(path, files, side, min_chroma, progress)
        info = json.loads((path / "photos.json").read_text())
        content = np.load(path / "content.npy")
        vivid = np.load(path / "colorfulness.npy")
        rgb = np.load(path / "rgb.npy", mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"cannot keep photos in {path} ({getattr(error, 'strerror', None) or error}): "
            "make room there, remove it, or name another folder with --cache-dir"
        ) from error
    return DataCache(rgb, content, vivid, **info)


def _key(files: Sequence[PhotoFile], side: int, min_chroma: float) -> str:
    digest = hashlib.sha256(json.dumps([FORMAT, side, min_chroma]).encode())
    for file in files:
        digest.update(json.dumps(file.stamp).encode())
    return digest.hexdigest()[:16]

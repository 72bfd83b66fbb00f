"""The photos that models are evaluated on."""

import dataclasses
import hashlib
from collections.abc import Sequence
from fnmatch import fnmatch

import numpy as np
from numpy.typing import NDArray

from training.photos import sources


@dataclasses.dataclass(frozen=True)
class Photo:
    """A photo for evaluation, and what identifies it."""

    name: str
    sha256: str
    rgb: NDArray[np.uint8]


def select_photos(
    files: Sequence[sources.PhotoFile], patterns: Sequence[str], count: int | None, seed: int
) -> list[sources.PhotoFile]:
    """Of `files` those whose names match one of `patterns`, if any, and of these `count`, drawn
    from `seed`; in their order. Raises DataError where none is left.
    """
    if patterns:
        files = [file for file in files if any(fnmatch(file.base_name, p) for p in patterns)]
    if not files:
        raise sources.DataError(f"no photo's file name matches {','.join(patterns)}")
    drawn = np.random.default_rng(seed).permutation(len(files))[:count]
    return [files[index] for index in sorted(drawn)]


def read_all(files: Sequence[sources.PhotoFile], side: int) -> tuple[list[Photo], int]:
    """Every readable photo as a square, and how many could not be read. Raises DataError."""
    found = []
    for file in files:
        try:
            data = file.read()
            rgb = sources.decode(data, side)
        except Exception:  # whatever a decoder raises for broken data: it is counted
            continue
        found.append(Photo(file.base_name, hashlib.sha256(data).hexdigest(), rgb))
    if not found:
        raise sources.DataError(f"none of {len(files)} picture files can be read")
    return found, len(files) - len(found)

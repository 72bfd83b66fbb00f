"""Paintings with what training needs of them, computed once and kept on disk.

A bank is a folder: `rgb.npy`, uint8 [N, 256, 256, 3]; `vectors.npy`, float32 [N, 100], the output
of the style network for each; `statistics-K.npy`, float16 [N, ...], VGG-19's statistics of its
style (`training.style.losses`); `share.npy`, float64 [N], a number in 0...1 from each file's
content. The paintings come first; the last `own` ones are photos that serve as their own style.

Its name is a hash of its inputs; it appears whole or not at all, and may be removed.
"""

import contextlib
import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.photos.sources import DataError, PhotoFile, decode
from training.program.files import flush_folder, flush_tree, scratch_folder
from training.style.losses import Perception
from training.style.network import STYLE_SIDE

FORMAT = 1
BATCH_SIZE = 4


@dataclasses.dataclass(frozen=True)
class StyleBank:
    """`own` of the N pictures, the last, are photos; the rest are paintings. On disk."""

    rgb: NDArray[np.uint8]
    vectors: NDArray[np.float32]
    statistics: list[NDArray[np.float16]]
    share: NDArray[np.float64]
    own: int

    def paintings(self, validation_share: float) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
        """Rows of the paintings to learn from and of those held back, at least one of each."""
        count = len(self.share) - self.own
        by_share = np.argsort(self.share[:count])
        held_back = int((self.share[:count] < validation_share).sum())
        held_back = min(max(1, held_back), count - 1)
        return by_share[held_back:], by_share[:held_back]

    @property
    def own_rows(self) -> NDArray[np.int_]:
        """Rows of the photos."""
        return np.arange(len(self.share) - self.own, len(self.share))

    def statistics_of(self, rows: Sequence[int]) -> list[NDArray[np.float32]]:
        """The style statistics of some rows, float32 [len(rows), ...]."""
        return [values[rows].astype(np.float32) for values in self.statistics]


def load(
    paintings: Sequence[PhotoFile],
    photos: NDArray[np.uint8],
    style_network: keras.Model,
    perception: Perception,
    folder: Path,
    key: str,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> StyleBank:
    """The bank of `paintings` and of `photos` [n, side, side, 3], made where it is not there yet.

    `key` names the weights that made it. Raises DataError where fewer than two paintings can be
    read, or where the bank cannot be written.
    """
    stamps = [
        FORMAT,
        key,
        [file.stamp for file in paintings],
        hashlib.sha256(photos.tobytes()).hexdigest(),
    ]
    path = folder / f"styles-{hashlib.sha256(json.dumps(stamps).encode()).hexdigest()[:16]}"
    try:
        if not path.exists():
            _build(path, paintings, photos, style_network, perception, progress)
        parts = sorted(path.glob("statistics-*.npy"), key=lambda path: int(path.stem[11:]))
        return StyleBank(
            np.load(path / "rgb.npy", mmap_mode="r"),
            np.load(path / "vectors.npy"),
            [np.load(path, mmap_mode="r") for path in parts],
            np.load(path / "share.npy"),
            len(photos),
        )
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"cannot keep styles in {path} ({getattr(error, 'strerror', None) or error}): "
            "make room there, remove it, or name another folder with --cache-dir"
        ) from error


def _build(
    path: Path,
    paintings: Sequence[PhotoFile],
    photos: NDArray[np.uint8],
    style_network: keras.Model,
    perception: Perception,
    progress: Callable[[int, int], None],
) -> None:
    rgb, share = [], []
    for file in paintings:
        # Whatever a decoder raises for broken data means the same: it is left out.
        with contextlib.suppress(Exception):
            data = file.read()
            rgb.append(decode(data, STYLE_SIDE))
            share.append(int.from_bytes(hashlib.sha256(data).digest()[:8]) / 2.0**64)
    if len(rgb) < 2:
        raise DataError(f"{len(rgb)} of {len(paintings)} paintings can be read: 2 are needed")
    rgb += [_resized(photo) for photo in photos]
    share += [1.0] * len(photos)

    extractor = _FeatureExtractor(style_network, perception)
    with scratch_folder(path.parent, "styles") as scratch:
        columns: list[np.memmap] = []
        for start in range(0, len(rgb), BATCH_SIZE):
            batch = np.stack(rgb[start : start + BATCH_SIZE])
            values = [np.asarray(x, np.float32) for x in extractor.predict_on_batch(batch / 255.0)]
            if not columns:
                names = ["vectors", *(f"statistics-{k}" for k in range(len(values) - 1))]
                columns = [
                    np.lib.format.open_memmap(
                        scratch / f"{name}.npy",
                        "w+",
                        np.float32 if name == "vectors" else np.float16,
                        (len(rgb), *value.shape[1:]),
                    )
                    for name, value in zip(names, values, strict=True)
                ]
            for column, value in zip(columns, values, strict=True):
                column[start : start + len(batch)] = value
            progress(min(start + BATCH_SIZE, len(rgb)), len(rgb))
        for column in columns:
            column.flush()
        np.save(scratch / "rgb.npy", np.stack(rgb))
        np.save(scratch / "share.npy", np.array(share))
        flush_tree(scratch)
        scratch.rename(path)
    flush_folder(path.parent)


def _resized(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    side = (STYLE_SIDE, STYLE_SIDE)
    return np.asarray(Image.fromarray(photo).resize(side, Image.Resampling.BICUBIC))


class _FeatureExtractor(keras.Model):
    """A picture -> its style vector and its statistics, as one network."""

    def __init__(self, style_network: keras.Model, perception: Perception):
        super().__init__(name="features")
        self._style_network = style_network
        self._perception = perception

    def call(self, pictures: keras.KerasTensor) -> list[keras.KerasTensor]:
        pictures = keras.ops.cast(pictures, "float32")
        return [
            self._style_network(pictures, training=False),
            *self._perception.content_and_style(pictures)[1],
        ]

"""Writes a cache of photos (`training.photos.data_cache` says what is in it)."""

import errno
import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from training.photos.colorfulness import colorfulness, mean_chroma
from training.photos.sources import DataError, PhotoFile, decode
from training.program.files import flush_folder, flush_tree, scratch_folder

CHUNK_SIZE = 1024  # photos that are decoded before the next are asked for: bounds the memory


def write_cache(
    path: Path,
    files: Sequence[PhotoFile],
    side: int,
    min_chroma: float,
    progress: Callable[[int, int], None],
) -> None:
    """Write the cache under another name, then rename it to `path`."""
    with scratch_folder(path.parent, "photos") as scratch:
        _fill(scratch, files, side, min_chroma, progress)
        flush_tree(scratch)
        try:
            scratch.rename(path)
        except OSError as error:
            # Another run, or another worker of this one, was as quick with the same photos.
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
    flush_folder(path.parent)


def _fill(
    folder: Path,
    files: Sequence[PhotoFile],
    side: int,
    min_chroma: float,
    progress: Callable[[int, int], None],
) -> None:
    def read(file: PhotoFile) -> str | tuple[NDArray[np.uint8], int, bytes, float]:
        try:
            data = file.read()
            rgb = decode(data, side)
        # Pillow's decoders raise nearly anything for broken data, and any of it means the same.
        except Exception:
            return "unreadable"
        if mean_chroma(rgb) < min_chroma:
            return "near_gray"
        number = int.from_bytes(hashlib.sha256(data).digest()[:8])
        return rgb, number, hashlib.sha256(rgb.tobytes()).digest()[:16], colorfulness(rgb)

    counts = {"unreadable": 0, "near_gray": 0, "copies": 0}
    content: list[int] = []
    names: list[str] = []
    vivid: list[float] = []
    rows: dict[bytes, int] = {}
    # Written from front to end like any file, and mapped afterwards: a full disk is an error here,
    # where in a mapped file it would kill the process.
    with (folder / "rgb.npy").open("wb") as out, ThreadPoolExecutor() as pool:
        _write_header(out, (0, side, side, 3))
        for start in range(0, len(files), CHUNK_SIZE):
            chunk = files[start : start + CHUNK_SIZE]
            for done, (file, photo) in enumerate(
                zip(chunk, pool.map(read, chunk), strict=True), start=start + 1
            ):
                if isinstance(photo, str):
                    counts[photo] += 1
                elif (row := rows.get(photo[2])) is not None:
                    # The same pixels: the same file again, or one that says more about itself.
                    # The least number counts, so that the order of files decides nothing.
                    counts["copies"] += 1
                    if photo[1] < content[row]:
                        content[row], names[row] = photo[1], file.base_name
                else:
                    rows[photo[2]] = len(content)
                    content.append(photo[1])
                    names.append(file.base_name)
                    vivid.append(photo[3])
                    out.write(photo[0].tobytes())
                progress(done, len(files))
        end = out.tell()
        out.seek(0)
        _write_header(out, (len(content), side, side, 3))
        out.seek(end)
    if not content:
        raise DataError(
            f"none of {len(files)} picture files is a photo to learn from: "
            f"{counts['unreadable']} unreadable, {counts['near_gray']} without color"
        )
    np.save(folder / "content.npy", np.array(content, np.uint64))
    np.save(folder / "colorfulness.npy", np.array(vivid, np.float32))
    (folder / "photos.json").write_text(json.dumps({**counts, "names": names}) + "\n")


def _write_header(out: IO[bytes], shape: tuple[int, ...]) -> None:
    """The head of a .npy file; NumPy pads it so that the first axis may grow in place."""
    np.lib.format.write_array_header_1_0(
        out, {"descr": "|u1", "fortran_order": False, "shape": shape}
    )

"""Files and folders that appear whole or not at all, and survive a power cut.

What is being written has a hidden name of its own beside its place, and is locked by who writes it:
what nobody locks was left by a process that was killed, on whatever machine, and is removed.
"""

import contextlib
import fcntl
import glob
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from training.program.errors import CommandError


@contextlib.contextmanager
def write_then_rename(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to; it takes the name `path` if the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path.parent, path.name)
    scratch = _scratch(path.parent, path.name)
    scratch.touch()
    try:
        with _locked(scratch):
            yield scratch
            flush_file(scratch)
            scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


@contextlib.contextmanager
def write_result(path: Path) -> Iterator[Path]:
    """The same, for a file that a person asked for. Raises CommandError where the disk refuses."""
    try:
        with write_then_rename(path) as scratch:
            yield scratch
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror or error}") from error


@contextlib.contextmanager
def scratch_folder(parent: Path, kind: str) -> Iterator[Path]:
    """A new folder in `parent` to fill, flush and rename; what is not renamed is removed."""
    parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(parent, kind)
    scratch = _scratch(parent, kind)
    scratch.mkdir()
    try:
        with _locked(scratch):
            yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def remove_leftovers(folder: Path, name: str) -> None:
    """Remove what killed processes left in `folder` when they wrote `name`."""
    for path in folder.glob(f".{glob.escape(name)}-*.part"):
        if _in_use(path):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _scratch(folder: Path, name: str) -> Path:
    return folder / f".{name}-{secrets.token_hex(4)}.part"


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # a volume without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _in_use(path: Path) -> bool:
    """Whether a process writes it; true if that cannot be found out."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(descriptor)
    except OSError:
        return True
    return False


def flush_tree(folder: Path) -> None:
    """Wait until a whole folder is on the disk: it must get there before a rename."""
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            flush_folder(path)
        else:
            flush_file(path)


def flush_file(path: Path) -> None:
    """Wait until the content of a file is on disk: it must get there before a rename."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

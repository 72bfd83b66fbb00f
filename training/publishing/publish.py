"""Publish a version: folders that appear whole or not at all, and never change again.

`training.publishing.place` has the layout.
"""

import contextlib
import errno
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from training.loop.checkpoints import Checkpoints
from training.program.errors import UsageError
from training.program.files import (
    flush_folder,
    flush_tree,
    remove_leftovers,
    scratch_folder,
    write_then_rename,
)
from training.publishing.place import (
    RECORD,
    RUN,
    Place,
    PublishError,
    fingerprint_in,
    unfinished,
    versions,
)

SCRATCH = "publish"  # in the name of a folder that is being written
_STANDS = (errno.EEXIST, errno.ENOTEMPTY)  # what renaming a folder to one that stands raises


def claim(
    root: Path, version: int | None, fingerprint: str, start_over: bool = False
) -> tuple[Place, bool]:
    """The place for a run, and whether this very run has published there before.

    Without `version`, the number that this configuration has already, published or unfinished, or
    else the next free one. An unfinished run of another configuration keeps its number, unless
    `start_over` says to drop what stands there. A start that finds `vN/N/` without `N/` completes
    it. Raises UsageError where the root cannot be written or another configuration has the version,
    PublishError where the disk refuses to complete it.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        probe = root / f".write-test-{os.getpid()}"
        probe.touch()
        probe.unlink()
        remove_leftovers(root, SCRATCH)
        taken, waiting = versions(root), unfinished(root)
    except OSError as error:
        raise UsageError(
            f"the export root {root} cannot be written ({error.strerror}): "
            "name another with --export-root"
        ) from error
    if version is None:
        same = [n for n in taken if fingerprint_in(Place(root, n).folder / RECORD) == fingerprint]
        same = same or [n for n in waiting if waiting[n] == fingerprint]
        version = same[-1] if same else max([*taken, *waiting], default=0) + 1
    place = Place(root, version)
    if version in taken:
        if fingerprint_in(place.folder / RECORD) != fingerprint:
            raise UsageError(
                f"version {version} in {root} was published by another configuration, and versions "
                "never change: name another number with --version, or none for the next free one"
            )
        _link_highest(place)
        forget(place)
        return place, True
    if start_over:
        forget(place)
    elif version in waiting and waiting[version] != fingerprint:
        raise UsageError(
            f"{place.unfinished} holds a run of another configuration, unfinished: start that one "
            "again as before, name another --version, or drop it with --start-over"
        )
    return place, False


@contextlib.contextmanager
def begun(place: Place, fingerprint: str) -> Iterator[Path]:
    """The folder for what a run keeps until it is published, for this process alone.

    Raises PublishError where another process is at work there, or the disk refuses.
    """
    record = place.unfinished / RUN
    try:
        place.unfinished.mkdir(parents=True, exist_ok=True)
        with (place.unfinished / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise PublishError(
                    f"another process is training version {place.version} in {place.root}: wait "
                    "for it, or name another --version"
                ) from error
            except OSError:  # a volume without locks
                pass
            if record.exists() and fingerprint_in(record) != fingerprint:
                raise PublishError(
                    f"version {place.version} in {place.root} was begun by another run meanwhile: "
                    "start again with another --version, or none"
                )
            with write_then_rename(record) as scratch:
                scratch.write_text(json.dumps({"fingerprint": fingerprint}) + "\n")
            yield place.unfinished
    except OSError as error:
        raise PublishError(
            f"cannot write version {place.version}'s checkpoints under {place.unfinished}: "
            f"{error.strerror or error}"
        ) from error


def forget(place: Place) -> None:
    """Remove what an unfinished run kept, its checkpoints first."""
    Checkpoints(place.unfinished).remove()


def publish(
    place: Place,
    fingerprint: str,
    fill: Callable[[Path], dict],
) -> Path:
    """Write a version and return its SavedModel's folder, `vN/N`.

    `fill` writes what `vN/` holds into the folder it is given (the SavedModel into `N/` there) and
    returns what `training.json` is to say beside the fingerprint. All of it is written under a
    dot-name in the root and renamed at the end, so that whoever watches the root sees the whole
    version or none of it. Raises PublishError where the disk is full or the number was taken
    meanwhile; nothing is left behind then.
    """
    try:
        with scratch_folder(place.root, SCRATCH) as scratch:
            record = {"fingerprint": fingerprint, **fill(scratch)}
            (scratch / RECORD).write_text(json.dumps(record, indent=2) + "\n")
            flush_tree(scratch)
            scratch.rename(place.folder)
        flush_folder(place.root)
    except OSError as error:
        if error.errno in _STANDS:
            raise PublishError(
                f"version {place.version} in {place.root} was published by another run meanwhile: "
                "start again with another --version, or none"
            ) from error
        raise _refused(place, error) from error
    _link_highest(place)
    forget(place)
    return place.served


def _refused(place: Place, error: OSError | shutil.Error) -> PublishError:
    # copytree has a list of what failed; the last of each is its reason, ": " and the path.
    why = error.strerror or error
    if isinstance(error, shutil.Error):
        why = error.args[0][0][2].partition(": ")[0]
    return PublishError(f"cannot write version {place.version} under {place.root}: {why}")


def _link_highest(place: Place) -> None:
    """Make `N/` from `vN/N/`, whole or not at all; nothing to do where it stands.

    Raises PublishError where the disk refuses; the next start completes it.
    """
    if place.highest.exists():
        return
    try:
        with scratch_folder(place.root, SCRATCH) as scratch:
            shutil.copytree(place.served, scratch, copy_function=_link, dirs_exist_ok=True)
            flush_tree(scratch)
            scratch.rename(place.highest)
        flush_folder(place.root)
    except OSError as error:
        if error.errno not in _STANDS:  # another start of the same run has made it meanwhile
            raise _refused(place, error) from error


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError as error:
        # Some volumes (SMB, some FUSE) have no hard links; a full disk is not one of these.
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV):
            raise
        shutil.copy2(source, target)

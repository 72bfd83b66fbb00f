"""Publish a version: folders that appear whole or not at all, and never change again.

`training.publishing.version_folder` has the layout.
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
from training.publishing.version_folder import (
    RECORD,
    RUN,
    PublishError,
    VersionFolder,
    fingerprint_in,
    unfinished,
    versions,
)

SCRATCH = "publish"  # in the name of a folder that is being written
_ALREADY_THERE = (errno.EEXIST, errno.ENOTEMPTY)  # what renaming a folder to one that stands raises


def reserve_version(
    root: Path, version: int | None, fingerprint: str, start_over: bool = False
) -> tuple[VersionFolder, bool]:
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
        published, waiting = versions(root), unfinished(root)
    except OSError as error:
        raise UsageError(
            f"the export root {root} cannot be written ({error.strerror}): "
            "name another with --export-root"
        ) from error
    if version is None:
        same = [
            n
            for n in published
            if fingerprint_in(VersionFolder(root, n).folder / RECORD) == fingerprint
        ]
        same = same or [n for n in waiting if waiting[n] == fingerprint]
        version = same[-1] if same else max([*published, *waiting], default=0) + 1
    target = VersionFolder(root, version)
    if version in published:
        if fingerprint_in(target.folder / RECORD) != fingerprint:
            raise UsageError(
                f"version {version} in {root} was published by another configuration, and versions "
                "never change: name another number with --version, or none for the next free one"
            )
        _link_highest(target)
        remove_unfinished(target)
        return target, True
    if start_over:
        remove_unfinished(target)
    elif version in waiting and waiting[version] != fingerprint:
        raise UsageError(
            f"{target.unfinished} holds a run of another configuration, unfinished: start that one "
            "again as before, name another --version, or drop it with --start-over"
        )
    return target, False


@contextlib.contextmanager
def open_run(target: VersionFolder, fingerprint: str) -> Iterator[Path]:
    """The folder for what a run keeps until it is published, for this process alone.

    Raises PublishError where another process is at work there, or the disk refuses.
    """
    record = target.unfinished / RUN
    try:
        target.unfinished.mkdir(parents=True, exist_ok=True)
        with (target.unfinished / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise PublishError(
                    f"another process is training version {target.version} in {target.root}: wait "
                    "for it, or name another --version"
                ) from error
            except OSError:  # a volume without locks
                pass
            if record.exists() and fingerprint_in(record) != fingerprint:
                raise PublishError(
                    f"version {target.version} in {target.root} was begun by another run "
                    "meanwhile: start again with another --version, or none"
                )
            with write_then_rename(record) as scratch:
                scratch.write_text(json.dumps({"fingerprint": fingerprint}) + "\n")
            yield target.unfinished
    except OSError as error:
        raise PublishError(
            f"cannot write version {target.version}'s checkpoints under {target.unfinished}: "
            f"{error.strerror or error}"
        ) from error


def remove_unfinished(target: VersionFolder) -> None:
    """Remove what an unfinished run kept, its checkpoints first."""
    Checkpoints(target.unfinished).remove()


def publish(
    target: VersionFolder,
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
        with scratch_folder(target.root, SCRATCH) as scratch:
            record = {"fingerprint": fingerprint, **fill(scratch)}
            (scratch / RECORD).write_text(json.dumps(record, indent=2) + "\n")
            flush_tree(scratch)
            scratch.rename(target.folder)
        flush_folder(target.root)
    except OSError as error:
        if error.errno in _ALREADY_THERE:
            raise PublishError(
                f"version {target.version} in {target.root} was published by another run "
                "meanwhile: start again with another --version, or none"
            ) from error
        raise _publish_error(target, error) from error
    _link_highest(target)
    remove_unfinished(target)
    return target.served


def _publish_error(target: VersionFolder, error: OSError | shutil.Error) -> PublishError:
    # copytree has a list of what failed; the last of each is its reason, ": " and the path.
    why = error.strerror or error
    if isinstance(error, shutil.Error):
        why = error.args[0][0][2].partition(": ")[0]
    return PublishError(f"cannot write version {target.version} under {target.root}: {why}")


def _link_highest(target: VersionFolder) -> None:
    """Make `N/` from `vN/N/`, whole or not at all; nothing to do where it stands.

    Raises PublishError where the disk refuses; the next start completes it.
    """
    if target.highest.exists():
        return
    try:
        with scratch_folder(target.root, SCRATCH) as scratch:
            shutil.copytree(target.served, scratch, copy_function=_link, dirs_exist_ok=True)
            flush_tree(scratch)
            scratch.rename(target.highest)
        flush_folder(target.root)
    except OSError as error:
        if error.errno not in _ALREADY_THERE:  # another start of the same run has made it meanwhile
            raise _publish_error(target, error) from error


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError as error:
        # Some volumes (SMB, some FUSE) have no hard links; a full disk is not one of these.
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV):
            raise
        shutil.copy2(source, target)

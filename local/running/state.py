"""The state folder: what runs, finished jobs, claims, logs. One `up` at a time owns it."""

import contextlib
import errno
import fcntl
import json
import os
import shutil
import time
from collections.abc import Container, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO, TypeVar

from pydantic import TypeAdapter

from ..errors import CannotStart
from .plan import PlannedComponent

# A look at the lock holds it for an instant.
_LOCK_WITHIN_S = 1.0

T = TypeVar("T")


class InUse(CannotStart):
    """Another `up` has the folder; the text names it and says what to do."""


class BadState(CannotStart):
    """The folder cannot be used; the text says why, and what to do."""


@dataclass(frozen=True)
class Row:
    """One component as people see it. `healthy` is None while there is nothing to say."""

    application: str
    namespace: str
    component: str
    type: str
    phase: str
    healthy: bool | None
    detail: str
    restarts: int = 0
    since: float = 0.0
    endpoints: tuple[tuple[str, str], ...] = ()
    # Of a web service: the program, as in `python -m color_client`, its predict URL, and its
    # database of what people choose.
    module: str = ""
    url: str = ""
    feedback_db: str = ""

    @property
    def health(self) -> str:
        """In a word."""
        return {None: "-", True: "healthy", False: "unhealthy"}[self.healthy]


@dataclass(frozen=True)
class _Owner:
    """The `up` that has the folder, as it says itself."""

    pid: int = 0
    applications: list[str] = field(default_factory=list)


class StateFolder:
    """A folder such as `.local/`; nothing is written before `own`."""

    def __init__(self, root: Path):
        self.root = root.absolute()
        self._lock: os.stat_result | None = None

    @property
    def volumes(self) -> Path:
        """Where the claims are."""
        return self.root / "volumes"

    def log(self, application: str, component: str) -> Path:
        """What a component printed since the last `up`."""
        return self.root / "logs" / application / f"{component}.log"

    @contextlib.contextmanager
    def own(self, applications: Sequence[str]) -> Iterator[None]:
        """Own the folder, as an `up` of these Applications. Raises InUse, BadState."""
        with self._lock_file() as lock:
            deadline = time.monotonic() + _LOCK_WITHIN_S
            while not _try_lock(lock, fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    raise InUse(self.describe_owner())
                time.sleep(0.05)
            self._lock = os.fstat(lock.fileno())
            self._clear_last_run()
            self.write("running.json", asdict(_Owner(os.getpid(), list(applications))))
            yield

    def is_lost(self) -> bool:
        """Whether the folder was deleted or replaced since this `up` took it."""
        if self._lock is None:
            return False
        try:
            return not os.path.samestat(self._lock, (self.root / "lock").stat())
        except OSError:
            return True

    def _lock_file(self) -> TextIO:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            return (self.root / "lock").open("a+")
        except OSError as error:
            raise _bad_state(self.root, error) from None

    def describe_owner(self) -> str:
        """Which `up` has the folder, and what to do about it."""
        running = self.read("running.json", _Owner) or _Owner()
        names = ", ".join(running.applications) or "another up"
        process = f" (process {running.pid})" if running.pid else ""
        return (
            f"{names} is running with {self.root}{process}; stop it and give all files to one "
            "`up`, or keep these apart with --state FOLDER"
        )

    def _clear_last_run(self) -> None:
        for name in ("requests", "changes", "served", "logs"):
            shutil.rmtree(self.root / name, ignore_errors=True)
        (self.root / "state.json").unlink(missing_ok=True)

    def copy_path(self, *names: str) -> Path:
        """Where a model that is served is copied to: namespace, component, predictor, model."""
        return self.root.joinpath("served", *names)

    def remove_copies(self, kept: Container[Path] = ()) -> None:
        """Remove every such copy but these."""
        for copy in (self.root / "served").glob("*/*/*/[!.]*"):
            if copy not in kept:
                shutil.rmtree(copy, ignore_errors=True)

    def is_running(self) -> bool:
        """Whether an `up` has the folder now."""
        if not (self.root / "lock").exists():
            return False
        with self._lock_file() as lock:
            return not _try_lock(lock, fcntl.LOCK_SH)

    def write_rows(self, rows: Sequence[Row]) -> bool:
        """Say what runs, as `try_write` does."""
        return self.try_write("state.json", [asdict(row) for row in rows])

    def rows(self) -> list[Row]:
        """What runs, or ran last; programs of an `up` that is gone have stopped with it."""
        rows = self.read("state.json", list[Row]) or []
        if self.is_running():
            return rows
        ended = ("succeeded", "failed", "stopped")
        return [
            row
            if row.phase in ended
            else replace(row, phase="stopped", healthy=None, detail="", endpoints=())
            for row in rows
        ]

    def is_done(self, job: PlannedComponent) -> bool:
        """Whether this very job has succeeded before, and what it wrote is still there."""
        if not job.fingerprint or not all(map(_is_not_empty, job.writes)):
            return False
        record = self.read(self._record(job), dict[str, Any]) or {}
        return bool(record.get("fingerprint") == job.fingerprint)

    def record_done(self, job: PlannedComponent) -> None:
        """Remember that a job has succeeded."""
        if job.fingerprint:
            self.try_write(self._record(job), {"fingerprint": job.fingerprint, "at": time.time()})

    @staticmethod
    def _record(job: PlannedComponent) -> str:
        return f"jobs/{job.namespace}/{job.application}/{job.name}.json"

    def request_down(self, application: str) -> None:
        """Ask the `up` that has the folder to stop an application, by an empty file: most full
        disks take that. Raises BadState.
        """
        path = self.root / "requests" / application
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        except OSError as error:
            raise _bad_state(path, error) from None

    def requests(self) -> list[str]:
        """Applications that somebody wants stopped; each is returned once."""
        folder = self.root / "requests"
        if not folder.is_dir():
            return []
        names = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
        for name in names:
            (folder / name).unlink(missing_ok=True)
        return names

    def read(self, name: str, kind: type[T]) -> T | None:
        """The JSON in a file of the folder as a `kind`, such as a dataclass; None if there is no
        such file, or none that can be read so: another version of this program may have written it.
        """
        with contextlib.suppress(OSError, ValueError):
            return TypeAdapter(kind).validate_json((self.root / name).read_bytes())
        return None

    def write(self, name: str, value: Any) -> None:
        """Put JSON into a file of the folder; who reads it meets all of it or what was before.
        Raises BadState.
        """
        path = self.root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            scratch = path.with_name(f".{path.name}.new")
            scratch.write_text(json.dumps(value, indent=1))
            scratch.rename(path)
        except OSError as error:
            raise _bad_state(path, error) from None

    def try_write(self, name: str, value: Any) -> bool:
        """Like `write`, but a full disk is no error; whether it was written."""
        with contextlib.suppress(BadState):
            self.write(name, value)
            return True
        return False


def _bad_state(path: Path, error: OSError) -> BadState:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    advice = "make room there, or choose" if full else "choose"
    return BadState(f"{path}: {error.strerror}; {advice} another with --state")


def _is_not_empty(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _try_lock(file: TextIO, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except OSError:
        return False
    return True

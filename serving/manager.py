"""Keeps the right version of a model in service while its folder changes.

The base path holds one folder for each version, named by an integer. The highest that loads is
served: a new one is loaded and warmed up beside the one in service, which then drains and goes. A
version that does not load never takes traffic; it is tried again when its files change, and a few
times besides, as a half-written one becomes whole. When all versions are deleted the model is
unloaded; a base path that is gone altogether is taken for a mount that will come back.
"""

import gc
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from serving.errors import ServingError
from serving.quiet_start import quiet_start
from serving.versions import VersionStates, find_versions, fingerprint

if TYPE_CHECKING:
    from serving.servable import Servable

# New containers before Python looks for garbage: more than a picture's worth of JSON lists.
GARBAGE_THRESHOLD = 200_000

logger = logging.getLogger(__name__)


@dataclass
class _Loaded:
    """A version in memory and the number of requests that use it."""

    servable: "Servable"
    users: int = 0


@dataclass
class _Failure:
    """The last failed load of a version."""

    files: object
    attempts: int = 0
    retry_at: float = field(default=0.0)


class ModelManager:
    """The versions of one model, watched and served from a thread of its own."""

    def __init__(
        self,
        name: str,
        base_path: Path,
        load: Callable[[Path, int], "Servable"],
        *,
        poll_seconds: float,
        max_load_retries: int,
        retry_seconds: float,
    ):
        """`load` returns a version loaded and warmed up; with `poll_seconds` of 0 the first
        version found is served for good.
        """
        self.name = name
        self.states = VersionStates()
        # Set when a first version is available; `gave_up` when none is and no retry is left.
        self.available = threading.Event()
        self.gave_up: ServingError | None = None
        self._base_path = base_path
        self._load = load
        self._poll_seconds = poll_seconds
        self._max_load_retries = max_load_retries
        self._retry_seconds = retry_seconds
        self._lock = threading.Lock()
        self._current: _Loaded | None = None
        self._draining: list[_Loaded] = []
        self._failures: dict[int, _Failure] = {}
        self._base_path_missing = False

    def start(self) -> None:
        """Load the model and watch its base path, in the background."""
        threading.Thread(target=self._watch, name="version-watch", daemon=True).start()

    @contextmanager
    def lease(self, model_name: str, version: int | None = None) -> Iterator["Servable"]:
        """The servable for a request, kept in memory as long as the request takes.

        NOT_FOUND for another model, and for a version that is not in service.
        """
        with self._lock:
            loaded = self._current
            if (
                loaded is None
                or model_name != self.name
                or version not in (None, loaded.servable.version)
            ):
                spec = (
                    f"Latest({model_name})"
                    if version is None
                    else f"Specific({model_name}, {version})"
                )
                raise ServingError("NOT_FOUND", f"Servable not found for request: {spec}")
            loaded.users += 1
        try:
            yield loaded.servable
        finally:
            with self._lock:
                loaded.users -= 1

    def _watch(self) -> None:
        while True:
            try:
                self._look()
            except Exception:
                # The watch must outlive anything odd in a folder it does not own.
                logger.exception("looking for versions in %s failed", self._base_path)
            if not self._poll_seconds and self.available.is_set():
                return
            time.sleep(self._poll_seconds or 1.0)

    def _look(self) -> None:
        self._finish_draining()
        found = find_versions(self._base_path)
        if found is None:
            if not self._base_path_missing:
                logger.warning(
                    "Could not find base path %s for servable %s; waiting for it",
                    self._base_path,
                    self.name,
                )
            self._base_path_missing = True
            return
        self._base_path_missing = False
        self._failures = {
            version: failure for version, failure in self._failures.items() if version in found
        }
        if not found and self._current:
            logger.info("all versions of %s are deleted", self.name)
            self._replace(None)
        for version in sorted(found, reverse=True):
            if self._current and version == self._current.servable.version:
                break
            if self._due(version, found[version]) and self._try(version, found[version]):
                break
        self._finish_draining()
        if not self.available.is_set() and self._failures and not self._retries_left():
            self.gave_up = ServingError(
                "UNAVAILABLE",
                f"1 model(s) did not become available: {{{{name: {self.name}}} due to error: "
                f"{self.states.errors()}}}",
            )

    def _due(self, version: int, folder: Path) -> bool:
        failure = self._failures.get(version)
        if failure is None:
            return True
        if fingerprint(folder) != failure.files:
            failure.attempts = 0
            return True
        return failure.attempts <= self._max_load_retries and time.monotonic() >= failure.retry_at

    def _retries_left(self) -> bool:
        return any(
            failure.attempts <= self._max_load_retries for failure in self._failures.values()
        )

    def _try(self, version: int, folder: Path) -> bool:
        # Taken first: what is written while the load runs counts as a change.
        files = fingerprint(folder)
        self.states.set(version, "LOADING")
        started = time.monotonic()
        try:
            servable = self._load(folder, version)
        except ServingError as error:
            self.states.set(version, "END", error)
            failure = self._failures.setdefault(version, _Failure(files))
            failure.files = files
            failure.attempts += 1
            failure.retry_at = time.monotonic() + self._retry_seconds
            logger.error("version %d of %s does not load: %s", version, self.name, error)
            return False
        _collect_garbage()
        self._failures.pop(version, None)
        self.states.set(version, "AVAILABLE")
        logger.info(
            "version %d of %s is available (loaded and warmed up in %.1f s)",
            version,
            self.name,
            time.monotonic() - started,
        )
        self._replace(_Loaded(servable))
        return True

    def _replace(self, loaded: _Loaded | None) -> None:
        with self._lock:
            old, self._current = self._current, loaded
        if old:
            self.states.set(old.servable.version, "UNLOADING")
            self._draining.append(old)
        if loaded:
            self.available.set()

    def _finish_draining(self) -> None:
        with self._lock:
            idle = [loaded for loaded in self._draining if not loaded.users]
            self._draining = [loaded for loaded in self._draining if loaded.users]
        for loaded in idle:
            version = loaded.servable.version
            if not self._current or version != self._current.servable.version:
                self.states.set(version, "END")
                logger.info("version %d of %s is unloaded", version, self.name)
        if idle:
            del idle, loaded
            _collect_garbage()


def _collect_garbage() -> None:
    """Free what is no longer used, then take what stays out of the collector's sight.

    TensorFlow's objects hold one another in cycles, so an unloaded version goes only here. And they
    are so many that every full collection, of which a large JSON document causes several, would
    take longer than the document.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD, 20, 20)


def load_in_tensorflow(folder: Path, version: int) -> "Servable":
    """Load and warm up one version. TensorFlow is imported at the first call."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Or TensorFlow takes all memory of a GPU, and leaves none to a training beside it.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    with quiet_start():
        from serving import servable, warmup

        servable.start_tensorflow()

    loaded = servable.load(folder, version)
    count = warmup.warm_up(loaded, folder)
    logger.info("version %d answered %d warm-up requests", version, count)
    return loaded

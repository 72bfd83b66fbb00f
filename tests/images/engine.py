"""Podman, as the tests of the images use it: containers as the rendered pods run them."""

import json
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Long, for a machine that has other things to do.
TIMEOUT_S = 600


class EngineError(AssertionError):
    """Podman refuses; the text is its own."""


def podman(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a podman command to its end. Raises EngineError where it fails."""
    done = subprocess.run(["podman", *words], capture_output=True, text=True, timeout=TIMEOUT_S)
    if check and done.returncode != 0:
        raise EngineError(f"podman {' '.join(words)}\n{done.stdout}{done.stderr}")
    return done


def wait_until(what: str, true: Callable[[], Any], seconds: float = TIMEOUT_S) -> Any:
    """Ask until the answer is true, and return it. AssertionError says `what` did not come."""
    end = time.monotonic() + seconds
    while not (answer := true()):
        assert time.monotonic() < end, f"after {seconds:.0f} s still not: {what}"
        time.sleep(0.2)
    return answer


@dataclass(frozen=True)
class Container:
    """A container that was started."""

    name: str

    @property
    def address(self) -> str:
        """Its address in the network of these tests."""
        networks = self._inspect()["NetworkSettings"]["Networks"]
        return next(iter(networks.values()))["IPAddress"]

    @property
    def running(self) -> bool:
        """Whether its first process is alive."""
        return self._inspect()["State"]["Running"]

    @property
    def logs(self) -> str:
        """What it has printed."""
        done = podman("logs", self.name)
        return done.stdout + done.stderr

    def healthy(self) -> bool:
        """What the image's own health check says; AssertionError if the container has ended."""
        assert self.running, f"{self.name} has ended:\n{self.logs}"
        return podman("healthcheck", "run", self.name, check=False).returncode == 0

    def terminate(self) -> None:
        """Send SIGTERM, as a cluster does first."""
        podman("kill", "--signal", "TERM", self.name)

    def wait(self) -> int:
        """Wait for its end; the exit code."""
        wait_until(f"{self.name} has ended", lambda: not self.running)
        return self._inspect()["State"]["ExitCode"]

    def handles_sigterm(self) -> bool:
        """Whether its first process has a handler by now: the kernel spares it the signal else."""
        status = Path(f"/proc/{self._inspect()['State']['Pid']}/status").read_text()
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
        return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)

    def _inspect(self) -> dict[str, Any]:
        return json.loads(podman("container", "inspect", self.name).stdout)[0]


@dataclass
class Engine:
    """The containers, volumes and network of one run; `clean` removes them all."""

    mark: str
    containers: list[Container] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        podman("network", "create", self.mark)

    @property
    def gateway(self) -> str:
        """This machine's address in the containers' network."""
        network = json.loads(podman("network", "inspect", self.mark).stdout)[0]
        return network["subnets"][0]["gateway"]

    def volume(self, name: str) -> Path:
        """A new volume, and where its files are; `MARK-NAME` is what containers call it."""
        volume = f"{self.mark}-{name}"
        podman("volume", "create", volume)
        self.volumes.append(volume)
        return Path(podman("volume", "inspect", "-f", "{{.Mountpoint}}", volume).stdout.strip())

    def start(
        self,
        image: str,
        *arguments: str,
        mounts: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
    ) -> Container:
        """Start a container; `mounts` are volumes by where they go (`/mnt`, `/mnt:ro`)."""
        name = f"{self.mark}-{len(self.containers)}"
        container = Container(name)
        # First: what does not start may be there all the same.
        self.containers.append(container)
        words = ["run", "--detach", "--name", name, "--network", self.mark, *_MAY_DO_LITTLE]
        for place, volume in (mounts or {}).items():
            words += ["--volume", f"{self.mark}-{volume}:{place}"]
        for key, value in (environment or {}).items():
            words += ["--env", f"{key}={value}"]
        podman(*_RUNTIME, *words, *options, image, *arguments)
        return container

    def run(self, image: str, *arguments: str, **more: Any) -> tuple[int, str]:
        """Start a container and wait for its end: exit code and all that it printed."""
        container = self.start(image, *arguments, **more)
        return container.wait(), container.logs

    def clean(self) -> None:
        """Remove everything; the images stay."""
        for container in self.containers:
            podman("rm", "--force", "--time", "5", container.name, check=False)
        for volume in self.volumes:
            podman("volume", "rm", "--force", volume, check=False)
        podman("network", "rm", "--force", self.mark, check=False)


def _limit(kind: int, most: int) -> str:
    """A limit that podman may set: its own default can be above what this machine allows."""
    hard = resource.getrlimit(kind)[1]
    value = most if hard == resource.RLIM_INFINITY else min(hard, most)
    return f"{value}:{value}"


_RUNTIME = ("--runtime", "runc") if shutil.which("runc") else ()
# As local/rendering (compose, kubernetes/pods.py) ask for.
_MAY_DO_LITTLE = (
    "--read-only",
    "--read-only-tmpfs=false",
    "--tmpfs=/tmp",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    f"--ulimit=nofile={_limit(resource.RLIMIT_NOFILE, 20_000)}",
    f"--ulimit=nproc={_limit(resource.RLIMIT_NPROC, 4_096)}",
)


def identity(image: str) -> str:
    """What tells an image from one with another content."""
    return podman("image", "inspect", "-f", "{{.Id}}", image).stdout.strip()


def configuration(image: str) -> dict[str, Any]:
    """What the image says of itself."""
    return json.loads(podman("image", "inspect", image).stdout)[0]


def megabytes(image: str) -> tuple[float, float]:
    """An image's size unpacked, and as a registry holds it: its layers, each compressed by gzip."""
    unpacked = configuration(image)["Size"]
    with tempfile.TemporaryDirectory() as folder:
        podman("push", "--quiet", image, f"oci:{folder}")
        index = json.loads(Path(folder, "index.json").read_text())
        manifest = json.loads(_blob(folder, index["manifests"][0]).read_text())
        compressed = sum(layer["size"] for layer in manifest["layers"])
    return unpacked / 1e6, compressed / 1e6


def _blob(folder: str, descriptor: dict[str, Any]) -> Path:
    return Path(folder, "blobs", *descriptor["digest"].split(":"))

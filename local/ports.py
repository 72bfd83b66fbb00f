"""Whether a port is free, and if not, who holds it."""

import errno
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from .errors import CannotStart

LOOPBACK = "127.0.0.1"
# Where things listen if nobody else does: the first port of each kind.
CLIENT_PORT, GATEWAY_PORT, MODEL_PORT, ADMIN_PORT = 3333, 8080, 8501, 9901

_LISTENING = "0A"


class PortInUse(Exception):
    """Somebody listens on the port; the text says who, where that is known."""


class NoPort(CannotStart):
    """There is no port to give; the text says why, and what to do."""


def check_free(host: str, port: int) -> None:
    """Raise PortInUse unless a program could listen on `host` and `port` now.

    A listener on either loopback address counts as well: `curl localhost` might reach it instead.
    Raises OSError if `host` is no address of this machine.
    """
    if any(_answers(address, port) for address in (LOOPBACK, "::1")):
        raise PortInUse(_holder(port))
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: a connection that still lingers there is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except PermissionError:
            raise PortInUse("this user may not listen there") from None
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortInUse(_holder(port)) from None


class Ports:
    """Hands out ports, each once, the one asked for or the next that is free."""

    def __init__(self, host: str = LOOPBACK, held: Iterable[int] = ()):
        """`host` is where programs for other machines listen; `held` ports are not given."""
        self._host = host
        self._given = set(held)
        self.notices: list[str] = []

    def allocate(self, first: int, owner: str, host: str | None = None) -> int:
        """A port from `first` on. Raises NoPort if none is free, or the host is elsewhere."""
        host, why = host or self._host, ""
        for port in range(first, 65536):
            if port in self._given:
                why = why or "given to another component"
                continue
            try:
                check_free(host, port)
            except PortInUse as holder:
                why = why or str(holder)
                continue
            except OSError as error:
                text = f"cannot listen on {host!r} ({error.strerror}); change --host"
                raise NoPort(text) from None
            self._given.add(port)
            if first not in self._given:  # not only the second of several that asked for it
                self._given.add(first)
                self.notices.append(f"port {first} is in use ({why}): {owner} gets {port}")
            return port
        raise NoPort(f"no port from {first} on is free for {owner}: give it a lower one")


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _answers(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=0.5).close()
    except OSError:
        return False
    return True


def _holder(port: int) -> str:
    pid = _pid_by_proc(port) if sys.platform == "linux" else _pid_by_lsof(port)
    if pid is None:
        return "held by another program"
    return f"held by process {pid}: {_command_of(pid)}".removesuffix(": ")


def _command_of(pid: int) -> str:
    arguments = Path(f"/proc/{pid}/cmdline")
    if arguments.exists():
        command = arguments.read_text(errors="replace").replace("\0", " ")
    else:
        command = subprocess.run(
            ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout
    return " ".join(command.split())[:100]


def _pid_by_proc(port: int) -> int | None:
    """The process that listens on `port`, as far as Linux shows it to this user."""
    sockets = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        lines = table.read_text().splitlines()[1:] if table.exists() else []
        for fields in map(str.split, lines):
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                sockets.add(f"socket:[{fields[9]}]")
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            if any(str(file.readlink()) in sockets for file in (process / "fd").iterdir()):
                return int(process.name)
        except OSError:  # it ended meanwhile, or is not ours to look into
            continue
    return None


def _pid_by_lsof(port: int) -> int | None:
    if shutil.which("lsof") is None:
        return None
    found = subprocess.run(
        ["lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fp"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    pid = re.search(r"^p(\d+)$", found, re.M)
    return int(pid[1]) if pid else None

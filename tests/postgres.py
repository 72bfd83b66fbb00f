"""A PostgreSQL of the tests' own: a fresh cluster on a socket and port of its own, from Debian's
package. It does not run as root, so there another user runs it.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

import psycopg

from local.ports import free_port

_USERS = ("postgres", "nobody")


def programs() -> Path | None:
    """The folder of PostgreSQL's programs, the newest that there is."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


class Postgres:
    """A running server; `end` it in any case."""

    def __init__(self, programs: Path):
        self.programs = programs
        self.as_user: list[str] = []
        self.folder = Path(tempfile.mkdtemp(prefix="colorway-pg-", dir="/tmp"))
        if os.geteuid() == 0:
            user = next(name for name in _USERS if _exists(name))
            shutil.chown(self.folder, user)
            self.as_user = ["setpriv", f"--reuid={user}", "--clear-groups"]
        self.port = free_port()
        self.address = f"postgresql://votes@127.0.0.1:{self.port}"
        quick = ("--no-sync", "--auth=trust", "--username=votes")
        self._run("initdb", *quick, "-D", str(self.data))
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        """Listen, ready."""
        command = [*self.as_user, str(self.programs / "postgres"), "-D", str(self.data)]
        command += ["-p", str(self.port), "-k", str(self.folder), "-h", "127.0.0.1"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/")
        ready = [
            str(self.programs / "pg_isready"),
            "-qU",
            "votes",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
        ]
        deadline = time.monotonic() + 60
        while subprocess.run(ready).returncode:
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop: SIGINT cuts the connections and ends in order, SIGQUIT is as a crash."""
        if self.process:
            self.process.send_signal(how)
            self.process.wait(60)
            self.process = None

    def new_database(self) -> str:
        """The address of an empty database."""
        name = f"votes_{uuid.uuid4().hex}"
        with psycopg.connect(f"{self.address}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"{self.address}/{name}"

    def end(self) -> None:
        """Leave nothing."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self.as_user, str(self.programs / program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/")
        assert done.returncode == 0, done.stderr


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True

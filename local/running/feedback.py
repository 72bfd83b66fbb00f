"""Where a client on this machine stores its votes: a database and a key in the state folder."""

import os
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ..shipped_models import CannotPrepare
from .plan import PlannedComponent

DATABASE, KEY = "FEEDBACK_DB", "SECRET_KEY"
# Several clients begin at once, and only one makes the key.
_key_lock = threading.Lock()


@dataclass(frozen=True)
class PrepareFeedback:
    """Create the folder of the database, and a key for receipts that is kept across restarts."""

    folder: Path
    key: Path

    def __str__(self) -> str:
        return f"have the folder {self.folder} for feedback, and a key in {self.key}"

    def run(self, say: Callable[[str], None]) -> None:
        """Make what is not there yet. Raises CannotPrepare."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with _key_lock:
                if not self.key.exists():
                    self._make_key()
        except OSError as error:
            raise CannotPrepare(f"{error.filename}: {error.strerror}") from None

    def _make_key(self) -> None:
        scratch = self.key.with_name(f".{self.key.name}.new")
        scratch.unlink(missing_ok=True)
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
        scratch.rename(self.key)


def with_feedback(client: PlannedComponent, state: Path) -> PlannedComponent:
    """The client with a database of its Application and a key, unless it is given its own.

    What it is given by our own environment, which may hold a password, stands in no plan.
    """
    (program,) = client.programs
    folder, key = state / "feedback" / client.namespace, state / "secret-key"
    given = {*program.environment, *os.environ}
    ours = {} if DATABASE in given else {DATABASE: str(folder / f"{client.application}.db")}
    program = replace(
        program,
        environment={**ours, **program.environment},
        secrets={} if KEY in given else {KEY: key},
    )
    return replace(client, programs=(program,), steps=(*client.steps, PrepareFeedback(folder, key)))

"""The file of a running Application, which is changed together with what runs."""

import contextlib
import difflib
import shutil
from dataclasses import dataclass
from pathlib import Path

from ..applications.findings import suggestion
from ..applications.source import read_text
from ..promotion import CannotPromote
from ..running.applied_files import AppliedFile, applied_files, digest
from ..running.mailbox import ChangeRequest
from ..running.state import StateFolder
from .change_request import OnLine, open_mailbox, send_request


@dataclass
class RunningFile:
    """A file that matches what runs; `text` is its content, line ends included."""

    state: StateFolder
    application: str
    path: Path
    text: str

    @classmethod
    def of(cls, state: StateFolder, application: str) -> "RunningFile":
        """The file of an Application. Raises CannotPromote, Refused where it cannot be read."""
        files = applied_files(state)
        if application not in files:
            names = (
                suggestion(application, files) if files else "nothing has been started from a file"
            )
            raise CannotPromote(f"no Application {application} runs with {state.root}; {names}")
        path = files[application].path
        file = cls(state, application, path, read_text(path))
        file.check()
        return file

    def check(self) -> None:
        """Raise CannotPromote unless the file, what runs and `text` are the same."""
        if not self.state.is_running():
            raise CannotPromote(
                f"{self.application} does not run: python -m local up {self.path}, or --dry-run"
            )
        applied = applied_files(self.state).get(self.application)
        if applied is None or applied.path != self.path:
            raise CannotPromote(f"{self.application} runs no more from {self.path}")
        if digest(self.text) != applied.sha256 or read_text(self.path) != self.text:
            raise CannotPromote(
                f"{self.path} is not what runs: python -m local diff {self.path} shows the "
                "difference, and up takes it"
            )

    def apply(self, text: str, on_line: OnLine) -> bool:
        """Apply this text to the file and to what runs; False, with nothing changed, if that fails.
        Raises CannotPromote as `check` does, or if the file cannot be written; InUse.
        """
        self.check()
        mailbox = open_mailbox(self.state)
        self._write(text)
        code = send_request(mailbox, ChangeRequest([(str(self.path), text)]), self.state, on_line)
        # It may be changed, though something else in the file does not come up.
        applied = applied_files(self.state).get(self.application)
        if code and applied != AppliedFile(self.path, digest(text)):
            self._write(self.text)
            return False
        self.text = text
        return True

    def _write(self, text: str) -> None:
        """Write beside the file, then rename: a reader gets the old text or the new one."""
        path = self.path.resolve()
        scratch = path.with_name(f".{path.name}.new")
        try:
            scratch.write_bytes(text.encode())
            shutil.copymode(path, scratch)
            scratch.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                scratch.unlink()
            raise CannotPromote(f"{path}: {error.strerror}; nothing is changed") from None


def difference(path: Path, before: str, after: str) -> str:
    """What is different, as `diff -u` shows it."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return "".join(difflib.unified_diff(old, new, str(path), str(path)))

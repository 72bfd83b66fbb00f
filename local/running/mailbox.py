"""How another terminal requests a change from the running `up`, and gets its answer."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from .state import StateFolder


@dataclass(frozen=True)
class ChangeRequest:
    """Applications as (file name, text) that shall run, or whose differences shall be shown.

    `folder` is where file names begin. `arguments` are added to components, as by --args; `images`
    are those of --image.
    """

    texts: Sequence[tuple[str, str]]
    only_show: bool = False
    arguments: Mapping[str, Sequence[str]] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    folder: str = field(default_factory=os.getcwd)
    id: str = field(default_factory=lambda: f"{time.time_ns()}-{os.getpid()}")


@dataclass(frozen=True)
class _Answer:
    lines: list[str] = field(default_factory=list)
    code: int | None = None


class Mailbox:
    """Requests and answers as files of the state folder."""

    def __init__(self, state: StateFolder):
        self._state = state
        self._lines: dict[str, list[str]] = {}

    def open(self) -> None:
        """Say that requests are read."""
        self._state.write("changes/open.json", True)

    @property
    def is_open(self) -> bool:
        """Whether somebody reads requests."""
        return bool(self._state.read("changes/open.json", bool))

    def send(self, request: ChangeRequest) -> None:
        """Put a request where the running `up` finds it."""
        self._state.write(f"changes/asked/{request.id}.json", asdict(request))

    def requests(self) -> list[ChangeRequest]:
        """What has been asked for since the last call, in order."""
        folder = self._state.root / "changes" / "asked"
        found = []
        for path in sorted(folder.glob("[!.]*.json")):
            request = self._state.read(f"changes/asked/{path.name}", ChangeRequest)
            path.unlink(missing_ok=True)
            if request:
                found.append(request)
            else:
                said = "the `up` that runs is of another version: stop it, and start it again"
                self.answer(ChangeRequest([], id=path.stem), said, 2)
        return found

    def answer(self, request: ChangeRequest, text: str, code: int | None = None) -> None:
        """Say something to whoever asked; with a code it is the last word."""
        lines = self._lines.setdefault(request.id, [])
        lines += [text] if text else []
        answer = asdict(_Answer(lines, code))
        self._state.try_write(f"changes/answered/{request.id}.json", answer)
        if code is not None:
            del self._lines[request.id]

    def read_answer(self, request: ChangeRequest) -> tuple[list[str], int | None]:
        """What was said so far, and the exit code once it is over."""
        answer = self._state.read(f"changes/answered/{request.id}.json", _Answer) or _Answer()
        return answer.lines, answer.code

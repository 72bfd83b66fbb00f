"""Request a change from the running `up`, and read its answer."""

import time
from collections.abc import Callable

from ..running.mailbox import ChangeRequest, Mailbox
from ..running.state import InUse, StateFolder

# An `up` that has just begun reads requests a moment later.
_OPEN_WITHIN_S = 3.0
_POLL_INTERVAL_S = 0.1

# Hears a line, and whether it says what is wrong.
OnLine = Callable[[str, bool], None]


def open_mailbox(state: StateFolder) -> Mailbox:
    """Where the running `up` reads requests. Raises InUse if it takes none."""
    mailbox = Mailbox(state)
    deadline = time.monotonic() + _OPEN_WITHIN_S
    while not mailbox.is_open:
        if time.monotonic() > deadline:
            raise InUse(state.describe_owner())
        time.sleep(_POLL_INTERVAL_S)
    return mailbox


def send_request(
    mailbox: Mailbox, request: ChangeRequest, state: StateFolder, on_line: OnLine
) -> int:
    """Send the request, and pass on every line of the answer as it arrives; returns its exit code:
    0 changed, or nothing to change; 1 it failed; 2 the files are wrong.
    """
    mailbox.send(request)
    try:
        return _print_answer(mailbox, request, state, on_line)
    except KeyboardInterrupt:
        if not request.only_show:
            on_line("the change goes on where `up` runs; python -m local ls shows it", True)
        raise


def _print_answer(
    mailbox: Mailbox, request: ChangeRequest, state: StateFolder, on_line: OnLine
) -> int:
    printed = 0
    while True:
        # Looked at before the answer: the last word may come just before the end.
        running = state.is_running()
        lines, code = mailbox.read_answer(request)
        for line in lines[printed:]:
            on_line(line, code == 2)
        printed = len(lines)
        if code is not None:
            return code
        if not running:
            on_line("the `up` that was asked has ended", True)
            return 1
        time.sleep(_POLL_INTERVAL_S)

"""Run one command that must not outlive its starter.

    python guard.py COMMAND [ARGUMENT ...]      (started as the leader of its process group)

Standard input is a pipe whose other end only the starter holds. However the starter ends, `kill -9`
included, the pipe closes, and then the whole process group is killed: this works on Linux and macOS
alike. On Linux the command also gets a parent-death signal, for the case that the guard itself is
killed together with the starter; on macOS that one case is not covered. SIGTERM and SIGINT are
handed on to the command, whose exit code becomes ours (128 + N where signal N ended it).
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from types import FrameType

# From <sys/prctl.h>; Python has no name for it.
_PR_SET_PDEATHSIG = 1


def main(command: list[str]) -> int:
    """Run `command` to its end. Returns its exit code; 127 if it cannot be started."""
    pending: list[int] = []
    child: subprocess.Popen[bytes] | None = None

    def forward(number: int, _frame: FrameType | None) -> None:
        pending.append(number)
        if child is not None:
            child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, forward)
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
    except OSError as error:
        print(f"{command[0]} cannot be started: {error.strerror}", file=sys.stderr)
        return 127
    for earlier in pending:
        child.send_signal(earlier)
    threading.Thread(target=_watch_starter, daemon=True).start()
    code = child.wait()
    return code if code >= 0 else 128 - code


def _watch_starter() -> None:
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGKILL)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Command line: `python -m training` trains and publishes, `python -m training evaluate` compares.

Exit codes: 0 published (now or before, by the same configuration), 1 the run failed, 2 it cannot
start as asked, 130 and 143 stopped by Ctrl-C and SIGTERM; the same command goes on then.
"""

import importlib
import io
import os
import signal
import sys

from training.program.errors import CommandError, fail

# By the first argument, a module that offers `main(arguments) -> exit code`; color has no name.
COMMANDS = {
    "export": "training.export_command",
    "hub": "training.style.hub_command",
    "style": "training.style.command",
    "unblind": "training.color.blind_command",
}
COLOR = "training.color.command"


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    if os.getpid() == 1:
        # A container's first process: the kernel spares it a signal that it has no handler for.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Tables have a dash and a times sign, which not every terminal's encoding has.
        sys.stdout.reconfigure(errors="replace")
    arguments = sys.argv[1:] if argv is None else argv
    command = COLOR
    if arguments and arguments[0] in COMMANDS:
        command, *arguments = COMMANDS[arguments[0]], *arguments[1:]
    try:
        return importlib.import_module(command).main(arguments)
    except CommandError as error:
        return fail(error)
    except KeyboardInterrupt:
        print("\ninterrupted: nothing was published", file=sys.stderr)
        return 130

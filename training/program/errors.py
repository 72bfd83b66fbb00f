"""Errors of a command: one line on standard error, and an exit code."""

import sys


class CommandError(Exception):
    """The command ends with `exit_code`; the message says why, in one line."""

    exit_code = 1


class UsageError(CommandError):
    """The command cannot be run as asked."""

    exit_code = 2


def fail(error: CommandError) -> int:
    """Print `error` and return its exit code."""
    print(f"python -m training: {error}", file=sys.stderr, flush=True)
    return error.exit_code

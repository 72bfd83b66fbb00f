"""Errors of a command: one line on standard error, and an exit code."""

import sys


class UsageError(Exception):
    """The command cannot be run as asked; the message says why, in one line."""


def fail(error: Exception, code: int) -> int:
    """Print `error` and return `code`."""
    print(f"python -m training: {error}", file=sys.stderr, flush=True)
    return code

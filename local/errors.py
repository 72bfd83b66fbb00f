"""The error that ends a command."""


class CannotStart(Exception):
    """The command cannot start; the text says why, and what to do."""

"""Why a vote is not stored."""


class DatabaseUnavailable(Exception):
    """The database cannot be reached now; the text says why."""


class DatabaseUnusable(Exception):
    """The database cannot be used at all; the text says why."""


class AlreadyUsed(Exception):
    """A receipt has a vote of this kind already."""

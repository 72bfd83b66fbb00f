"""Why a vote is not stored."""


class Away(Exception):
    """The database cannot be reached now; the text says why."""


class Unusable(Exception):
    """The database cannot be used at all; the text says why."""


class AlreadyUsed(Exception):
    """A receipt has a vote of this kind already."""

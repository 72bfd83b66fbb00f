"""Why a vote is not kept."""


class Away(Exception):
    """The database cannot be asked now; the text says why."""


class Unusable(Exception):
    """The database can never be used so; the text says why."""


class AlreadyUsed(Exception):
    """There is a vote of this kind for a receipt already."""

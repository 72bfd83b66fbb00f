"""What is wrong with a picture file, in words for whoever sent it.

PictureError
├── EmptyPicture        no bytes
├── BrokenPicture       damaged or cut short
├── UnknownPicture      of no format that is read here
├── UnsupportedPicture  whole, as far as one can tell, of a variant that is not read here
├── NoSuchPage          the file has fewer pages
└── TooManyPixels       larger than allowed, by its header
"""


class PictureError(Exception):
    """The text says what is wrong and what to do; `code` is a short stable name for programs."""

    code: str

    def __init__(self, detail: str):
        super().__init__(detail)
        self.detail = detail


class EmptyPicture(PictureError):
    """There are no bytes."""

    code = "picture-missing"


class BrokenPicture(PictureError):
    """The file is damaged or cut short."""

    code = "picture-broken"


class UnknownPicture(PictureError):
    """The file is of no format that is read here."""

    code = "not-a-picture"


class UnsupportedPicture(PictureError):
    """The file is of a variant of its format that is not read here; the text names it."""

    code = "picture-unsupported"


class NoSuchPage(PictureError):
    """The file has fewer pages."""

    code = "no-such-page"


class TooManyPixels(PictureError):
    """The picture is larger than allowed, by its header."""

    code = "too-many-pixels"


def broken() -> BrokenPicture:
    """The error for every damaged file."""
    return BrokenPicture(
        "The picture is broken or cut short. Open it and save it again, or send another one."
    )

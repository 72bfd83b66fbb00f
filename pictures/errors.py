"""What is wrong with a picture file, in words for whoever sent it.

PictureError
├── EmptyPicture     no bytes
├── BrokenPicture    damaged or cut short
├── UnknownPicture   of no format, or of no variant of one, that is read here
└── TooManyPixels    larger than allowed, by its header
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
    """The file is of no format, or of no variant of one, that is read here."""

    code = "not-a-picture"


class TooManyPixels(PictureError):
    """The picture is larger than allowed, by its header."""

    code = "too-many-pixels"

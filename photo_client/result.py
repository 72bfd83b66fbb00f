"""A finished picture, before it is encoded as a file."""

from dataclasses import dataclass

from pictures import lab
from pictures.decode import Photo


@dataclass(frozen=True)
class Result:
    """sRGB pixels [H,W,3], 0…255, the photo that they come from, and the model that made them, if
    it sent its name. `had_color`: whether the photo had color already; None if that was not tested.
    """

    pixels: lab.Bytes
    photo: Photo
    model: str | None
    had_color: bool | None = None

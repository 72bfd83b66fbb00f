"""A picture that is made, before it is written as a file."""

from dataclasses import dataclass

from pictures import lab
from pictures.decode import Photo


@dataclass(frozen=True)
class Finished:
    """sRGB pixels [H,W,3], 0…255, the photo that they were made from, and the model that made them,
    where it says its name. `had_color`: whether the photo had color before it was colored; None
    where that is not asked.
    """

    pixels: lab.Bytes
    photo: Photo
    model: str | None
    had_color: bool | None = None

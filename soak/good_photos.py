"""Photos that must always come back right, and the reference for "right".

Before the stress begins, each photo is sent once, alone: that answer is the reference. It must have
color and the photo's own luminance or, if painted, differ from the photo. From then on every 200
must show the same picture.
"""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from soak.http_bytes import Answer, exchange, form, part, request
from soak.programs import ROOT, CannotSoak

SAMPLES = ROOT / "samples" / "gray"
STYLE = ROOT / "samples" / "styles" / "waves.jpg"
# On busy cores a network may sum in another order: a few levels of difference, in few pixels.
_MAX_DIFFERENCE, _MAX_MEAN_DIFFERENCE = 24, 0.5
_MAX_LUMINANCE_DIFFERENCE = 2.0


@dataclass
class GoodPhoto:
    """A photo as a JPEG file, and the pixels [H,W,3] of the answer that it must get."""

    name: str
    file: bytes
    request_bytes: bytes
    reference: np.ndarray
    answer: bytes

    def send(self, port: int, within: float = 60.0) -> Answer:
        """Have it colored or painted, on a connection of its own."""
        return exchange(port, self.request_bytes, within=within)

    def wrong(self, answer: Answer) -> str:
        """Why that 200 is not this photo's picture; empty where it is."""
        if answer.status != 200:
            return f"answered {answer.status} {answer.error}"
        if not answer.whole:
            return f"the reply was cut short ({len(answer.body)} bytes)"
        if answer.body == self.answer:
            return ""
        try:
            pixels = pixels_of(answer.body)
        except (OSError, SyntaxError, ValueError) as error:
            return f"no picture: {error}"
        if pixels.shape != self.reference.shape:
            return f"{pixels.shape} instead of {self.reference.shape}"
        difference = np.abs(pixels.astype(np.int16) - self.reference)
        if difference.max() > _MAX_DIFFERENCE or difference.mean() > _MAX_MEAN_DIFFERENCE:
            return (
                f"another picture: {difference.max()} levels apart, "
                f"{difference.mean():.2f} on average"
            )
        return ""


def pixels_of(file: bytes) -> np.ndarray:
    """The RGB pixels [H,W,3] of a picture file."""
    with Image.open(io.BytesIO(file)) as image:
        return np.asarray(image.convert("RGB"))


def small_photos(long_side: int, count: int = 12) -> dict[str, bytes]:
    """Some of the samples as JPEG files, `long_side` pixels on the long side; no two are alike."""
    photos = {}
    for path in sorted(SAMPLES.glob("*.jpg"))[:count]:
        with Image.open(path) as image:
            small = ImageOps.contain(image.convert("L"), (long_side, long_side))
        file = io.BytesIO()
        small.save(file, "JPEG", quality=90)
        photos[path.stem] = file.getvalue()
    return photos


def large_photo(width: int, height: int, grain: float = 6.0) -> bytes:
    """A sample scaled up to that size, with grain, so that its picture is a large file."""
    with Image.open(SAMPLES / "pagoda.jpg") as image:
        pixels = np.asarray(ImageOps.fit(image.convert("L"), (width, height)), np.float32)
    noise = np.random.default_rng(1).standard_normal(pixels.shape, np.float32) * grain
    file = io.BytesIO()
    gray = np.clip(pixels + noise, 0, 255).astype(np.uint8)
    Image.fromarray(gray).save(file, "JPEG", quality=85)
    return file.getvalue()


def photo_request(client: str, file: bytes, **fields: bytes) -> bytes:
    """The request that has a photo colored, or by the style client painted."""
    parts = [part("content_image", file)]
    headers = []
    if client == "style":
        parts.append(part("style_image", STYLE.read_bytes()))
        headers = [("style", "transfer")]
    parts += [part(name, value, None) for name, value in fields.items()]
    return request(form(*parts), headers=headers)


def good_photos(client: str, port: int, long_side: int = 160, count: int = 6) -> list[GoodPhoto]:
    """The photos with their references. Raises CannotSoak where the idle service is wrong."""
    return with_references(client, port, small_photos(long_side, count))


def with_references(client: str, port: int, files: dict[str, bytes]) -> list[GoodPhoto]:
    """Photo files with their references. Raises CannotSoak where the idle service is wrong."""
    found = []
    for name, file in files.items():
        request_bytes = photo_request(client, file)
        answer = exchange(port, request_bytes)
        if answer.status != 200:
            shown = answer.body[:300].decode(errors="replace") or answer.error
            raise CannotSoak(f"{name}: the idle service answered {answer.status}: {shown}")
        reference = pixels_of(answer.body)
        if problem := _problem(client, pixels_of(file), reference):
            raise CannotSoak(f"{name}: the idle service's picture is wrong: {problem}")
        found.append(GoodPhoto(name, file, request_bytes, reference, answer.body))
    return found


def _problem(client: str, photo: np.ndarray, picture: np.ndarray) -> str:
    if photo.shape != picture.shape:
        return f"{picture.shape} for {photo.shape}"
    if np.ptp(picture[::8].astype(np.int16), axis=2).mean() < 1:
        return "it has no color"
    rows = slice(None, None, max(1, photo.size // 3_000_000))
    difference = np.abs(luminance(photo[rows]) - luminance(picture[rows])).max()
    if client == "color" and difference > _MAX_LUMINANCE_DIFFERENCE:
        return f"its luminance is up to {difference:.1f} levels away from the photo's"
    if client == "style" and difference <= _MAX_LUMINANCE_DIFFERENCE:
        return "it is the photo itself"
    return ""


def luminance(pixels: np.ndarray) -> np.ndarray:
    """The gray level (0…255) of the luminance of each sRGB pixel [H,W,3] (IEC 61966-2-1)."""
    encoded = pixels / 255.0
    light = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    y = light @ np.array([0.2126, 0.7152, 0.0722])
    return 255 * np.where(y <= 0.0031308, y * 12.92, 1.055 * y ** (1 / 2.4) - 0.055)

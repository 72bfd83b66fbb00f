"""Photos to a client, with the standard library: what `curl -F` does."""

import io
import uuid
from collections.abc import Mapping
from pathlib import Path
from urllib.request import Request, urlopen

from PIL import Image, ImageChops, ImageStat

# Longer than any client's own limit here.
TIMEOUT_S = 400


def predict(
    address: str, photos: Mapping[str, Path], headers: Mapping[str, str] | None = None
) -> bytes:
    """POST files to a client's /predict as a form; the picture it answers, as it stands."""
    border = uuid.uuid4().hex
    body = b"".join(
        f'--{border}\r\nContent-Disposition: form-data; name="{name}"; filename="{path.name}"\r\n'
        f"Content-Type: image/jpeg\r\n\r\n".encode()
        + path.read_bytes()
        + b"\r\n"
        for name, path in photos.items()
    )
    request_headers = {"Content-Type": f"multipart/form-data; boundary={border}", **(headers or {})}
    request = Request(
        f"http://{address}:3333/predict",
        data=body + f"--{border}--\r\n".encode(),
        headers=request_headers,
    )
    with urlopen(request, timeout=TIMEOUT_S) as reply:
        return reply.read()


def opened(png: bytes) -> Image.Image:
    """A reply as a picture."""
    picture = Image.open(io.BytesIO(png))
    assert picture.format == "PNG"
    return picture.convert("RGB")


def difference(a: Image.Image, b: Image.Image) -> float:
    """Mean difference of two pictures, 0 to 255."""
    bands = ImageStat.Stat(ImageChops.difference(a, b)).mean
    return sum(bands) / len(bands)


def colorfulness(picture: Image.Image) -> float:
    """Mean difference of red and blue, 0 to 255; 0 for gray."""
    red, _, blue = picture.split()
    return difference(red, blue)

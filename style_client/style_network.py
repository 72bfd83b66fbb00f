"""The network's painting of a photo, by both signatures of the style model.

`packed` carries 8-bit PNGs in base64. `serving_default` is the interface of
google/magenta/arbitrary-image-stylization-v1-256 on TensorFlow Hub: floats as JSON numbers, so that
the photo is sent smaller.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from PIL import Image, ImageOps

from pictures import png
from pictures.decode import Photo
from pictures.lab import Bytes, Floats
from predict_url import prediction
from predict_url.predictor import PACKED, Predictor, PredictUrlError, invalid_prediction
from web.deadline import Deadline
from web.stages import stage

# What the network reads a style from; its makers recommend no other size.
STYLE_SIDE = 256
# With a photo of 384 x 288 the JSON numbers are 3.4 MB, as much again comes back, and a large
# network on a CPU has to answer within the 10 s that a gateway gives it.
SERVING_DEFAULT_SIDE = 384
# The hub's network halves a picture twice, so its sizes are multiples of 4; and it mirrors a few
# pixels at each edge, which a tiny picture does not have.
_MULTIPLE, _LEAST_SIDE = 4, 32


@dataclass(frozen=True)
class Painting:
    """The stylized photo, sRGB [h,w,3] 0…255 at the size that was sent; the model that made it."""

    pixels: Bytes
    model: str | None


def style_picture(photo: Photo) -> Bytes:
    """A style picture as the network gets it: [256,256,3], 0…255.

    It is the middle square, so that brush strokes are not stretched, at the network's own scale
    whatever the size of the file; what shows through is white.
    """
    image = photo.image.convert("RGB")
    if photo.alpha is not None:
        background = Image.new("RGB", image.size, "white")
        background.paste(image, mask=photo.alpha)
        image = background
    size = (STYLE_SIDE, STYLE_SIDE)
    return np.asarray(ImageOps.fit(image, size, Image.Resampling.LANCZOS))


def scaled_down(image: Image.Image, max_side: int) -> Bytes:
    """A picture (mode L or RGB) scaled down to `max_side` pixels on its long side: [h,w,3] 0…255.

    A smaller picture keeps its size.
    """
    scale = max_side / max(image.size)
    if scale < 1.0:
        width, height = (max(1, round(side * scale)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.HAMMING, reducing_gap=2.0)
    return np.asarray(image.convert("RGB"))


def packed_request(content: Bytes, style: Bytes) -> bytes:
    """The predict request of signature `packed` for pictures [h,w,3], 0…255.

    All of the painting is asked for: `full_size` blends it with the photo, whose detail it has.
    """
    row = {
        "content_bytes": prediction.bytes_value(png.encode(content)),
        "style_bytes": prediction.bytes_value(png.encode(style)),
        "strength": 1.0,
    }
    return orjson.dumps({"signature_name": PACKED, "instances": [row]})


def serving_default_request(content: Bytes, style: Bytes) -> bytes:
    """The predict request of signature `serving_default` for pictures [h,w,3], 0…255.

    The photo is continued beyond its edges to a size that comes back as it is.
    """
    height, width = (
        max(_LEAST_SIDE, -(-side // _MULTIPLE) * _MULTIPLE) for side in content.shape[:2]
    )
    padding = ((0, height - content.shape[0]), (0, width - content.shape[1]), (0, 0))
    row = {
        "placeholder": _unit_range(np.pad(content, padding, "edge")),
        "placeholder_1": _unit_range(style),
    }
    return orjson.dumps({"instances": [row]}, option=orjson.OPT_SERIALIZE_NUMPY)


def _unit_range(pixels: Bytes) -> Floats:
    # Four digits tell 256 levels apart, at half the length of the float32 that is meant.
    return np.round(pixels * np.float32(1 / 255), 4)


def packed_painting(answer: Any, shape: tuple[int, ...]) -> Painting:
    """The painting in a `packed` prediction for content of `shape`. Raises Problem (502)."""
    size = shape[1], shape[0]
    pixels = prediction.png_pixels(answer, "stylized_bytes", "RGB", size, size)
    return Painting(pixels, prediction.model_name(answer))


def serving_default_painting(answer: Any, shape: tuple[int, ...]) -> Painting:
    """The painting in a `serving_default` prediction for content of `shape`, without what was added
    at its edges. Raises Problem (502).
    """
    picture = prediction.numbers(answer)
    if picture.ndim != 3 or picture.shape[2] != 3:
        raise invalid_prediction(f"shape {list(picture.shape)} instead of {list(shape)}")
    if picture.shape[0] < shape[0] or picture.shape[1] < shape[1]:
        raise invalid_prediction(f"a picture of {list(picture.shape)} for one of {list(shape)}")
    picture = np.clip(picture[: shape[0], : shape[1]], 0.0, 1.0) * np.float32(255.0)
    return Painting(np.rint(picture).astype(np.uint8), None)


def ask(
    predictor: Predictor,
    image: Image.Image,
    max_side: int,
    style: Bytes,
    deadline: Deadline,
    headers: dict[str, str],
) -> Painting:
    """The picture `image` in that style, stylized at `max_side` pixels at most.

    Raises Problem 502, 503 or 504.
    """
    content = np.empty(0, np.uint8)

    def body(side: int, write: Callable[[Bytes], bytes]) -> bytes:
        nonlocal content
        with stage("shrink"):
            content = scaled_down(image, side)
        with stage("encode-request"):
            return write(content)

    try:
        with stage("upstream"):
            answer = predictor.predict(
                lambda: body(max_side, lambda small: packed_request(small, style)),
                lambda: body(
                    min(max_side, SERVING_DEFAULT_SIDE),
                    lambda small: serving_default_request(small, style),
                ),
                deadline,
                headers,
                route="style",
            )  # fmt: skip
    except PredictUrlError as error:
        raise _with_style_hint(error) from None
    with stage("decode-reply"):
        read = packed_painting if answer.signature == PACKED else serving_default_painting
        return read(answer.prediction, content.shape)


def _with_style_hint(error: PredictUrlError) -> PredictUrlError:
    """The refusal, with what to do if no style model has answered: there is none, or the request
    reached the color model, which has no such inputs.
    """
    if error.upstream not in (400, 404):
        return error
    return PredictUrlError(
        error.upstream,
        error.status,
        error.code,
        f"{error.detail} Is there a style model? Requests with the header `style: transfer` must "
        "be routed to one, behind the same URL; without the header, the photo is colored.",
        error.retry_after,
    )

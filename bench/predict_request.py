"""The request that serving_part sends to every server, to color a 256×256 picture, in two forms."""

import base64
import http.client
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from PIL import Image

from bench import article_client
from bench.closed_loop import Loop, closed_loop
from bench.photos import photo_of_size
from bench.report import CannotMeasure

SIDE = 256
REPLY_WITHIN_S = 60.0


@dataclass(frozen=True)
class PredictRequest:
    """L* of a picture, and the two requests that carry it; the same bytes at every run.

    `lightness` is [1,256,256,1] in 0…100, of 8-bit steps, `l_png` the same as an 8-bit gray PNG.
    `floats` is row form as orjson writes float32: the fewest digits that read back the same.
    """

    lightness: NDArray[np.float32]
    l_png: bytes
    floats: bytes
    packed: bytes


def make_request() -> PredictRequest:
    """The request of every run."""
    rgb = np.asarray(photo_of_size("256x256", (SIDE, SIDE)).image) / 255.0
    steps = np.rint(article_client.lab_from_rgb(rgb)[..., 0] * 2.55).astype(np.uint8)
    png = io.BytesIO()
    Image.fromarray(steps).save(png, "PNG", compress_level=1)
    lightness = (steps[None, ..., None] / 2.55).astype(np.float32)
    row = {"l_bytes": {"b64": base64.b64encode(png.getvalue()).decode()}}
    return PredictRequest(
        lightness,
        png.getvalue(),
        orjson.dumps({"instances": [{"input_1": lightness[0]}]}, option=orjson.OPT_SERIALIZE_NUMPY),
        json.dumps({"signature_name": "packed", "instances": [row]}).encode(),
    )


class Server:
    """A server that is asked over kept connections, one for each caller."""

    def __init__(self, name: str, port: int, path: str):
        self.name = name
        self.port = port
        self.path = path

    def loop(self, body: bytes, *, callers: int = 1, calls: int = 1) -> Loop:
        """Ask in a closed loop; a call lasts from the first byte sent to the last received.

        Raises CannotMeasure unless every reply is 200.
        """
        connections = [self._connection() for _ in range(callers)]
        try:
            return closed_loop([self._ask(each, body) for each in connections], calls)
        finally:
            for connection in connections:
                connection.close()

    def predictions(self, body: bytes) -> Any:
        """Ask once; what the reply calls `predictions`. Raises CannotMeasure."""
        connection = self._connection()
        try:
            return orjson.loads(self._ask(connection, body)())["predictions"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise CannotMeasure(f"{self.name} answers without `predictions`") from None
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=REPLY_WITHIN_S)

    def _ask(self, connection: http.client.HTTPConnection, body: bytes) -> Callable[[], bytes]:
        def ask() -> bytes:
            try:
                connection.request("POST", self.path, body, {"Content-Type": "application/json"})
                reply = connection.getresponse()
                text = reply.read()
            except (OSError, http.client.HTTPException) as error:
                raise CannotMeasure(f"{self.name} does not answer: {error}") from error
            if reply.status != 200:
                shown = text[:300].decode(errors="replace")
                raise CannotMeasure(f"{self.name} answered {reply.status}: {shown}")
            return text

        return ask

"""Predict URLs to test against: real HTTP servers that color by a rule, and misbehave when told to.

The rule is the one of tests/color_model.py: a* = (L* - 50) / 2, b* = 40 - L* / 2.
"""

import base64
import contextlib
import io
import itertools
import json
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image

PATH = "/v1/models/my-model"
NO_PACKED = 'Serving signature name: "packed" not found in signature def'


def rule(lightness):
    """a*, b* [...,2] of L* [...]."""
    return np.stack([(lightness - 50.0) / 2.0, 40.0 - lightness / 2.0], axis=-1)


def packed_prediction(row: dict) -> dict:
    png = base64.b64decode(row["l_bytes"]["b64"])
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG" and image.mode == "L"
    small = image.resize([max(1, side // 2) for side in image.size], Image.Resampling.BOX)
    ab = np.rint(rule(np.asarray(small) * (100 / 255)) + 128).astype(np.uint8)
    return {"ab_bytes": {"b64": base64_png(ab)}, "model": "color/rule"}


def plain_prediction(row: dict) -> list:
    lightness = np.array(row["input_1"])
    assert lightness.ndim == 3 and lightness.shape[2] == 1
    return (rule(lightness[..., 0]) / 128).tolist()


def base64_png(pixels: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


class Handler(BaseHTTPRequestHandler):
    """Answers POST PATH:predict and GET PATH as the server's `behavior` says."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "Predictor"

    def log_message(self, *args):
        pass

    def setup(self):
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self):
        self.server.connections.discard(self.connection)
        super().finish()

    def say(self, status: int, body, content_type="application/json", headers=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path != PATH:
            return self.say(400, {"error": f"Malformed request: GET {self.path}"})
        status = {"version": "1", "state": self.server.state}
        return self.say(200, {"model_version_status": [status]})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != PATH + ":predict":
            return self.say(400, {"error": f"Malformed request: POST {self.path}"})
        request = json.loads(body)
        self.server.seen.append((dict(self.headers), request))
        behavior = self.server.behavior
        if behavior is not None:
            return behavior(self, request)
        return self.predict(request)

    def predict(self, request: dict, packed: bool = True):
        (row,) = request["instances"]
        if request.get("signature_name", "serving_default") == "serving_default":
            return self.say(200, {"predictions": [plain_prediction(row)]})
        if not packed:
            return self.say(400, {"error": NO_PACKED})
        return self.say(200, {"predictions": [packed_prediction(row)]})


class Predictor(ThreadingHTTPServer):
    """A predict URL on loopback; `behavior(handler, request)` replaces the right answer."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int = 0):
        super().__init__(("127.0.0.1", port), Handler)
        self.behavior: Callable | None = None
        self.state = "AVAILABLE"
        self.seen: list[tuple[dict, dict]] = []
        self.connections: set[socket.socket] = set()
        self.url = f"http://127.0.0.1:{self.server_port}{PATH}:predict"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self):
        """Stop listening and cut every connection, as a killed process does."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address):
        pass  # a client that hung up is what some tests provoke

    @property
    def signatures(self) -> list[str]:
        """Which signatures were asked for, in order."""
        return [request.get("signature_name", "serving_default") for _, request in self.seen]


def answers(status: int, body, content_type="application/json", **headers):
    """A behavior: the same reply whatever is asked."""
    return lambda handler, request: handler.say(
        status, body, content_type, {k.replace("_", "-"): v for k, v in headers.items()}
    )


def versions(*models: str):
    """A behavior: a canary that asks these models in turn. Of color/v2 all is gray."""
    turns = itertools.cycle(models)

    def behave(handler, request):
        (row,) = request["instances"]
        prediction = {**packed_prediction(row), "model": next(turns)}
        if prediction["model"] == "color/v2":
            prediction["ab_bytes"]["b64"] = base64_png(np.full((40, 60, 2), 128, np.uint8))
        handler.say(200, {"predictions": [prediction]})

    return behave


def plain_only(handler, request):
    """A behavior: a model that has only serving_default."""
    handler.predict(request, packed=False)


def slow(seconds: float):
    """A behavior: the right answer, late."""

    def behave(handler, request):
        time.sleep(seconds)
        handler.predict(request)

    return behave


def trickles(data: bytes, pause: float = 0.05):
    """A behavior: raw bytes, one at a time."""

    def behave(handler, request):
        for byte in data:
            handler.connection.sendall(bytes([byte]))
            time.sleep(pause)

    return behave


def sends(data: bytes):
    """A behavior: raw bytes, then the connection is closed."""

    def behave(handler, request):
        handler.connection.sendall(data)
        handler.close_connection = True

    return behave

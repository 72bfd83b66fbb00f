"""A predict URL with scripted behavior: forwards to model servers, paints flat, delays, fails.

It counts the exchanges in progress, to detect a stampede.
"""

import base64
import contextlib
import http.client
import io
import json
import select
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import numpy as np
from PIL import Image

from local.ports import free_port
from soak.programs import PREDICT_PATH

Behavior = Callable[["_Handler", bytes], None]
_STATUS = {"model_version_status": [{"version": "1", "state": "AVAILABLE"}]}
# The a* and b* of every pixel that `flat` answers: a brown, far from gray.
A, B = 12, 30


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "_Server"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        self.send(200, json.dumps(_STATUS).encode())

    def do_POST(self) -> None:  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.counted():
            self.server.behavior(self, body)

    def send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def drop_connection(self) -> None:
        """Lose the connection, as a process that dies does."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            self.connection.shutdown(socket.SHUT_RDWR)

    def wait(self, seconds: float) -> bool:
        """Dawdle; False, at once, where the caller hangs up meanwhile."""
        return not select.select([self.connection], [], [], seconds)[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, port: int, behavior: Behavior):
        self.behavior = behavior
        self.connections: set[socket.socket] = set()
        self.lock = threading.Lock()
        self.in_progress = 0
        self.most_in_progress = 0
        self.served = 0
        super().__init__(("127.0.0.1", port), _Handler)

    @contextlib.contextmanager
    def counted(self) -> Any:
        with self.lock:
            self.in_progress += 1
            self.served += 1
            self.most_in_progress = max(self.most_in_progress, self.in_progress)
        try:
            yield
        finally:
            with self.lock:
                self.in_progress -= 1

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a caller that hung up is what the soak provokes


class ScriptedUpstream:
    """The predict URL; `up` and `down` start and stop it, its behavior can change at any time."""

    def __init__(self) -> None:
        self.port = free_port()
        self._behavior: Behavior = flat
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.most_in_progress = 0
        self.served = 0

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def up(self) -> None:
        """Listen."""
        if self._server is None:
            self._server = _Server(self.port, self._behavior)
            self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
            self._thread.start()

    def down(self) -> None:
        """Stop listening, and cut every connection as a killed process does."""
        if self._server is None or self._thread is None:
            return
        server, self._server = self._server, None
        server.shutdown()
        self._thread.join()
        server.server_close()
        for connection in list(server.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._count(server)

    def count(self) -> tuple[int, int]:
        """The most exchanges in progress at once, and all of them, since the last `count`."""
        if self._server is not None:
            self._count(self._server)
        counted = self.most_in_progress, self.served
        self.most_in_progress = self.served = 0
        return counted

    def _count(self, server: _Server) -> None:
        with server.lock:
            self.most_in_progress = max(self.most_in_progress, server.most_in_progress)
            self.served += server.served
            server.most_in_progress, server.served = server.in_progress, 0

    def set_behavior(self, behavior: Behavior) -> None:
        """Answer like that from now on."""
        self._behavior = behavior
        if self._server is not None:
            self._server.behavior = behavior

    def forward_to(self, ports: dict[str, int]) -> None:
        """Be a gateway: what carries `style: transfer` goes to the port of `style`, the rest to
        that of `color`.
        """
        self.set_behavior(lambda handler, body: _forward(handler, body, ports))


def _forward(handler: _Handler, body: bytes, ports: dict[str, int]) -> None:
    kind = "style" if handler.headers.get("style") == "transfer" else "color"
    connection = http.client.HTTPConnection("127.0.0.1", ports[kind], timeout=60)
    try:
        connection.request("POST", PREDICT_PATH, body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        handler.send(reply.status, reply.read())
    except OSError:
        handler.send(503, b"no healthy upstream")
    finally:
        connection.close()


def flat(handler: _Handler, body: bytes) -> None:
    """Answer the color question with one color for all pixels; paint a yellowish negative."""
    (row,) = json.loads(body)["instances"]
    if "content_bytes" in row:
        with Image.open(io.BytesIO(base64.b64decode(row["content_bytes"]["b64"]))) as image:
            pixels = 255 - np.asarray(image)
        pixels[..., 2] //= 2
        name = "stylized_bytes"
    else:
        with Image.open(io.BytesIO(base64.b64decode(row["l_bytes"]["b64"]))) as image:
            size = image.size
        pixels = np.empty((max(1, size[1] // 2), max(1, size[0] // 2), 2), np.uint8)
        pixels[...] = A + 128, B + 128
        name = "ab_bytes"
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    text = base64.b64encode(file.getvalue()).decode()
    reply = {"predictions": [{name: {"b64": text}, "model": "soak/flat"}]}
    handler.send(200, json.dumps(reply).encode())


def slow(seconds: float, then: Behavior = flat) -> Behavior:
    """Answer so much later, unless the caller hangs up."""

    def behave(handler: _Handler, body: bytes) -> None:
        if handler.wait(seconds):
            then(handler, body)
        else:
            handler.close_connection = True

    return behave


def flapping(period: float, then: Behavior = flat) -> Behavior:
    """By turns, `period` seconds each: right, the connection is lost, 503, rubbish."""

    def behave(handler: _Handler, body: bytes) -> None:
        turn = int(time.monotonic() / period) % 4
        if turn == 0:
            then(handler, body)
        elif turn == 1:
            handler.drop_connection()
        elif turn == 2:
            handler.send(503, b"no healthy upstream")
        else:
            handler.send(200, b'{"predictions": ["rubb')

    return behave

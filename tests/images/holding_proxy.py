"""A slow predict URL: it passes a request on to a model server only when it is told to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen

from .engine import TIMEOUT_S


class HoldingProxy:
    """`arrived` is set by the first request; all wait for `released`."""

    def __init__(self, upstream: str):
        """`upstream` is the model server's address, `http://HOST:PORT`."""
        self.arrived = threading.Event()
        self.released = threading.Event()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                proxy.arrived.set()
                proxy.released.wait(TIMEOUT_S)
                kind = {"Content-Type": self.headers["Content-Type"]}
                request = Request(upstream + self.path, data=body, headers=kind)
                with urlopen(request, timeout=TIMEOUT_S) as reply:
                    answer = reply.read()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)

    @property
    def port(self) -> int:
        """Where it listens, on every network of this machine."""
        return self.server.server_address[1]


@contextmanager
def holding_proxy(upstream: str) -> Iterator[HoldingProxy]:
    """A proxy that runs for the time of the block."""
    proxy = HoldingProxy(upstream)
    thread = threading.Thread(target=proxy.server.serve_forever)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.released.set()
        proxy.server.shutdown()
        thread.join()
        proxy.server.server_close()

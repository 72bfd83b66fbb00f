"""A predict URL and clients that ask it, all real servers on loopback."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest
import requests
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from color_client.app import create_app
from color_client.settings import Settings

from .predictors import Predictor


@pytest.fixture
def predictor() -> Iterator[Predictor]:
    """A predict URL that colors by the rule; tests change its `behavior`."""
    server = Predictor()
    yield server
    server.stop()


@dataclass
class Client:
    """A running color client, and the requests that tests send it."""

    address: str

    def predict(self, picture: bytes | None, **options) -> requests.Response:
        """POST /predict with the picture as a form, or with whatever `options` say."""
        if picture is not None:
            options.setdefault("files", {"content_image": ("photo", picture)})
        return requests.post(self.address + "/predict", timeout=60, **options)

    def get(self, path: str, **options) -> requests.Response:
        return requests.get(self.address + path, timeout=60, **options)


class QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *args):
        pass


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """A client's application on a free port of loopback; its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        for each in app.extensions.values():
            each.close()


@pytest.fixture
def start_client(predictor: Predictor) -> Iterator[Callable[..., Client]]:
    """Starts a client of `predictor`, or of another URL, with the settings given."""
    with ExitStack() as running:

        def start(**settings) -> Client:
            app = create_app(Settings(**{"url": predictor.url, **settings}))
            return Client(running.enter_context(served(app)))

        yield start


@pytest.fixture
def client(start_client: Callable[..., Client]) -> Client:
    """A client with the default settings."""
    return start_client()

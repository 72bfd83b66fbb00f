"""A predict URL with both models and style clients that ask it, all real servers on loopback."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
import requests

from style_client.app import create_app
from style_client.settings import StyleSettings
from tests.color_client.conftest import served

from .predictors import BothPredictor


@pytest.fixture
def predictor() -> Iterator[BothPredictor]:
    """A predict URL that colors and paints by rules; tests change its `behavior`."""
    server = BothPredictor()
    yield server
    server.stop()


@dataclass
class Client:
    """A running style client, and the requests that tests send it."""

    address: str

    def predict(self, **options) -> requests.Response:
        """POST /predict with whatever `options` say."""
        return requests.post(self.address + "/predict", timeout=60, **options)

    def color(self, content: bytes, headers=None, **data) -> requests.Response:
        """A form without the header; options in `data`."""
        return self.predict(files={"content_image": content}, headers=headers, data=data)

    def paint(self, content: bytes, style: bytes, headers=None, **data) -> requests.Response:
        """A form with the header `style: transfer`; options in `data`, all of the painting by
        default.
        """
        files = {"content_image": content, "style_image": style}
        return self.predict(
            files=files,
            headers={"style": "transfer", **(headers or {})},
            data={"strength": 1, **data},
        )

    def get(self, path: str, **options) -> requests.Response:
        return requests.get(self.address + path, timeout=60, **options)


@pytest.fixture
def start_client(predictor: BothPredictor) -> Iterator[Callable[..., Client]]:
    """Starts a client of `predictor`, or of another URL, with the settings given."""
    with ExitStack() as running:

        def start(**settings) -> Client:
            app = create_app(StyleSettings(**{"url": predictor.url, **settings}))
            return Client(running.enter_context(served(app)))

        yield start


@pytest.fixture
def client(start_client: Callable[..., Client]) -> Client:
    """A client with the default settings."""
    return start_client()

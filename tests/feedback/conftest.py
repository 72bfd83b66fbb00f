"""A client that keeps votes, and a predict URL that answers as the model that a test names."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from color_client.app import create_app
from color_client.settings import Settings
from feedback.settings import database
from tests.color_client.conftest import served
from tests.color_client.pictures import file_of, scene
from tests.color_client.predictors import Predictor, packed_prediction

PHOTO = file_of(scene(60, 40))


@dataclass
class VotingClient:
    """A running client; `predictor` is what it asks."""

    address: str
    predictor: Predictor

    def photo(self, model: str | None, photo: bytes = PHOTO, **options) -> requests.Response:
        """The photo in color by that model."""

        def behavior(handler, request):
            (row,) = request["instances"]
            answer = {**packed_prediction(row), "model": model}
            handler.say(200, {"predictions": [answer]})

        self.predictor.behavior = behavior
        reply = requests.post(
            self.address + "/predict", files={"content_image": photo}, timeout=60, **options
        )
        assert reply.status_code == 200, reply.text
        return reply

    def receipt(self, model: str | None, photo: bytes = PHOTO, **options) -> str:
        return self.photo(model, photo, **options).headers["X-Receipt"]

    def vote(self, **body) -> requests.Response:
        return requests.post(self.address + "/feedback", json=body, timeout=60)

    def choose(self, choice: str, *models: str) -> requests.Response:
        return self.vote(receipts=[self.receipt(model) for model in models], choice=choice)

    def get(self, path: str) -> requests.Response:
        return requests.get(self.address + path, timeout=60)


@pytest.fixture
def predictor() -> Iterator[Predictor]:
    server = Predictor()
    yield server
    server.stop()


@pytest.fixture
def start(predictor) -> Iterator[Callable[..., VotingClient]]:
    """Starts a client with the settings given."""
    with ExitStack() as running:

        def start(**settings) -> VotingClient:
            app = create_app(Settings(**{"url": predictor.url, **settings}))
            return VotingClient(running.enter_context(served(app)), predictor)

        yield start


@pytest.fixture
def db(tmp_path: Path) -> str:
    """A database that is not there yet; tests/feedback/test_postgres.py has another."""
    return database(str(tmp_path / "votes.db"))


@pytest.fixture
def client(start, db) -> VotingClient:
    return start(feedback_db=db, report=True, feedback_per_minute=10_000)

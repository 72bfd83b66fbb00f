"""A color and a style client to send forms to, real servers on loopback."""

from collections.abc import Iterator

import pytest

from color_client.app import create_app as color_app
from color_client.settings import Settings
from style_client.app import create_app as style_app
from style_client.settings import StyleSettings
from tests.color_client.conftest import predictor, served

__all__ = ["predictor"]


@pytest.fixture(params=["color", "style"])
def address(request, predictor, tmp_path) -> Iterator[str]:
    """Where one of the two clients listens, and keeps votes."""
    body = {
        "url": predictor.url,
        "feedback_db": f"sqlite:///{tmp_path / 'votes.db'}",
        "feedback_per_minute": 1_000,
        "report": True,
    }
    if request.param == "color":
        app = color_app(Settings(**body))
    else:
        app = style_app(StyleSettings(**body))
    with served(app) as address:
        yield address

"""The article's color-style-ab-serving, letter for letter: one address, two models, one header."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.local.running_applications import ARTICLE, asks, png, retry_timeouts
from tests.style_model import write_style_model

pytestmark = [pytest.mark.slow, pytest.mark.long(1)]
ARTICLE_FILE = ARTICLE / "color-style-ab-serving.yaml"
RED, BLUE = png((200, 0, 0)), png((0, 0, 200))
COLOR = asks("packed", l_bytes=png())
STYLE = asks("packed", content_bytes=RED, style_bytes=BLUE, strength=1.0)


@pytest.fixture(scope="module")
def slow_models(tiny_models, tmp_path_factory):
    """The tiny models, of which style takes 12 s."""
    root = tmp_path_factory.mktemp("slow") / "models"
    shutil.copytree(tiny_models / "color-model", root / "color-model")
    write_style_model(root / "style-model" / "model", 1, seconds=12)
    return root


def model(running, body: bytes, **headers: str) -> str:
    """Which model answers at the common address."""
    reply = retry_timeouts(lambda: running.ask("color-ab-serving", body, **headers))
    assert reply.status_code == 200, reply.text
    return reply.json()["predictions"][0]["model"]


def test_articles_file_unchanged(up):
    running = up(ARTICLE_FILE).wait_until_ready()
    assert "-H 'style: transfer'" in running.text
    assert model(running, COLOR) == "color/v2"
    for name in ("style", "Style", "STYLE"):
        assert model(running, STYLE, **{name: "transfer"}) == "style/v1"
    for value in ("Transfer", "transfer2", "TRANSFER", ""):
        assert model(running, COLOR, style=value) == "color/v2"
    # The routed deployment has no path of its own.
    for headers in ({}, {"style": "transfer"}):
        for path in ("", "v1/models/my-model:predict"):
            reply = running.ask("style-ab-serving", STYLE, path, **headers)
            assert (reply.status_code, reply.text) == (404, "")

    for headers, made_by in (
        ({}, "color/v2"),
        ({"style": "transfer"}, "style/v1"),
        ({"Style": "Transfer"}, "color/v2"),
    ):
        reply = retry_timeouts(lambda headers=headers: running.predict(RED, BLUE, **headers))
        assert (reply.status_code, reply.headers["X-Model"]) == (200, made_by)
    assert running.press_ctrl_c() == 0


def test_ten_seconds_for_style_three_for_color_and_the_clients_504(up, slow_models, tmp_path):
    text = ARTICLE_FILE.read_text()
    # The same slow model without a timeout of its own, at an address of its own.
    plain = text.replace("name: color-style-ab-serving", "name: plain").replace(
        "pvc://color-model/model/v2", "pvc://style-model/model"
    )
    plain = plain[: plain.index("  - name: style-ab-serving")]
    file = tmp_path / "both.yaml"
    file.write_text(text + "---\n" + plain.replace("color-ab-serving", "plain-serving"))
    running = up(file, models=slow_models).wait_until_ready()

    def given_up(deployment: str, limit: float, **headers: str) -> None:
        started = time.monotonic()
        reply = running.ask(deployment, STYLE, **headers)
        assert (reply.status_code, reply.text) == (504, "upstream request timeout")
        assert time.monotonic() - started >= limit - 0.1  # Envoy's clock is not ours

    def told() -> None:
        reply = running.predict(RED, BLUE, style="transfer")
        assert reply.status_code == 504
        assert "gateway" in reply.json()["detail"]

    with ThreadPoolExecutor() as callers:  # who wait together
        waiting = [
            callers.submit(given_up, "color-ab-serving", 10, style="transfer"),
            callers.submit(given_up, "plain-serving", 3),
            callers.submit(told),
        ]
    for each in waiting:
        each.result()
    assert model(running, COLOR) == "color/v2"
    assert retry_timeouts(lambda: running.predict(RED)).status_code == 200

"""The article's color-serving, letter for letter: two versions behind one address."""

from collections import Counter

import pytest

from tests.local.running_applications import ARTICLE, asks, patiently, png

pytestmark = pytest.mark.slow
REQUESTS = 400


def models(running, count: int) -> Counter[str]:
    """Which version answered how many requests."""
    replies = (patiently(lambda: running.predict(png())) for _ in range(count))
    return Counter(reply.headers["X-Model"] for reply in replies)


def test_half_and_half(up):
    running = up(ARTICLE / "color-serving.yaml").wait_until_ready()
    counted = models(running, REQUESTS)
    assert counted["color/v1"] + counted["color/v2"] == REQUESTS
    assert 160 <= counted["color/v1"] <= 240, counted

    # Only a deployment's own prefix, with its slash, leads anywhere.
    body = asks("packed", l_bytes=png())
    reply = patiently(lambda: running.ask("color-model-serving", body))
    assert reply.status_code == 200
    for deployment, path in (("nothing", "v1/models/my-model:predict"),
                             ("color-model-serving", "")):  # fmt: skip
        reply = running.ask(deployment, body, path)
        assert reply.status_code == 404
    assert running.press_ctrl_c() == 0
    assert "Traceback" not in running.text


def test_ninety_to_ten(up, tmp_path):
    text = (ARTICLE / "color-serving.yaml").read_text()
    file = tmp_path / "uneven.yaml"
    first, second, rest = text.split("traffic: 50")
    file.write_text(f"{first}traffic: 90{second}traffic: 10{rest}")
    running = up(file).wait_until_ready()
    counted = models(running, REQUESTS)
    assert 16 <= counted["color/v2"] <= 64, counted
    assert counted["color/v1"] + counted["color/v2"] == REQUESTS

"""The article's color-serving, letter for letter: two versions behind one address."""

import threading
from collections import Counter

import pytest
import yaml

from tests.local.conftest import wait_until
from tests.local.running_applications import ARTICLE, RunningApplications, asks, png, retry_timeouts
from tests.running import run

pytestmark = [pytest.mark.slow, pytest.mark.long(1)]
REQUESTS = 400


def models(running, count: int) -> Counter[str]:
    """Which version answered how many requests."""
    replies = (retry_timeouts(lambda: running.predict(png())) for _ in range(count))
    return Counter(reply.headers["X-Model"] for reply in replies)


def test_half_and_half_then_ninety_to_ten(up, tmp_path):
    text = (ARTICLE / "color-serving.yaml").read_text()
    file = tmp_path / "color-serving.yaml"
    file.write_text(text)
    running = up(file).wait_until_ready()
    counted = models(running, REQUESTS)
    assert counted["color/v1"] + counted["color/v2"] == REQUESTS
    assert 160 <= counted["color/v1"] <= 240, counted

    # Only a deployment's own prefix, with its slash, leads anywhere.
    body = asks("packed", l_bytes=png())
    reply = retry_timeouts(lambda: running.ask("color-model-serving", body))
    assert reply.status_code == 200
    for deployment, path in (("nothing", "v1/models/my-model:predict"),
                             ("color-model-serving", "")):  # fmt: skip
        reply = running.ask(deployment, body, path)
        assert reply.status_code == 404

    first, second, rest = text.split("traffic: 50")
    file.write_text(f"{first}traffic: 90{second}traffic: 10{rest}")
    done = run("local", "up", file, "--state", running.state.root, seconds=300)
    assert done.returncode == 0, done.stdout + done.stderr
    counted = models(running, REQUESTS)
    assert 16 <= counted["color/v2"] <= 64, counted
    assert counted["color/v1"] + counted["color/v2"] == REQUESTS
    assert running.press_ctrl_c() == 0
    assert "Traceback" not in running.text


def test_canary_share_changes_under_load(up, tmp_path):
    """The real model servers, from another terminal; no reply fails but for a busy machine."""
    document = yaml.safe_load((ARTICLE / "color-serving.yaml").read_text())
    properties = document["spec"]["components"][0]["properties"]
    both = properties["predictors"]
    file = tmp_path / "canary.yaml"

    def write(*shares: int) -> None:
        """The file with these weights, of the last predictors."""
        predictors = zip(both[-len(shares) :], shares, strict=True)
        properties["predictors"] = [{**each, "traffic": share} for each, share in predictors]
        properties["timeout"] = "60000"
        file.write_text(yaml.safe_dump(document))

    write(50, 50)
    running: RunningApplications = up(file).wait_until_ready()
    body = asks("packed", l_bytes=png())
    answers: list[int] = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            answers.append(running.ask("color-model-serving", body).status_code)

    callers = [threading.Thread(target=ask) for _ in range(8)]
    for caller in callers:
        caller.start()
    try:
        for shares in ((90, 10), (0, 100), (100,), (50, 50)):
            write(*shares)
            done = run("local", "up", file, "--state", running.state.root, seconds=300)
            assert done.returncode == 0, done.stdout + done.stderr
            count = len(answers)
            wait_until(lambda count=count: len(answers) > count + 50, 240)
    finally:
        over.set()
        for caller in callers:
            caller.join()
    assert set(answers) == {200}
    assert models(running, 40).keys() == {"color/v1", "color/v2"}

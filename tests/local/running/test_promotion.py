"""A canary to its end: real model servers and clients, people who choose, and a promotion."""

import json
import random
import subprocess
import sys
import threading
from collections import Counter

import pytest
import requests

from tests.local.running_applications import RunningApplications, png
from tests.running import ROOT, run

pytestmark = [pytest.mark.slow, pytest.mark.long(2)]

APP, COMPONENT = "color-feedback", "color-feedback-model"
# Often, so that it takes few of them to be sure.
LIKES_V2 = 0.85
# How often somebody asks for one photo until both versions have answered.
_TRIES = 12


def canary() -> str:
    """The canary of deploy/ with 40 % for v2, on a machine that may be busy."""
    text = (ROOT / "deploy" / "color-canary-feedback.yaml").read_text()
    for change in (
        ("traffic: 90", "traffic: 60"), ("traffic: 10", "traffic: 40"),
        ("protocol: tensorflow\n", 'protocol: tensorflow\n        timeout: "60000"\n'),
        ('            value: "on"\n', '            value: "on"\n'
         '          - {name: FEEDBACK_PER_MINUTE, value: "100000"}\n'
         '          - {name: TIMEOUT_S, value: "60"}\n'),
    ):  # fmt: skip
        assert text.count(change[0]) == 1
        text = text.replace(*change)
    return text


class People:
    """Some who choose between two pictures of one photo, and some who only ask, without pause."""

    def __init__(self, running: RunningApplications):
        self.running = running
        self.statuses: Counter[int] = Counter()
        self.choices: Counter[str] = Counter()
        self._over = threading.Event()
        self._threads = [
            *(threading.Thread(target=self._choose, args=(seed,)) for seed in range(4)),
            *(threading.Thread(target=self._ask) for _ in range(2)),
        ]
        for thread in self._threads:
            thread.start()

    def _photo(self, data: bytes) -> requests.Response | None:
        try:
            reply = self.running.predict(data)
        except requests.RequestException as error:
            self.statuses[type(error).__name__] += 1
            return None
        self.statuses[reply.status_code] += 1
        return reply

    def _ask(self) -> None:
        while not self._over.is_set():
            self._photo(png())

    def _choose(self, seed: int) -> None:
        taste = random.Random(seed)
        while not self._over.is_set():
            photo = png(taste.randrange(256), (16, 8 + taste.randrange(99)))
            receipts: dict[str, str] = {}
            for _ in range(_TRIES):
                if len(receipts) < 2 and not self._over.is_set() and (reply := self._photo(photo)):
                    receipts[reply.headers["X-Model"]] = reply.headers["X-Receipt"]
            if len(receipts) < 2:
                continue
            liked = "color/v2" if taste.random() < LIKES_V2 else "color/v1"
            both = sorted(receipts)
            vote = {
                "receipts": [receipts[model] for model in both],
                "choice": ("first", "second")[both.index(liked)],
            }
            reply = requests.post(f"{self.running.client}/feedback", json=vote, timeout=60)
            assert reply.status_code == 200, reply.text
            self.choices[liked] += 1

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, monkeypatch) -> None:
    """The one of the state folder, or a PostgreSQL that the environment names."""
    monkeypatch.delenv("FEEDBACK_DB", raising=False)
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
        monkeypatch.setenv("FEEDBACK_DB", url)


@pytest.mark.usefixtures("database")
def test_a_canary_that_people_like_is_promoted_and_one_that_they_do_not_goes_back(up, tmp_path):
    file = tmp_path / "canary.yaml"
    file.write_text(canary())
    running = up(file).wait_until_ready()
    state = running.state.root
    promoting = subprocess.Popen(
        [sys.executable, "-m", "local", "promote", APP, COMPONENT, "model2", "--state", state,
         "--interval", "2", "--steps", "60,100",
         "--when", "winrate(v2, v1) > 0.5 and errors < 5% and p95 < 60s"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    people = None
    try:
        # Nobody has said anything yet; then they do.
        first = next(line for line in promoting.stdout if "winrate(v2, v1)" in line)
        assert first.startswith("40 %: ") and "not yet" in first
        people = People(running)
        output, error = promoting.communicate(timeout=900)
        assert promoting.returncode == 0, output + error
        print(output)
        lines = output.splitlines()
        assert lines[-1] == "model2 is promoted."
        steps = [line for line in lines if line.endswith("moving the traffic")]
        assert steps == ["60 %: moving the traffic", "100 %: moving the traffic"]
        ended = file.read_text()
        assert "traffic: 0\n" in ended and "traffic: 100\n" in ended
        assert running.predict(png()).headers["X-Model"] == "color/v2"

        # The other way, against what people said: one step, one look, and back.
        other = run(
            "local", "promote", APP, COMPONENT, "model1", "--state", state, "--interval", "1",
            "--steps", "20,100", "--when", "winrate(v1, v2) > 0.5", seconds=300,
        )  # fmt: skip
        assert other.returncode == 1, other.stdout + other.stderr
        assert "20 %: moving the traffic" in other.stdout
        assert other.stdout.endswith("Gone back: model1 has what it had before.\n")
        assert file.read_text() == ended
    finally:
        promoting.kill()
        if people:
            people.end()
    assert people.statuses.keys() == {200}

    output = run("local", "feedback", APP, "--format", "json", "--state", state, seconds=120)
    assert output.returncode == 0, output.stderr
    (pair,) = json.loads(output.stdout)["pairs"]
    assert (pair["models"], pair["preferred"]) == (["color/v1", "color/v2"], "color/v2")
    assert pair["wins"] == [people.choices["color/v1"], people.choices["color/v2"]]
    metrics = requests.get(f"{running.client}/metrics", timeout=60).text
    counted = 'feedback_total{loser="color/v1",route="color",winner="color/v2"}'
    assert f"colorway_client_{counted} {people.choices['color/v2']:.1f}" in metrics

    # The file and the key are still there when nothing runs.
    assert running.press_ctrl_c() == 0
    again = run("local", "feedback", APP, "--state", state, seconds=120)
    assert "color/v2 is preferred: " in again.stdout
    assert "Traceback" not in running.text

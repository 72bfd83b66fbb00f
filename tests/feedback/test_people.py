"""300 people compare two versions of a model behind a canary, and the report says which they like:
`local up`, two model servers, the gateway and the client, as programs of their own.
"""

import json
from collections import Counter
from pathlib import Path

import pytest
import requests

from feedback.settings import database
from tests.feedback.simulated_people import compare
from tests.local.conftest import tiny_models, up
from tests.local.running_applications import ARTICLE
from tests.running import run

__all__ = ["tiny_models", "up"]
pytestmark = [pytest.mark.slow, pytest.mark.long(2)]

PEOPLE, PREFERENCE = 300, 0.65
V1, V2 = "color/v1", "color/v2"


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request, tmp_path: Path) -> str:
    """A database of either kind."""
    if request.param == "sqlite":
        return database(str(tmp_path / "votes.db"))
    return database(request.getfixturevalue("postgres").new_database())


def test_report_and_metrics_of_300_people(up, db, monkeypatch):
    monkeypatch.setenv("FEEDBACK_DB", db)
    monkeypatch.setenv("FEEDBACK_PER_MINUTE", "100000")
    monkeypatch.setenv("REPORT", "on")
    running = up(ARTICLE / "color-serving.yaml").wait_until_ready()
    client = running.client
    chosen = Counter(compare(client, range(PEOPLE), V2, PREFERENCE))
    assert chosen.total() == PEOPLE and 0.6 < chosen[V2] / PEOPLE < 0.7

    done = run("color_client", "feedback", "--db", db, "--format", "json", seconds=240)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    (pair,) = report["pairs"]
    assert pair["models"] == [V1, V2] and pair["wins"] == [chosen[V1], chosen[V2]]
    assert pair["preferred"] == V2 and pair["interval"][1] < 0.5
    assert report["verdict"].startswith(f"{V2} is preferred: {chosen[V2] / PEOPLE:.0%}"[:-1])
    assert report["choices"] == PEOPLE and report["agreement"]["photos"] > 10
    assert requests.get(f"{client}/report?format=json", timeout=60).json() == report

    metrics = requests.get(f"{client}/metrics", timeout=60).text
    for winner, loser in ((V1, V2), (V2, V1)):
        labels = f'{{loser="{loser}",route="color",winner="{winner}"}}'
        assert f"colorway_client_feedback_total{labels} {float(chosen[winner])}" in metrics

"""docs/feedback.md: its commands, as they stand there, and its settings."""

import itertools
import re
import subprocess
from pathlib import Path

import pytest

from feedback.formats import as_text
from feedback.report import report as report_of
from feedback.settings import FeedbackSettings
from tests.color_client.predictors import packed_prediction
from tests.feedback.test_report import choices
from tests.feedback.test_routes import report
from web import settings

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / "docs" / "feedback.md").read_text()


def block(name: str) -> str:
    return re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", TEXT, re.S)[1]


def test_the_settings():
    own = settings.markdown_table(FeedbackSettings, settings.ServerSettings)
    assert block("settings") == own


def test_first_report_in_the_docs_is_the_printed_one():
    every = {"first": 76, "second": 136, "both": 9, "neither": 4}
    votes = [("color/v1", "color/v2", choice) for choice in every for _ in range(every[choice])]
    expected = re.search(r"--db votes.db\n(.*?)```", TEXT, re.S)[1]
    assert as_text(report_of(choices(*votes))) == expected


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_commands_print_what_the_docs_say(client, tmp_path, shell):
    """Of two versions that answer in turn."""
    models = itertools.cycle(["color/v1", "color/v2"])

    def behavior(handler, request):
        (row,) = request["instances"]
        handler.say(200, {"predictions": [{**packed_prediction(row), "model": next(models)}]})

    client.predictor.behavior = behavior
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    (commands,) = re.findall(r"```sh\n(.*?)```", block("vote"), re.S)
    commands = commands.replace("localhost:3333", client.address)
    done = subprocess.run(
        [shell, "-euc", commands], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    expected = re.search(r"<!-- /vote -->\n\n```json\n(.*?)```", TEXT, re.S)[1]
    assert done.stdout == expected
    found = report(client)
    assert found["pairs"][0]["wins"] == [0, 1]
    assert found["ratings"][0]["up"] == found["downloads"][0]["count"] == 1

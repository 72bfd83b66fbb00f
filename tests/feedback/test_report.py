"""What the votes say, in every format."""

import csv
import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from color_client.__main__ import CLIENT
from feedback import command
from feedback.feedback import Feedback
from feedback.formats import as_csv, as_html, as_json, as_text
from feedback.receipts import Receipts
from feedback.report import report
from feedback.vote import CHOICES, read_vote
from feedback.votes import Votes
from photo_client.cli import main
from tests.running import run
from web.problems import Problem

A, B, C = "color/v1", "color/v2", "style/v1"


def choices(*votes: tuple[str, str, str], photos: int = 1_000_000):
    """The rows of choices (first model, second model, choice), one a second."""
    return [
        SimpleNamespace(kind="choice", vote=f"vote {number}", at=float(number), model=model,
                        result=result, photo=f"photo {number % photos}", route="color")
        for number, (first, second, choice) in enumerate(votes)
        for model, result in zip((first, second), CHOICES[choice], strict=True)
    ]  # fmt: skip


def one(kind: str, model: str, result: str):
    return SimpleNamespace(kind=kind, vote="x", at=0.0, model=model, result=result, photo="p")


def test_no_votes():
    result = report([])
    assert (result.choices, result.verdict, result.pairs) == (0, "no choices yet", [])
    assert result.agreement is None


def test_clear_preference_in_either_order():
    rows = choices(*50 * [(A, B, "second"), (B, A, "first")], *44 * [(B, A, "second")],
                   *12 * [(A, B, "second")], *3 * [(A, B, "both")])  # fmt: skip
    result = report(rows)
    (pair,) = result.pairs
    assert pair.models == (A, B) and pair.wins == (44, 112) and pair.both == 3
    assert pair.choices == result.choices == 156
    assert pair.win_rate == pytest.approx(44 / 156)
    assert pair.preferred == B
    assert result.verdict == pair.verdict == "color/v2 is preferred: 72 % [59, 83] of 156 choices"
    assert pair.interval[1] < 0.5
    assert pair.curve[-1].choices == 156 and pair.curve[-1].interval == pair.interval
    assert [point.choices for point in pair.curve] == list(range(1, 157))


def test_a_long_curve_is_thinned_and_ends_now():
    (pair,) = report(choices(*501 * [(A, B, "first"), (A, B, "second")])).pairs
    assert len(pair.curve) <= 200 and pair.curve[-1].choices == 1_002


def test_no_decision_yet():
    result = report(choices(*12 * [(A, B, "first")], *8 * [(A, B, "second")]))
    assert result.pairs[0].preferred is None
    assert result.verdict == "no decision yet: about 210 more choices at this rate"
    even = report(choices((A, B, "first"), (A, B, "second")))
    assert even.verdict == "no decision yet: after 2 choices the two are about even"


def test_three_models_have_strengths():
    rows = choices(*20 * [(A, B, "second")], *10 * [(A, B, "first")], *20 * [(B, C, "second")],
                   *10 * [(B, C, "first")])  # fmt: skip
    result = report(rows)
    assert [each.model for each in result.strengths] == [C, B, A]
    assert result.verdict.startswith(f"{A} and {B}: ") and f"; {B} and {C}: " in result.verdict
    assert report(rows[:40]).strengths == []


def test_agreement_on_repeated_photos():
    rows = choices((A, B, "first"), (B, A, "second"), (A, B, "second"), photos=1)
    agreement = report(rows).agreement
    assert (agreement.photos, agreement.share) == (1, pytest.approx(1 / 3))
    assert report(choices((A, B, "first"), (A, B, "first"))).agreement is None


def every_kind():
    rows = choices(*30 * [(A, B, "second")], *10 * [(C, B, "first"), (A, B, "both")], photos=7)
    marks = [one("rating", B, "up"), one("rating", B, "down"), one("download", C, "downloaded")]
    return report([*rows, *marks])


def test_json_has_the_agreed_names():
    result = json.loads(as_json(every_kind()))
    assert list(result) == ["choices", "verdict", "pairs", "strengths", "agreement", "ratings",
                          "downloads"]  # fmt: skip
    assert list(result["pairs"][0]) == ["models", "wins", "both", "neither", "choices", "win_rate",
                                      "interval", "preferred", "verdict", "curve"]  # fmt: skip
    assert list(result["pairs"][0]["curve"][0]) == ["at", "choices", "win_rate", "interval"]
    assert result["ratings"] == [{"model": B, "up": 1, "down": 1}]
    assert result["downloads"] == [{"model": C, "count": 1}]


def test_csv_has_a_line_for_each_pair():
    lines = list(csv.DictReader(io.StringIO(as_csv(every_kind()))))
    assert [(line["first"], line["second"], line["first_wins"]) for line in lines] == [
        (A, B, "0"), (B, C, "0")
    ]  # fmt: skip
    assert lines[0]["both"] == "10" and lines[0]["preferred"] == B


def test_text_has_everything():
    result = as_text(every_kind())
    for words in (
        "is preferred: 100 %",
        "chosen: color/v1 0, color/v2 30; beside, both good 10, neither 0",
        "strengths",
        "agreement",
        "color/v2  1 up, 1 down",
        "style/v1  1",
    ):
        assert words in result


def test_hanging_database_blocks_nobody(monkeypatch):
    """One after the other, each would hold a thread for as long as all before it."""
    monkeypatch.setattr("feedback.feedback._WAIT_FOR_REPORT_S", 0.1)
    reading, back = threading.Event(), threading.Event()

    class Hanging:
        def read(self):
            reading.set()
            assert back.wait(60)
            return []

    feedback = Feedback(Receipts(), Hanging())
    with ThreadPoolExecutor() as pool:
        first = pool.submit(feedback.report)
        assert reading.wait(60)
        with pytest.raises(Problem) as refused:
            feedback.report()
        assert refused.value.status == 503
        back.set()
        assert first.result(60).choices == 0
    assert feedback.report().choices == 0


def test_model_names_are_escaped_in_html():
    result = as_html(report(choices(('<b>"x"', B, "first"))))
    assert '<b>"' not in result and "&lt;b&gt;&#34;x&#34;" in result


# The command


@pytest.fixture
def voted(db) -> str:
    """A database with a choice."""
    receipts = Receipts("a key")
    given = [
        receipts.issue(b"p", request_id="r", route="color", model=model, options={})
        for model in (A, B)
    ]
    votes = Votes(db)
    votes.store(read_vote({"receipts": given, "choice": "first"}, receipts.read))
    votes.close()
    return db


@pytest.mark.parametrize("client", ["color_client", "style_client"])
def test_the_command_prints_the_report(voted, client):
    done = run(client, "feedback", "--db", voted, "--format", "json", seconds=240)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["pairs"][0]["wins"] == [1, 0]


def test_the_command_reads_its_setting_and_since_when(voted, capsys):
    environment = {"FEEDBACK_DB": voted}
    assert main(CLIENT, ["feedback"], environment) == 0
    assert "chosen: color/v1 1, color/v2 0" in capsys.readouterr().out
    assert main(CLIENT, ["feedback", "--since", "2099-01-01"], environment) == 0
    assert capsys.readouterr().out == "no choices yet\n"


def test_the_command_makes_no_file(tmp_path, capsys):
    nowhere = tmp_path / "no.db"
    assert main(CLIENT, ["feedback", "--db", str(nowhere)], {}) == 1
    assert capsys.readouterr().err == (
        f"python -m color_client feedback: cannot read the votes: there is no {nowhere}\n"
    )
    assert not nowhere.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name the database"),
        (["--db", "off"], "name the database"),
        (["--db", "mysql://host/votes"], "--db must be a path"),
        (["--db", "x.db", "--format", "xml"], "invalid choice"),
        (["--db", "x.db", "--since", "yesterday"], "must be a date"),
        (["--db", "x.db", "photo.jpg"], "unrecognized arguments"),
    ],
)
def test_a_wrong_command_is_one_line(arguments, words, capsys):
    with pytest.raises(SystemExit) as end:
        main(CLIENT, ["feedback", *arguments], {})
    result = capsys.readouterr().err
    assert end.value.code == 2 and words in result and result.count("\n") == 1


def test_since_values():
    assert command.parse_since("2026-11-30") == command.parse_since("2026-11-30T01:00+01:00")
    assert command.parse_since("2h") == pytest.approx(command.parse_since("120m"), abs=1)
    assert command.parse_since("1d") < command.parse_since("23h")


# The page


@pytest.mark.slow
def test_the_page_shows_the_curve(client, page):
    """No Content-Security-Policy is offended: `page` sees to that."""
    for choice in 5 * ["second", "first", "second"]:
        assert client.choose(choice, A, B).status_code == 200
    page.goto(client.address + "/report")
    assert page.locator("svg polyline").count() == 1
    assert page.locator("svg .rate").evaluate("node => getComputedStyle(node).fill") == "none"
    assert "no decision yet" in page.locator(".verdict").inner_text()
    assert page.locator("td", has_text="10").count() == 1

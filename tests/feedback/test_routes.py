"""POST /feedback and GET /report, asked by a program."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.color_client.pictures import file_of, scene

A, B = "color/v1", "color/v2"
OTHER_PHOTO = file_of(scene(50, 40))


def problem(reply: requests.Response) -> tuple[int, str]:
    assert reply.headers["Content-Type"] == "application/problem+json", reply.text
    return reply.status_code, reply.json()["code"]


def report(client) -> dict:
    return client.get("/report?format=json").json()


def test_a_choice_is_recorded_and_reported(client):
    reply = client.choose("second", A, B)
    assert (reply.status_code, reply.json()) == (200, {"recorded": "choice", "models": [A, B]})
    assert client.choose("both", B, A).status_code == 200
    assert client.choose("neither", A, B).status_code == 200
    (pair,) = report(client)["pairs"]
    assert pair["models"] == [A, B] and pair["wins"] == [0, 1]
    assert (pair["both"], pair["neither"], pair["choices"]) == (1, 1, 1)


def test_a_rating_and_a_download_are_recorded(client):
    receipt = client.receipt(A)
    assert client.vote(receipt=receipt, rating=1).json() == {"recorded": "rating", "models": [A]}
    assert client.vote(receipt=client.receipt(A), rating=0).status_code == 200
    answer = client.vote(receipt=receipt, downloaded=True).json()
    assert answer == {"recorded": "download", "models": [A]}
    shown = report(client)
    assert shown["ratings"] == [{"model": A, "up": 1, "down": 1}]
    assert shown["downloads"] == [{"model": A, "count": 1}]


def test_a_model_that_does_not_say_its_name(client):
    receipt = client.receipt(None)
    assert client.vote(receipt=receipt, rating=1).json()["models"] == ["color/unnamed"]


@pytest.mark.parametrize(
    "body",
    [
        [],
        "x",
        {},
        {"receipt": "A"},
        {"receipt": "A", "rating": 2},
        {"receipt": "A", "rating": True},
        {"receipt": "A", "rating": 1, "downloaded": True},
        {"receipt": "A", "downloaded": False},
        {"receipt": ["A"], "rating": 1},
        {"receipts": ["A"], "choice": "first"},
        {"receipts": ["A", "B"], "choice": "left"},
        {"receipts": ["A", "B"], "choice": ["first"]},
        {"receipts": ["A", "B"], "choice": "first", "name": "me"},
    ],
)
def test_invalid_votes_are_refused(client, body):
    reply = requests.post(client.address + "/feedback", json=body, timeout=60)
    assert problem(reply) == (400, "not-a-vote")


def test_invalid_json_is_refused(client):
    url = client.address + "/feedback"
    kind = {"Content-Type": "application/json"}
    assert problem(requests.post(url, "{", headers=kind, timeout=60)) == (400, "bad-json")
    assert problem(requests.post(url, "[" * 9_000, headers=kind, timeout=60)) == (400, "bad-json")
    assert problem(requests.post(url, {"receipt": "A"}, timeout=60)) == (415, "not-json")
    large = json.dumps({"receipt": "A" * 20_000, "rating": 1})
    assert problem(requests.post(url, large, headers=kind, timeout=60)) == (413, "too-many-bytes")
    assert problem(client.get("/feedback")) == (405, "method-not-allowed")


def test_forged_and_foreign_receipts_are_refused(client, start, tmp_path):
    receipt = client.receipt(A)
    assert problem(client.vote(receipt=receipt[:-1] + "~", rating=1)) == (400, "receipt-unknown")
    assert problem(client.vote(receipt="🙂", rating=1)) == (400, "receipt-unknown")
    foreign = start(feedback_db=f"sqlite:///{tmp_path / 'other.db'}").receipt(A)
    assert problem(client.vote(receipt=foreign, rating=1)) == (400, "receipt-unknown")


def test_replicas_with_one_key_accept_each_others_receipts(start, tmp_path):
    key = {"secret_key": "the same", "feedback_db": f"sqlite:///{tmp_path / 'votes.db'}"}
    one, other = start(**key), start(**key)
    receipt = one.receipt(A)
    assert other.vote(receipt=receipt, rating=1).status_code == 200
    assert problem(one.vote(receipt=receipt, rating=1)) == (409, "receipt-used")


def test_a_receipt_counts_after_the_clock_was_put_back(client, monkeypatch):
    """Or where the replica that issued it is ahead of the one that is asked."""
    receipt = client.receipt(A)
    import itsdangerous.timed

    earlier = itsdangerous.timed.time.time() - 3600
    monkeypatch.setattr(itsdangerous.timed.time, "time", lambda: earlier)
    assert client.vote(receipt=receipt, rating=1).status_code == 200


def test_old_receipt_gets_410(client, monkeypatch):
    receipt = client.receipt(A)
    import itsdangerous.timed

    later = itsdangerous.timed.time.time() + 24 * 3600 + 2
    monkeypatch.setattr(itsdangerous.timed.time, "time", lambda: later)
    assert problem(client.vote(receipt=receipt, rating=1)) == (410, "receipt-old")


def test_a_choice_is_between_two_models_of_one_photo(client):
    receipts = [client.receipt(A), client.receipt(B, OTHER_PHOTO)]
    assert problem(client.vote(receipts=receipts, choice="first")) == (400, "not-comparable")
    assert problem(client.choose("first", A, A)) == (400, "not-comparable")
    receipts = [client.receipt(A), client.receipt(B, data={"vividness": "2"})]
    assert problem(client.vote(receipts=receipts, choice="first")) == (400, "not-comparable")


def test_options_that_do_not_change_the_picture_may_differ(client):
    same = {"vividness": "1.5", "hints": '[{"x": 0.5, "y": 0.5, "color": "#b3361a"}]'}
    receipts = [client.receipt(A, data={**same, "model": A, "metadata": "keep"}),
                client.receipt(B, data={**same, "model": B})]  # fmt: skip
    assert client.vote(receipts=receipts, choice="first").status_code == 200


@pytest.mark.parametrize("seed", range(3))
def test_a_receipt_counts_once_however_many_come_at_once(client, seed):
    one, other, third = client.receipt(A), client.receipt(B), client.receipt("color/v3")
    votes = [
        {"receipts": [one, other], "choice": "first"},
        {"receipts": [other, one], "choice": "first"},
        {"receipts": [third, one], "choice": "second"},
    ]
    with ThreadPoolExecutor(12) as crowd:
        replies = list(crowd.map(lambda number: client.vote(**votes[number % 3]), range(12)))
    assert sorted(reply.status_code for reply in replies) == [200] + 11 * [409]
    assert report(client)["choices"] == 1


def test_votes_are_rate_limited_per_caller(start, db):
    client = start(feedback_db=db, feedback_per_minute=2)
    replies = [client.vote(receipt="A", rating=1) for _ in range(3)]
    assert [reply.status_code for reply in replies] == [400, 400, 429]
    assert problem(replies[-1]) == (429, "too-many-votes")
    assert 1 <= int(replies[-1].headers["Retry-After"]) <= 30


def test_cross_origin_votes_are_refused(client):
    headers = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    reply = requests.options(client.address + "/feedback", headers=headers, timeout=60)
    assert not [name for name in reply.headers if name.startswith("Access-Control")]


def test_feedback_that_is_off_gives_no_receipts(start):
    client = start()
    assert "X-Receipt" not in client.photo(A).headers
    assert problem(client.vote(receipt="A", rating=1)) == (404, "feedback-off")
    assert problem(client.get("/report")) == (404, "feedback-off")


def test_the_report_is_shown_only_where_it_is_on(start, db):
    client = start(feedback_db=db)
    assert problem(client.get("/report")) == (404, "report-off")


def test_unwritable_database_turns_feedback_off(start, tmp_path, caplog):
    client = start(feedback_db=f"sqlite:///{tmp_path}/no/such/folder/votes.db")
    assert "X-Receipt" not in client.photo(A).headers
    assert [each.message for each in caplog.records if "FEEDBACK_DB" in each.message]


def test_metrics_count_the_votes(client):
    client.choose("first", A, B)
    client.choose("neither", A, B)
    client.vote(receipt=client.receipt(B), rating=0)
    client.vote(receipt=client.receipt(B), downloaded=True)
    metrics = client.get("/metrics").text
    for line in (
        f'feedback_total{{loser="{B}",route="color",winner="{A}"}} 1.0',
        'feedback_ties_total{choice="neither",route="color"} 1.0',
        f'ratings_total{{model="{B}",rating="down",route="color"}} 1.0',
        f'downloads_total{{model="{B}",route="color"}} 1.0',
    ):
        assert f"colorway_client_{line}" in metrics

"""Votes in a real PostgreSQL: what test_votes.py has of SQLite, and a server that goes away."""

import signal
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from feedback.settings import database
from tests.color_client.pictures import file_of, scene
from tests.feedback.storm import Storm, running_client
from tests.feedback.test_routes import A, B, problem, report
from tests.feedback.test_votes import (
    ids,
    test_a_newer_table_is_left_alone,
    test_an_older_table_is_brought_up_to_date,
    test_an_upgrade_that_fails_changes_nothing,
    test_no_answered_vote_is_lost_when_the_client_is_killed,
    test_no_votes_are_read_without_a_table,
    test_several_clients_that_begin_at_once_with_a_new_database,
    test_vote_is_stored_once,
    test_votes_since_a_moment,
    votes,
)

__all__ = [
    "test_a_newer_table_is_left_alone",
    "test_vote_is_stored_once",
    "test_an_older_table_is_brought_up_to_date",
    "test_an_upgrade_that_fails_changes_nothing",
    "test_no_answered_vote_is_lost_when_the_client_is_killed",
    "test_no_votes_are_read_without_a_table",
    "test_several_clients_that_begin_at_once_with_a_new_database",
    "test_votes_since_a_moment",
    "votes",
]
pytestmark = pytest.mark.slow


@pytest.fixture
def db(postgres) -> str:
    return database(postgres.new_database())


def test_unavailable_database_does_not_stop_photos(postgres, client):
    assert client.choose("first", A, B).status_code == 200
    late = client.receipt(A)
    postgres.stop()
    try:
        for _ in range(6):
            reply = client.vote(receipt=late, rating=1)
            assert problem(reply) == (503, "feedback-away")
            assert 2 <= int(reply.headers["Retry-After"]) <= 10
        assert "X-Receipt" in client.photo(A, file_of(scene(50, 40))).headers
    finally:
        postgres.start()
    assert client.vote(receipt=late, rating=1).status_code == 200
    assert report(client)["choices"] == 1


def test_a_client_may_start_before_its_server(postgres, db, start):
    postgres.stop()
    try:
        client = start(feedback_db=db, report=True)
        receipt = client.receipt(A)
        assert problem(client.vote(receipt=receipt, rating=1)) == (503, "feedback-away")
        assert problem(client.get("/report")) == (503, "feedback-away")
    finally:
        postgres.start()
    assert client.vote(receipt=receipt, rating=1).status_code == 200


def test_locked_table_does_not_stop_photos(db, start):
    """More votes than there are connections wait; each is told so in a while."""
    client = start(feedback_db=db, feedback_per_minute=1_000)
    receipts = [client.receipt(A) for _ in range(12)]
    with psycopg.connect(db.replace("+psycopg", "")) as holder, ThreadPoolExecutor(12) as crowd:
        holder.execute("LOCK TABLE colorway_votes")
        votes = [crowd.submit(client.vote, receipt=receipt, rating=1) for receipt in receipts]
        assert "X-Receipt" in client.photo(A).headers
        assert {problem(vote.result()) for vote in votes} == {(503, "feedback-away")}
    assert client.vote(receipt=receipts[0], rating=1).status_code == 200


def test_no_answered_vote_is_lost_when_the_server_is_killed(postgres, db, tmp_path):
    with running_client(db, tmp_path / "log") as (_, address):
        storm = Storm(address)
        try:
            storm.wait_for(200)
            postgres.stop(signal.SIGQUIT)
            postgres.start()
            storm.wait_for(len(storm.answered) + 100)
        finally:
            storm.end()
    assert storm.refused <= {503}
    assert storm.answered <= ids(db)

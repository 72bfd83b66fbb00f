"""Votes in a SQLite file; tests/feedback/test_postgres.py does the same in PostgreSQL."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import event

from feedback import votes as table
from feedback.errors import AlreadyUsed, DatabaseUnavailable, DatabaseUnusable
from feedback.receipts import Receipts
from feedback.settings import database
from feedback.vote import Vote, read_vote
from feedback.votes import Votes
from tests.feedback.storm import ROOT, Storm, running_client

RECEIPTS = Receipts("a key")
AT_ONCE = 6
# Prepares the database when told to, and gives one vote.
PREPARE = """
import sys
from feedback.receipts import Receipts
from feedback.vote import read_vote
from feedback.votes import Votes
receipts = Receipts("a key")
receipt = receipts.issue(b"p", request_id="r", route="color", model="color/v1", options={})
votes = Votes(sys.argv[1])
print("here", flush=True)
sys.stdin.readline()
votes.store(read_vote({"receipt": receipt, "rating": 1}, receipts.read))
"""


def rating() -> Vote:
    receipt = RECEIPTS.issue(b"p", request_id="r", route="color", model="color/v1", options={})
    return read_vote({"receipt": receipt, "rating": 1}, RECEIPTS.read)


def ids(db: str) -> set[str]:
    votes = Votes(db)
    try:
        return {row.receipt for row in votes.read()}
    finally:
        votes.close()


@pytest.fixture
def votes(db):
    votes = Votes(db)
    yield votes
    votes.close()


def test_several_clients_that_begin_at_once_with_a_new_database(db):
    clients = [
        subprocess.Popen([sys.executable, "-c", PREPARE, db], cwd=ROOT, text=True,
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(AT_ONCE)
    ]  # fmt: skip
    for client in clients:
        assert client.stdout.readline() == "here\n", client.stderr.read()
    for client in clients:
        client.stdin.write("\n")
        client.stdin.flush()
    for client in clients:
        _, output = client.communicate(timeout=60)
        assert client.returncode == 0, output
    assert len(ids(db)) == AT_ONCE


def test_vote_is_stored_once(votes):
    vote = rating()
    votes.store(vote)
    with pytest.raises(AlreadyUsed):
        votes.store(vote)
    (row,) = votes.read()
    assert (row.kind, row.result, row.model) == ("rating", "up", "color/v1")


def test_votes_since_a_moment(votes):
    votes.store(rating())
    (row,) = votes.read()
    assert votes.read(row.at) and not votes.read(row.at + 1)


def test_no_votes_are_read_without_a_table(votes):
    assert votes.read() == []


def test_an_older_table_is_brought_up_to_date(votes, db, monkeypatch):
    votes.store(rating())
    monkeypatch.setattr(table, "VERSION", 3)
    monkeypatch.setattr(
        table,
        "UPGRADES",
        {
            2: ["ALTER TABLE colorway_votes ADD COLUMN why VARCHAR"],
            3: ["UPDATE colorway_votes SET why = 'unknown'"],
        },
    )
    newer = Votes(db)
    newer.prepare()
    newer.prepare()
    with newer._engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT why FROM colorway_votes").all()
    newer.close()
    assert [tuple(row) for row in found] == [("unknown",)]


def test_an_upgrade_that_fails_changes_nothing(votes, db, monkeypatch):
    votes.store(rating())
    monkeypatch.setattr(table, "VERSION", 2)
    steps = ["ALTER TABLE colorway_votes ADD COLUMN why VARCHAR", "UPDATE no_such_table SET x = 1"]
    monkeypatch.setattr(table, "UPGRADES", {2: steps})
    newer = Votes(db)
    with pytest.raises(DatabaseUnavailable):
        newer.prepare()
    newer.close()
    monkeypatch.undo()
    votes.prepare()
    votes.store(rating())
    assert "why" not in votes.read()[0]._fields


def test_a_newer_table_is_left_alone(votes, db, monkeypatch):
    votes.store(rating())
    monkeypatch.setattr(table, "VERSION", 0)
    older = Votes(db)
    with pytest.raises(DatabaseUnusable, match="newer Colorway"):
        older.store(rating())
    older.close()


@pytest.mark.slow
def test_no_answered_vote_is_lost_when_the_client_is_killed(db, tmp_path):
    for answered in (1, 100, 300):
        with running_client(db, tmp_path / "log") as (process, address):
            storm = Storm(address)
            storm.wait_for(answered)
            process.kill()
            process.wait()
            storm.end()
        assert storm.refused == set()
        assert storm.answered <= ids(db)


def test_a_file_is_written_so_that_it_survives(db, votes):
    votes.prepare()
    with votes._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2


def test_locked_file_is_unavailable_for_a_while(db, votes, monkeypatch):
    monkeypatch.setattr(table, "BUSY_S", 0.1)
    votes.prepare()
    other = Votes(db)
    holder = sqlite3.connect(db.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnavailable, match="locked"):
        other.store(rating())
    holder.execute("ROLLBACK")
    holder.close()
    other.store(rating())
    other.close()


def delete_all(file: Path) -> None:
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()


def empty(file: Path) -> None:
    os.truncate(file, 0)


@pytest.mark.parametrize(
    "lose", [Path.unlink, delete_all, empty, lambda file: file.rename(file.with_name("elsewhere"))]
)
def test_a_file_that_is_deleted_or_emptied_is_made_anew(db, votes, lose):
    file = Path(db.removeprefix("sqlite:///"))
    votes.store(rating())
    lose(file)
    vote = rating()
    votes.store(vote)
    assert ids(db) == {receipt.id for receipt, _ in vote.results}
    with pytest.raises(AlreadyUsed):
        votes.store(vote)
    lose(file)
    assert votes.read() == []


def test_a_vote_whose_file_is_deleted_while_it_is_stored_is_not_taken(db, votes):
    file = Path(db.removeprefix("sqlite:///"))
    votes.prepare()
    event.listen(votes._engine, "commit", lambda _: file.unlink(), once=True)
    vote = rating()
    with pytest.raises(DatabaseUnavailable, match="was deleted"):
        votes.store(vote)
    votes.store(vote)
    assert len(ids(db)) == 1


def test_a_vote_whose_file_is_emptied_while_it_is_stored_is_not_taken(db, votes):
    file = Path(db.removeprefix("sqlite:///"))
    votes.prepare()
    event.listen(votes._engine, "commit", lambda _: empty(file), once=True)
    vote = rating()
    with pytest.raises(DatabaseUnavailable):
        votes.store(vote)
    empty(file)
    votes.store(vote)
    assert len(ids(db)) == 1


@pytest.mark.parametrize("bad", [b"nothing of the kind" * 1000, None], ids=["text", "half of it"])
def test_votes_go_on_once_a_file_that_was_overwritten_is_right_again(db, votes, bad):
    file = Path(db.removeprefix("sqlite:///"))
    first, second = rating(), rating()
    votes.store(first)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] if bad is None else bad)
    with pytest.raises(DatabaseUnavailable):
        votes.store(second)
    file.write_bytes(whole)
    votes.store(second)
    assert ids(db) == {receipt.id for vote in (first, second) for receipt, _ in vote.results}


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_unwritable_folder_is_unavailable(tmp_path):
    tmp_path.chmod(0o500)
    votes = Votes(f"sqlite:///{tmp_path / 'votes.db'}")
    with pytest.raises(DatabaseUnavailable):
        votes.prepare()
    tmp_path.chmod(0o700)


def test_paths_with_special_characters(tmp_path):
    votes = Votes(database(str(tmp_path / "what?mode=ro&x=%20#1.db")))
    votes.store(rating())
    votes.close()
    assert (tmp_path / "what?mode=ro&x=%20#1.db").exists()


def test_file_that_is_no_database_is_unavailable(tmp_path):
    Path(tmp_path / "votes.db").write_bytes(b"nothing of the kind" * 100)
    votes = Votes(f"sqlite:///{tmp_path / 'votes.db'}")
    with pytest.raises(DatabaseUnavailable, match="not a database"):
        votes.prepare()
    votes.close()

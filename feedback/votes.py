"""The storage of votes: one table, in SQLite or PostgreSQL, by SQLAlchemy Core.

A vote that was answered is on disk; a SQLite file that was deleted or emptied is made anew. The
table itself prevents double votes: it has one row per receipt and kind of vote.
"""

import contextlib
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import (
    URL,
    Column,
    Connection,
    Double,
    Engine,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    create_engine,
    event,
    exc,
    insert,
    inspect,
    select,
    update,
)

from . import sqlite_file
from .errors import AlreadyUsed, DatabaseUnavailable, DatabaseUnusable
from .sqlite_file import BUSY_S
from .vote import Vote

# The version of the table, and what brings an older one up to each: SQL statements.
VERSION = 1
UPGRADES: dict[int, Sequence[str]] = {}

_SCHEMA = MetaData()
_version = Table("colorway_feedback", _SCHEMA, Column("version", Integer, nullable=False))
# A choice is two rows of the same `vote`, place 0 and 1; the other kinds are one. `at` is in
# seconds since 1970.
VOTES = Table(
    "colorway_votes",
    _SCHEMA,
    Column("kind", String, primary_key=True),
    Column("receipt", String, primary_key=True),
    Column("vote", String, nullable=False),
    Column("place", Integer, nullable=False),
    Column("at", Double, nullable=False),
    Column("result", String, nullable=False),
    Column("request_id", String, nullable=False),
    Column("photo", String, nullable=False),
    Column("route", String, nullable=False),
    Column("model", String, nullable=False),
    Column("options", String, nullable=False),
    Index("colorway_votes_at", "at"),
)

# Only one of several clients makes or changes the table. The number is any that nobody else takes.
_EXCLUSIVE = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(7236061839)"}
_MAX_CONNECTIONS = 4
# Whoever waits for a connection holds a thread, which photos need.
_POOL_TIMEOUT_S = 1.0
_POSTGRESQL: dict[str, Any] = {
    "connect_timeout": 3,
    "tcp_user_timeout": 1_000 * BUSY_S,
    "options": f"-c lock_timeout={BUSY_S}s",
}
_SQLITE = "sqlite:///"
_READY = "ready"  # in a connection's `info`: its table is up to date


class Votes:
    """The votes in the database at `url` (see feedback.settings.database). Threads may share it."""

    def __init__(self, url: str):
        """Nothing is asked yet. Raises DatabaseUnusable where there is no such kind of database."""
        try:
            self._engine = _engine(url)
        except ImportError as error:
            raise DatabaseUnusable(f"{error}: pip install 'colorway[postgres]'") from None
        except (exc.ArgumentError, ValueError) as error:
            raise DatabaseUnusable(_first_line(error)) from None

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()

    def prepare(self) -> None:
        """Create the table, or upgrade it; several clients may do so at once.

        Raises DatabaseUnusable if a newer Colorway made it, and DatabaseUnavailable.
        """
        with self._connected() as connection:
            _prepare(connection)

    def store(self, vote: Vote) -> None:
        """Store a vote durably. Raises AlreadyUsed, DatabaseUnavailable and DatabaseUnusable."""
        common: dict[str, Any] = {"kind": vote.kind, "vote": uuid.uuid4().hex, "at": time.time()}
        rows = [
            {
                **common,
                "place": place,
                "receipt": receipt.id,
                "result": result,
                "request_id": receipt.request_id,
                "photo": receipt.photo,
                "route": receipt.route,
                "model": receipt.model,
                "options": orjson.dumps(dict(receipt.options)).decode(),
            }
            # In one order, whichever was named first: of two votes at once, neither waits for the
            # other forever.
            for place, (receipt, result) in sorted(
                enumerate(vote.results), key=lambda each: each[1][0].id
            )
        ]
        with self._connected() as connection:
            if _READY not in connection.info:
                _prepare(connection)
            # In one statement, which is all or nothing.
            try:
                with connection.begin():
                    connection.execute(insert(VOTES).values(rows))
            except exc.IntegrityError:
                raise AlreadyUsed from None
        if self._engine.dialect.name == "sqlite":
            stored = self.read(common["at"])
            if all(row.vote != common["vote"] for row in stored):
                raise DatabaseUnavailable("its file was deleted or overwritten meanwhile")

    def read(self, since: float = 0.0) -> Sequence[Row[Any]]:
        """The rows since then, oldest first, the two of a choice together; none where there is no
        table yet. Raises DatabaseUnavailable.
        """
        rows = select(VOTES).where(VOTES.c.at >= since)
        with self._connected() as connection:
            if not inspect(connection).has_table(VOTES.name):
                return []
            return connection.execute(rows.order_by(VOTES.c.at, VOTES.c.vote, VOTES.c.place)).all()

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Connection]:
        """A connection; what goes wrong with it is DatabaseUnavailable."""
        try:
            with self._engine.connect() as connection:
                yield connection
        except exc.SQLAlchemyError as error:
            raise DatabaseUnavailable(_first_line(error)) from error


def _engine(url: str) -> Engine:
    sqlite = url.startswith(_SQLITE)
    engine = create_engine(
        # Whatever a path holds, it is no query.
        URL.create("sqlite", database=url.removeprefix(_SQLITE)) if sqlite else url,
        pool_size=_MAX_CONNECTIONS,
        max_overflow=0,
        pool_timeout=_POOL_TIMEOUT_S,
        pool_pre_ping=not sqlite,
        connect_args={"timeout": BUSY_S} if sqlite else _POSTGRESQL,
    )
    if sqlite:
        event.listen(engine, "connect", sqlite_file.set_up)
        event.listen(engine, "checkin", sqlite_file.close_after_use)
    return engine


def _prepare(connection: Connection) -> None:
    with connection.begin():
        connection.exec_driver_sql(_EXCLUSIVE[connection.dialect.name])
        _migrate(connection)
    connection.info[_READY] = True


def _migrate(connection: Connection) -> None:
    if not inspect(connection).has_table(_version.name):
        _SCHEMA.create_all(connection)
        connection.execute(insert(_version).values(version=VERSION))
        return
    found = connection.execute(select(_version.c.version)).scalar_one()
    if found > VERSION:
        raise DatabaseUnusable(f"a newer Colorway made it: its version is {found}, ours {VERSION}")
    for version in range(found + 1, VERSION + 1):
        for statement in UPGRADES[version]:
            connection.exec_driver_sql(statement)
        connection.execute(update(_version).values(version=version))


def _first_line(error: Exception) -> str:
    """What went wrong, without SQLAlchemy's statement and link."""
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__


def missing_file(url: str) -> Path | None:
    """The file of a SQLite database that is not there."""
    path = Path(url.removeprefix(_SQLITE))
    return path if url.startswith(_SQLITE) and not path.exists() else None

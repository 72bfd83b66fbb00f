"""The file of a SQLite database, opened for each use and written so that it survives."""

import sqlite3
import time
from typing import Any

BUSY_S = 5
_RETRY_S = 0.01


def set_up(connection: sqlite3.Connection, _record: Any) -> None:
    """What each new connection needs; a listener of SQLAlchemy's pool."""
    # Without sqlite3's own transactions: each statement is one, or what we begin.
    connection.isolation_level = None
    _enable_wal(connection)
    connection.execute("PRAGMA synchronous=FULL")


def close_after_use(_connection: Any, record: Any) -> None:
    """Keep no connection: a listener, too.

    What an open one remembers of its file takes votes even when that was emptied, overwritten,
    deleted or replaced meanwhile, and they are lost. The last to be closed leaves all in the file.
    """
    record.close()


def _enable_wal(connection: sqlite3.Connection) -> None:
    """Several may begin with one new file: it wants the file alone, and does not wait by itself."""
    until = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_RETRY_S)

"""The file of a SQLite database: written so that it survives, and made anew where it is gone."""

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import exc

BUSY_S = 5
_RETRY_S = 0.01
_FILE = "file"  # in a connection's `info`: its path and identity


def set_up(connection: sqlite3.Connection, record: Any) -> None:
    """What each new connection needs; a listener of SQLAlchemy's pool."""
    # Without sqlite3's own transactions: each statement is one, or what we begin.
    connection.isolation_level = None
    _enable_wal(connection)
    connection.execute("PRAGMA synchronous=FULL")
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    record.info[_FILE] = path, _identity(path)


def reopen_if_gone(_connection: Any, record: Any, _proxy: Any) -> None:
    """Have the pool open another connection where this one's file is gone; a listener, too."""
    if is_gone(record.info):
        raise exc.DisconnectionError


def is_gone(info: dict[str, Any]) -> bool:
    """Whether a SQLite file was deleted or replaced: what is written to it then is lost."""
    if _FILE not in info:
        return False
    path, identity = info[_FILE]
    return identity is None or _identity(path) != identity


def _identity(path: str) -> tuple[int, int] | None:
    """What tells a file from another of the same name; None where there is none."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


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

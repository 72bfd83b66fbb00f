"""The settings of feedback."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from web.options import yes_or_no
from web.settings import ServerSettings, integer, setting

OFF = "off"
_POSTGRESQL = "postgresql+psycopg"
_SPELLINGS = ("postgres", "postgresql", _POSTGRESQL)


def database(text: str) -> str:
    """Where votes are kept, as SQLAlchemy's URL; or `off`. A path is a SQLite file."""
    if text.lower() == OFF:
        return OFF
    scheme, there, _ = text.partition("://")
    if not there:
        return f"sqlite:///{Path(text).expanduser().absolute()}"
    if scheme == "sqlite" and text.startswith("sqlite:///") and ":memory:" not in text:
        return f"sqlite:///{Path(text.removeprefix('sqlite:///')).absolute()}"
    if scheme not in _SPELLINGS:
        raise ValueError(f"must be a path, sqlite:///PATH, {_POSTGRESQL}://… or {OFF}")
    try:
        urlsplit(text).port  # noqa: B018 - reading it is what checks it
    except ValueError as error:
        raise ValueError(f"has a bad port: {error}") from None
    return f"{_POSTGRESQL}{text.removeprefix(scheme)}"


@dataclass(frozen=True)
class FeedbackSettings(ServerSettings):
    """The settings of feedback."""

    feedback_db: str = setting(
        "",
        database,
        "Where votes are kept: a file (SQLite), `postgresql+psycopg://USER:PASSWORD@HOST/NAME`, or "
        "`off`. Unset means off.",
        secret=True,
    )
    secret_key: str = setting(
        "",
        str,
        "Key that signs the receipts of pictures; the same for all replicas. Unset, a new key is "
        "made at each start, and earlier receipts are invalid.",
        secret=True,
    )
    feedback_per_minute: int = setting(
        60,
        integer(1, 1_000_000),
        "Most votes per minute from one address; behind a proxy all callers have its address.",
    )
    report: bool = setting(False, yes_or_no, "Whether GET /report shows which model people prefer.")

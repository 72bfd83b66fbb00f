"""A server's feedback: its receipts and its votes, or none if it is off."""

import logging
import random
import threading
import time
from typing import TYPE_CHECKING

from web.problems import Problem

from .errors import AlreadyUsed, DatabaseUnavailable, DatabaseUnusable
from .receipts import Receipts
from .report import Report, report
from .settings import OFF, FeedbackSettings
from .vote import Vote

if TYPE_CHECKING:
    from .votes import Votes

log = logging.getLogger("feedback")

# Random, so that callers who are refused together do not come back together.
_RETRY_AFTER_S = 2, 10
# Whoever asks for the report again and again has the last one, so that it takes this share of the
# time at most.
_MAX_TIME_SHARE = 0.1
# And whoever has none to get waits so long for another who reads them; each holds a thread.
_WAIT_FOR_REPORT_S = 3.0


class Feedback:
    """Receipts, and the votes on them. Threads may share it."""

    def __init__(self, receipts: Receipts, votes: "Votes"):
        self.receipts = receipts
        self._votes = votes
        self._reading = threading.Lock()
        self._report: Report | None = None
        self._fresh_until = 0.0

    def store(self, vote: Vote) -> None:
        """Store a vote. Raises Problem: 409 a receipt has one already, 503 the database is
        unreachable.
        """
        try:
            self._votes.store(vote)
        except AlreadyUsed:
            raise Problem(
                409, "receipt-used", f"There is a {vote.kind} for this receipt already."
            ) from None
        except (DatabaseUnavailable, DatabaseUnusable) as error:
            raise _unavailable() from error

    def report(self) -> Report:
        """The report, which may be cached for a moment. Raises Problem 503: the database is
        unreachable.
        """
        # While somebody reads them, the others have the last one.
        if self._reading.acquire(timeout=0 if self._report else _WAIT_FOR_REPORT_S):
            try:
                started = time.monotonic()
                if self._report is None or started >= self._fresh_until:
                    self._report = report(self._votes.read())
                    now = time.monotonic()
                    self._fresh_until = now + (now - started) / _MAX_TIME_SHARE
            except DatabaseUnavailable as error:
                raise _unavailable() from error
            finally:
                self._reading.release()
        if self._report is None:
            raise _unavailable()
        return self._report

    def close(self) -> None:
        """Let go of the database."""
        self._votes.close()


def _unavailable() -> Problem:
    detail = "Votes cannot be kept or read now. Try again soon."
    return Problem(503, "feedback-away", detail, random.randint(*_RETRY_AFTER_S))


def start(settings: FeedbackSettings) -> Feedback | None:
    """Feedback as the settings configure it; None if it is off, which is logged."""
    if settings.feedback_db in ("", OFF):
        if not settings.feedback_db:
            log.info("Votes are not kept: FEEDBACK_DB is not set.")
        return None
    # SQLAlchemy is imported where votes are kept, and not before.
    from .votes import Votes

    try:
        votes = Votes(settings.feedback_db)
        votes.prepare()
    except (DatabaseUnusable, DatabaseUnavailable) as error:
        # An unreachable server may come back; a file that cannot be written won't.
        if isinstance(error, DatabaseUnusable) or settings.feedback_db.startswith("sqlite:"):
            log.error("Votes are not kept: FEEDBACK_DB cannot be used: %s.", error)
            return None
        log.warning("The database of votes is away, and is asked again with each vote: %s.", error)
    if not settings.secret_key:
        log.warning("SECRET_KEY is not set: receipts issued before this start are void.")
    return Feedback(Receipts(settings.secret_key), votes)

"""Logs: every line of standard output and standard error is one JSON object.

Each request is one line, from `observation` or from `worker`; a bug is one line that holds its
traceback. At the start the log says where the server listens and what is off.
"""

import logging
import sys
import threading
import time
from typing import Any

import orjson

ACCESS = "web.access"
# The most characters of a message.
_LONGEST = 2_000


def line(**fields: Any) -> str:
    """Write one line of log; fields that are None are left out."""
    stamped = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **fields}
    return orjson.dumps({k: v for k, v in stamped.items() if v is not None}, default=str).decode()


class JsonLines(logging.Formatter):
    """Formats each record as one JSON object; a record that is one already is kept."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        if record.name == ACCESS:
            return record.getMessage()
        trace = self.formatException(record.exc_info) if record.exc_info else None
        return line(
            level=record.levelname,
            logger=record.name,
            message=record.getMessage().encode(errors="replace").decode()[:_LONGEST],
            exception=trace.encode(errors="replace").decode() if trace else None,
        )


class _Handler(logging.StreamHandler):
    """Drops a line that nobody reads any more: a service outlives whoever follows its log."""

    def handleError(self, record: logging.LogRecord) -> None:
        if not isinstance(sys.exception(), BrokenPipeError):
            super().handleError(record)


def configure() -> None:
    """Make this process log nothing but such lines."""
    handler = _Handler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)

    def in_a_thread(failed: threading.ExceptHookArgs) -> None:
        error = (failed.exc_type, failed.exc_value or failed.exc_type(), failed.exc_traceback)
        logging.getLogger("web").error("a thread ended", exc_info=error)

    threading.excepthook = in_a_thread

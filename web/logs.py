"""Logs: every line of standard output and standard error is one JSON object.

Each request is one line, from `observation` or from `worker`; a bug is one line that holds its
traceback. At the start the log says where the server listens and what is off.
"""

import contextlib
import logging
import os
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


def write(text: str) -> None:
    """Print a line; it is dropped if nobody reads it any more, or the disk is full: a service
    outlives that. Nothing is kept to be printed later, which would fail when the program ends.
    """
    with contextlib.suppress(OSError):
        os.write(sys.stdout.fileno(), f"{text}\n".encode())


class _Handler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        try:
            write(self.format(record))
        except Exception:
            self.handleError(record)


def configure() -> None:
    """Make this process log nothing but such lines."""
    handler = _Handler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)

    def in_a_thread(failed: threading.ExceptHookArgs) -> None:
        error = (failed.exc_type, failed.exc_value or failed.exc_type(), failed.exc_traceback)
        logging.getLogger("web").error("a thread ended", exc_info=error)

    threading.excepthook = in_a_thread

"""Progress on standard error: one line that is rewritten, or occasional lines in a log file."""

import sys
import time
from collections import deque

LOG_EVERY_S = 10.0
REDRAW_EVERY_S = 0.2
RATE_OVER_S = 60.0  # the rate is that of the last minute: a pause must not be felt for hours


def duration(seconds: float) -> str:
    """`1 h 05 min`, `12 min`, `40 s`."""
    minutes, s = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min" if minutes >= 3 else f"{60 * minutes + s} s"


class Progress:
    """`what: done/total, rate, time left, note` for something that is counted."""

    def __init__(self, what: str, unit: str, start: int = 0):
        """`start` units were done before, by the run that this one resumes."""
        self._what = what
        self._unit = unit
        self._marks = deque([(time.monotonic(), start)])
        self._shown = float("-inf")
        self._terminal = sys.stderr.isatty()

    def __call__(self, done: int, total: int | None, note: str = "") -> None:
        """Report that `done` of `total` (None: unknown) units are done."""
        now = time.monotonic()
        finished = done == total
        if not finished and now - self._shown < (REDRAW_EVERY_S if self._terminal else LOG_EVERY_S):
            return
        self._shown = now
        while len(self._marks) > 1 and now - self._marks[1][0] > RATE_OVER_S:
            self._marks.popleft()
        since, before = self._marks[0]
        self._marks.append((now, done))
        rate = (done - before) / max(now - since, 1e-6)
        parts = [f"{self._what}: {done:,}" + (f"/{total:,} {self._unit}" if total else "")]
        parts.append(f"{rate:,.0f} {self._unit}/s" if rate >= 1 else f"{rate:.2f} {self._unit}/s")
        if total and not finished and rate:
            parts.append(f"{duration((total - done) / rate)} left")
        if note:
            parts.append(note)
        line = ", ".join(parts)
        if self._terminal:
            print(f"\r\033[K{line}", end="\n" if finished else "", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)

    def line(self, text: str) -> None:
        """Print a whole line above the progress line."""
        print(f"\r\033[K{text}" if self._terminal else text, file=sys.stderr, flush=True)

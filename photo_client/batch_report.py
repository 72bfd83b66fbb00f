"""What the folder command prints on standard error: progress, and a summary."""

import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tqdm import tqdm

# How many of the photos that failed for one reason are named.
_MAX_NAMED = 10


@dataclass(frozen=True)
class Outcome:
    """What became of a photo; `reason` says why it failed."""

    kind: Literal["made", "there already", "left out", "not tried", "failed"]
    reason: str = ""
    had_color: bool = False


class Progress:
    """How many of `total` photos are done: a bar on a terminal, else a line every so often."""

    def __init__(self, total: int, bar: "tqdm | None"):
        self.total = total
        self.done = 0
        self._bar = bar
        self._started = time.monotonic()

    def step(self) -> None:
        """One more is done."""
        self.done += 1
        if self._bar is not None:
            self._bar.update()

    def line(self) -> str:
        """As `12 of 80 photos, 01:02 so far, 05:51 left`."""
        took = time.monotonic() - self._started
        left = took / self.done * (self.total - self.done) if self.done else None
        so_far = f"{self.done} of {self.total} photos, {tqdm.format_interval(took)} so far"
        return so_far if left is None else f"{so_far}, {tqdm.format_interval(left)} left"


@contextmanager
def progress(total: int, every_s: float) -> Iterator[Progress]:
    """Show the progress while the block runs; where nobody looks, as a line every `every_s`."""
    if sys.stderr.isatty():
        # A terminal of unknown size would get no bar.
        width = shutil.get_terminal_size().columns
        with tqdm(total=total, unit=" photos", ncols=width, nrows=2, smoothing=0.1) as bar:
            yield Progress(total, bar)
        return
    shown = Progress(total, None)
    over = threading.Event()

    def print_progress() -> None:
        while not over.wait(every_s):
            print(shown.line(), file=sys.stderr, flush=True)

    thread = threading.Thread(target=print_progress, daemon=True)
    thread.start()
    try:
        yield shown
    finally:
        over.set()
        thread.join()


def summary(outcomes: Sequence[tuple[Path, Outcome]]) -> list[str]:
    """The lines that say what became of each photo."""
    count = Counter[str](outcome.kind for _, outcome in outcomes)
    lines = [", ".join(f"{count[kind]} {kind}" for kind in _ALWAYS_COUNTED) + "."]
    reasons: dict[str, list[str]] = {}
    for photo, outcome in outcomes:
        if outcome.kind == "failed":
            reasons.setdefault(outcome.reason, []).append(str(photo))
    for reason, photos in reasons.items():
        if len(photos) == 1:
            lines.append(f"  {photos[0]}: {reason}")
            continue
        more = f" and {len(photos) - _MAX_NAMED} more" if len(photos) > _MAX_NAMED else ""
        lines.append(f"  {len(photos)} photos: {reason} ({', '.join(photos[:_MAX_NAMED])}{more})")
    if left_out := count["left out"]:
        lines.append(f"{left_out} left out: color is in them already.")
    if colored := sum(outcome.kind == "made" and outcome.had_color for _, outcome in outcomes):
        lines.append(
            f"{colored} of those made had color already, and were colored anew; --skip-color "
            "leaves such photos out."
        )
    if not_tried := count["not tried"]:
        lines.append(f"{not_tried} not done yet; the same command goes on from here.")
    return [one_line(each) for each in lines]


def one_line(text: str) -> str:
    """The text with what a terminal would obey written out: names of files may hold anything."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


_ALWAYS_COUNTED = ("made", "there already", "failed")

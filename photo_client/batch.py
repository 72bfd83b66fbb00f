"""Many photos at once, from files to files, by the code that answers POST /predict.

A complete picture of the same photo, made with the same settings, is not made again, so that the
same command resumes one that was stopped. A picture is written beside its place and renamed, so
that none is ever incomplete.
"""

import errno
import hashlib
import io
import os
import sys
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from pictures.encode import encode
from pictures.header import Header
from pictures.metadata import KEEP
from pictures.toning import has_color
from web.deadline import Deadline
from web.problems import Problem

from .admission import photo_admission
from .batch_plan import Job
from .batch_report import Outcome, progress, summary
from .photo import decode, open_header
from .result import Result
from .settings import ClientSettings
from .stamp import Source, is_complete, is_made_from, with_stamp

# The finished picture of what `open_header` opened, requested with those HTTP headers, and with the
# photo's hints (see Batch) or None; raises Problem.
Make = Callable[[Header, dict[str, str], Any], Result]
# Beside a.jpg, a.hints.json holds its hints.
HINTS_SUFFIX = ".hints.json"

# Seconds for which a photo is retried while the model is unreachable or busy; a model server that
# restarts takes less.
RETRY_FOR_S = 60.0
_MAX_PAUSE_S = 10.0
_LINE_EVERY_S = 10.0
_UNREACHABLE = ("predict-url-unreachable", "predict-url-not-ready")
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


class Batch:
    """Makes pictures of photos, several at once."""

    def __init__(
        self,
        make: Make,
        settings: ClientSettings,
        at_once: int,
        stamp_settings: Mapping[str, Any] | None = None,
        skip_color: bool = False,
        metadata: str = KEEP,
        read_hints: Callable[[str], Any] = str,
        hints: str | None = None,
        retry_for_s: float = RETRY_FOR_S,
        line_every_s: float = _LINE_EVERY_S,
    ):
        """`stamp_settings` is what the pictures depend on besides the photos, as JSON: another
        value makes another picture. `skip_color`: photos that have color are skipped. `metadata` is
        what the pictures keep. `hints` is the text of the hints of every photo, else each has its
        own beside it; `read_hints` reads them, and raises ValueError.
        """
        self.make = make
        self.settings = settings
        self.at_once = at_once
        self.stamp_settings = stamp_settings or {}
        self.read_hints = read_hints
        self.hints = hints
        self.skip_color = skip_color
        self.retry_for_s = retry_for_s
        self.line_every_s = line_every_s
        self.metadata = metadata
        self.admission = photo_admission(at_once, settings.max_pixels_in_memory)
        # Set when it is of no use to go on; waits end at once.
        self.stopping = threading.Event()

    def run(self, jobs: Sequence[Job], again: bool = False) -> int:
        """Do the jobs, all of them if `again`, and report on standard error.

        Returns 0 when every photo has its picture, 1 where some have not, 130 after Ctrl-C.
        """
        warnings.filterwarnings("ignore", module="PIL")
        interrupted = False
        with (
            progress(len(jobs), self.line_every_s) as shown,
            ThreadPoolExecutor(self.at_once) as pool,
        ):
            futures = [pool.submit(self._process, job, again) for job in jobs]
            try:
                for _ in as_completed(futures):
                    if not self.stopping.is_set():
                        shown.step()
            except KeyboardInterrupt:
                # What is in progress is finished; the rest waits for the next time.
                interrupted = True
                self.stopping.set()
        outcomes = [(job.photo, _outcome(each)) for job, each in zip(jobs, futures, strict=True)]
        for line in summary(outcomes):
            print(line, file=sys.stderr)
        if interrupted:
            return 130
        return int(any(each.kind in ("failed", "not tried") for _, each in outcomes))

    def _process(self, job: Job, again: bool) -> Outcome:
        """Do one job. For a thread."""
        if self.stopping.is_set():
            return Outcome("not tried")
        stamp_settings = {**self.stamp_settings, "metadata": self.metadata, "page": job.page}
        try:
            text = self._hints_of(job.photo)
            if text is not None:
                stamp_settings["hints"] = hashlib.sha256(text.encode()).hexdigest()
            is_there = not again and is_complete(job.target)
            if is_there and is_made_from(job.target, stamp_settings, job.photo):
                return Outcome("there already")
            data = job.photo.read_bytes()
            source = Source.of(job.photo, data)
        except OSError as error:
            return Outcome("failed", f"{error.strerror or error}.")
        try:
            hints = None if text is None else self.read_hints(text)
        except ValueError as error:
            return Outcome("failed", f"{job.photo.stem}{HINTS_SUFFIX} {error}.")
        try:
            if self.skip_color and self._has_color(data, job.page):
                return Outcome("left out")
            png, had_color = self._with_retries(data, job.page, hints)
        except Problem as problem:
            if problem.code in _UNREACHABLE:
                self.stopping.set()
            return Outcome("failed", problem.detail)
        try:
            _write(job.target, with_stamp(png, stamp_settings, source))
        except OSError as error:
            if error.errno in _DISK_FULL:
                self.stopping.set()
            where = f"cannot write to {job.target.parent}"
            return Outcome("failed", f"{where}: {error.strerror or error}.")
        return Outcome("made", had_color=had_color)

    def _hints_of(self, photo: Path) -> str | None:
        """The text of the photo's hints, if it has any. Raises OSError."""
        if self.hints is not None:
            return self.hints
        try:
            return photo.with_suffix(HINTS_SUFFIX).read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            # Too long a name for a file is a file that does not exist.
            if error.errno in (errno.ENOENT, errno.ENAMETOOLONG):
                return None
            raise

    def _has_color(self, data: bytes, page: int) -> bool:
        header = open_header(io.BytesIO(data), self.settings.max_pixels, page)
        with self.admission.reserve(header.cost, Deadline(self.retry_for_s)):
            return has_color(decode(header).image)

    def _with_retries(self, data: bytes, page: int, hints: Any) -> tuple[bytes, bool]:
        """See `_make_png`. Where the model is unreachable or busy (503, 504), it is asked
        again, less and less often. Raises Problem.
        """
        give_up = time.monotonic() + self.retry_for_s
        pause = 0.5
        while True:
            try:
                return self._make_png(data, page, hints)
            except Problem as problem:
                late = time.monotonic() + pause > give_up
                if problem.status not in (503, 504) or late or self.stopping.wait(pause):
                    raise
                pause = min(2 * pause, _MAX_PAUSE_S)

    def _make_png(self, data: bytes, page: int, hints: Any) -> tuple[bytes, bool]:
        """The PNG file that a photo becomes, and whether it was colored and had color before."""
        header = open_header(io.BytesIO(data), self.settings.max_pixels, page)
        with self.admission.reserve(header.cost, Deadline(self.retry_for_s)):
            result = self.make(header, {"X-Request-ID": uuid.uuid4().hex}, hints)
            metadata = result.photo.metadata.select(self.metadata)
            png = encode(result.pixels, result.photo.alpha, "image/png", metadata)
            return png, bool(result.had_color)


def _outcome(future: Future[Outcome]) -> Outcome:
    """What a job says; a bug of ours fails its photo, and not the thousand others."""
    try:
        return future.result()
    except Exception as error:
        return Outcome("failed", f"a bug, please report it: {type(error).__name__}: {error}")


def _write(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # The name of a photo may be as long as a name can be.
    short = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:24]
    part = target.with_name(f".{short}.part")
    try:
        part.write_bytes(data)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)

"""Many photos at once, from files to files, by the code that answers POST /predict.

What is there already and whole is not made again, so that the same command goes on where it was
stopped; a picture is written beside its place and renamed, so that none is ever half there.
"""

import io
import os
import shutil
import sys
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tqdm import tqdm

from pictures.encode import encode
from pictures.header import Header
from pictures.metadata import KEEP
from web.deadline import Deadline
from web.problems import Problem

from .admission import photo_admission
from .batch_plan import Job
from .finished import Finished
from .photo import open_header
from .settings import ClientSettings

Make = Callable[[Header, dict[str, str]], Finished]

# So long a photo is tried again while the model is away or busy; a model server that starts again
# takes less.
PATIENCE_S = 60.0
_LONGEST_PAUSE_S = 10.0
_PNG_START, _PNG_END = b"\x89PNG\r\n\x1a\n", b"\0\0\0\0IEND\xaeB`\x82"
_AWAY = ("predict-url-unreachable", "predict-url-not-ready")


def is_whole(path: Path) -> bool:
    """Whether a PNG file is there from its first byte to its last."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_PNG_START))
            file.seek(-len(_PNG_END), os.SEEK_END)
            return start == _PNG_START and file.read() == _PNG_END
    except OSError:
        return False


class Batch:
    """Makes pictures of photos, several at once."""

    def __init__(
        self,
        make: Make,
        settings: ClientSettings,
        at_once: int,
        patience_s: float = PATIENCE_S,
        metadata: str = KEEP,
    ):
        """`make(header, headers)` is the finished picture of what `open_header` opened,
        asked for with those HTTP headers; it raises Problem. `metadata` is what the pictures keep.
        """
        self.make = make
        self.settings = settings
        self.at_once = at_once
        self.patience_s = patience_s
        self.metadata = metadata
        self.admission = photo_admission(at_once, settings.max_pixels_in_hand)
        # Set when it is of no use to go on; waits end at once.
        self.stopping = threading.Event()

    def run(self, jobs: Sequence[Job], again: bool = False) -> int:
        """Do the jobs, all of them if `again`, and tell of it on standard error.

        Returns 0 when every photo has its picture, 1 where some have not, 130 after Ctrl-C.
        """
        warnings.filterwarnings("ignore", module="PIL")
        todo = [job for job in jobs if again or not is_whole(job.target)]
        interrupted = False
        bar = tqdm(
            total=len(todo),
            unit=" photos",
            disable=None,  # where nobody looks: only the summary
            # A terminal that tells no size would get no bar.
            ncols=shutil.get_terminal_size().columns,
            nrows=2,
            smoothing=0.1,
        )
        with bar, ThreadPoolExecutor(self.at_once) as crowd:
            asked = [crowd.submit(self._one, job) for job in todo]
            try:
                for _ in as_completed(asked):
                    if not self.stopping.is_set():
                        bar.update()
            except KeyboardInterrupt:
                # What is in hand is finished; the rest waits for the next time.
                interrupted = True
                self.stopping.set()
        reasons = [_reason(each.result) for each in asked]
        failures = [
            (job.photo, reason)
            for job, reason in zip(todo, reasons, strict=True)
            if reason not in (None, _NOT_TRIED)
        ]
        made = reasons.count(None)
        self._tell(made, len(jobs) - len(todo), reasons.count(_NOT_TRIED), failures)
        if interrupted:
            return 130
        return 0 if made == len(todo) else 1

    def _tell(
        self, made: int, there: int, left: int, failures: Sequence[tuple[Path, str | None]]
    ) -> None:
        print(f"{made} made, {there} there already, {len(failures)} failed.", file=sys.stderr)
        for photo, reason in failures:
            print(f"  {photo}: {reason}", file=sys.stderr)
        if left:
            print(f"{left} not done yet; the same command goes on from here.", file=sys.stderr)

    def _one(self, job: Job) -> str | None:
        """Do one job; the reason why not, or None. For a thread."""
        if self.stopping.is_set():
            return _NOT_TRIED
        try:
            data = job.photo.read_bytes()
            _write(job.target, self._patiently(data))
        except Problem as problem:
            if problem.code in _AWAY:
                self.stopping.set()
            return problem.detail
        except OSError as error:
            return f"{error.strerror or error} ({error.filename or job.photo})"
        return None

    def _patiently(self, data: bytes) -> bytes:
        """The PNG file of a photo's. Where the model is away or busy (503, 504), it is asked again,
        less and less often. Raises Problem.
        """
        give_up = time.monotonic() + self.patience_s
        pause = 0.5
        while True:
            try:
                return self._picture(data)
            except Problem as problem:
                late = time.monotonic() + pause > give_up
                if problem.status not in (503, 504) or late or self.stopping.wait(pause):
                    raise
                pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _picture(self, data: bytes) -> bytes:
        header = open_header(io.BytesIO(data), self.settings.max_pixels)
        pixels = header.width * header.height
        with self.admission.hold(pixels, Deadline(self.patience_s)):
            made = self.make(header, {"X-Request-ID": uuid.uuid4().hex})
            kept = made.photo.metadata.kept(self.metadata)
            return encode(made.pixels, made.photo.alpha, "image/png", kept)


_NOT_TRIED = "not tried"


def _reason(result: Callable[[], str | None]) -> str | None:
    """What a job says; a bug of ours fails its photo, and not the thousand others."""
    try:
        return result()
    except Exception as error:
        return f"a bug, please report it: {type(error).__name__}: {error}"


def _write(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    try:
        part.write_bytes(data)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)

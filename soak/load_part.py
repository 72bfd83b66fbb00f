"""Ten times as many callers at once as photos may be in progress, with small and large photos."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from soak import checks, limits, memory
from soak.good_photos import GoodPhoto, large_photo, with_references
from soak.http_bytes import get
from soak.services import ClientUnderTest, Models, client_under_test

IN_PROGRESS = 64  # the default of MAX_IN_PROGRESS
TIMES = 10
FOR_S = 15.0
# How many of the callers send a photo of 12 megapixels, and how many one of nearly MAX_PIXELS.
LARGE, LARGE_SIZE = 8, (4000, 3000)
LARGEST, LARGEST_SIZE = 2, (7000, 7000)


def soak(kind: str, models: Models, folder: Path, log: Callable[[str], None]) -> ClientUnderTest:
    """Try a client with its default settings."""
    limit = limits.memory_mb()
    with client_under_test(kind, "load", models.port, folder, limit) as client:
        port = client.program.port
        sizes = {"large": LARGE_SIZE, "largest": LARGEST_SIZE}
        large = with_references(
            kind, port, {name: large_photo(*size) for name, size in sizes.items()}
        )
        before = memory.now_mb(client.program.pid), memory.threads(client.program.pid)
        callers = TIMES * IN_PROGRESS
        client.part.sent = (
            f"photos of {callers} callers at once for {FOR_S:g} s; {LARGE} of them send "
            f"{LARGE_SIZE[0] * LARGE_SIZE[1] // 10**6} MP, {LARGEST} "
            f"{LARGEST_SIZE[0] * LARGEST_SIZE[1] // 10**6} MP"
        )
        photos = [large[0]] * LARGE + [large[1]] * LARGEST
        photos += [client.photos[n % len(client.photos)] for n in range(callers - len(photos))]
        crowd = Crowd(client, photos)
        log(f"{kind}: {callers} callers at once")
        crowd.run_for(FOR_S)
        _add_notes(crowd, client)
        client.check_nothing_in_progress("after the load")
        client.check_good_photos("after the load")
        _check_resources_released(client, *before)
    return client


class Crowd:
    """Callers who send their photo repeatedly, and obey Retry-After."""

    def __init__(self, client: ClientUnderTest, photos: list[GoodPhoto]):
        self.client = client
        self.photos = photos
        self.refused_after: list[float] = []
        self.healthy_after: list[float] = []
        self._over = threading.Event()

    def run_for(self, seconds: float) -> None:
        """Let them all come at once; returns when the last of them has its answer."""
        crowd = [threading.Thread(target=self._call, args=(photo,)) for photo in self.photos]
        crowd.append(threading.Thread(target=self._poll_health))
        for thread in crowd:
            thread.start()
        self._over.wait(seconds)
        self._over.set()
        for thread in crowd:
            thread.join()

    def _call(self, photo: GoodPhoto) -> None:
        while not self._over.is_set():
            answer = photo.send(self.client.program.port)
            self.client.record(answer)
            if answer.status == 200:
                wrong = photo.wrong(answer)
            elif answer.status == 503:
                wrong = checks.wrong_problem(answer)
                # The other refusals first waited for memory behind a large photo.
                if b"photos are in progress already" in answer.body:
                    self.refused_after.append(answer.seconds)
                self._over.wait(float(answer.headers.get("retry-after", 1)))
            else:
                wrong = f"answered {answer.status} {answer.error}"
            if wrong:
                self.client.add_violation(f"{photo.name}: {wrong}")

    def _poll_health(self) -> None:
        while not self._over.wait(0.25):
            answer = get(self.client.program.port, "/healthz")
            self.client.record(answer)
            self.healthy_after.append(answer.seconds)
            if answer.status != 200:
                self.client.add_violation(f"/healthz answered {answer.status} {answer.error}")


def _add_notes(crowd: Crowd, client: ClientUnderTest) -> None:
    part = client.part
    served = part.came_back["200"]
    if not served or not crowd.refused_after:
        part.add_violation(
            f"{served} served and {len(crowd.refused_after)} refused: that is no load"
        )
        return
    slowest = max(crowd.refused_after)
    ordered = sorted(crowd.refused_after)
    part.notes.append(
        f"refused {len(ordered):,} times: the median after {ordered[len(ordered) // 2]:.2f} s, "
        f"the slowest after {slowest:.2f} s; the slowest /healthz took "
        f"{max(crowd.healthy_after):.2f} s"
    )
    for what, seconds in (("a refusal", slowest), ("/healthz", max(crowd.healthy_after))):
        if seconds > limits.AT_ONCE_S:
            part.add_violation(f"{what} took {seconds:.1f} s; at once is {limits.AT_ONCE_S:g} s")


def _check_resources_released(client: ClientUnderTest, megabytes: float, threads: int) -> None:
    deadline = time.monotonic() + limits.RELEASED_WITHIN_S
    while (after := memory.now_mb(client.program.pid)) > megabytes + limits.KEPT_MB:
        if time.monotonic() > deadline:
            break
        time.sleep(0.5)
    client.part.notes.append(f"resident before {megabytes:.0f} MB, afterwards {after:.0f} MB")
    if after > megabytes + limits.KEPT_MB:
        client.part.add_violation(
            f"{after:.0f} MB are still held; before it were {megabytes:.0f} MB"
        )
    more = memory.threads(client.program.pid) - threads
    if more > limits.THREADS:
        client.part.add_violation(f"{more} threads more than before")

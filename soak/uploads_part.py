"""Thousands of hostile uploads, several at once, with good photos in between."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from soak import checks, limits
from soak.http_bytes import Answer, exchange
from soak.mutations import KINDS, Upload, make
from soak.services import ClientUnderTest, Models, client_under_test

AT_ONCE = 8
# After so many uploads each time, all good photos must come back right.
CHECK_EVERY = 250
REPLY_WITHIN_S = 60.0


def soak(
    kind: str, models: Models, folder: Path, count: int, seed: int, log: Callable[[str], None]
) -> ClientUnderTest:
    """Send uploads 0 … `count` - 1 of that seed to a client with its default settings."""
    limit = limits.memory_mb()
    with client_under_test(kind, "uploads", models.port, folder, limit) as client:
        client.part.sent = f"{count:,} hostile uploads of {len(KINDS)} kinds, seed {seed}"

        def send(number: int) -> None:
            upload = make(kind, seed, number)
            answer = exchange(
                client.program.port,
                upload.data,
                within=REPLY_WITHIN_S,
                half_close=upload.half_close,
            )
            wrong = checks.wrong_upload(upload, answer)
            client.record(answer)
            if wrong:
                where = _keep(folder, kind, upload, answer)
                client.add_violation(
                    f"upload {number} of seed {seed} ({upload.kind}): {wrong}; kept as {where}"
                )

        with ThreadPoolExecutor(AT_ONCE) as crowd:
            for start in range(0, count, CHECK_EVERY):
                numbers = range(start, min(start + CHECK_EVERY, count))
                list(crowd.map(send, numbers))
                client.check_good_photos(f"after upload {numbers[-1]}")
                log(f"{kind}: {numbers[-1] + 1} of {count} uploads")
        client.check_nothing_in_progress("after all uploads")
    return client


def _keep(folder: Path, client: str, upload: Upload, answer: Answer) -> Path:
    """Write what was sent and what came back, and say where."""
    kept = folder / "found"
    kept.mkdir(exist_ok=True)
    file = kept / f"{client}-{upload.number}-{upload.kind}.http"
    file.write_bytes(upload.data)
    file.with_suffix(".answer").write_bytes(
        f"{answer.status} {answer.error}\n{answer.headers}\n".encode() + answer.body[:10_000]
    )
    return file

"""The limits that docs/operations.md states, as the soak checks them."""

# Both processes of the idle program, and the freed memory that Python and glibc keep.
BASE_MB = 150.0
BYTES_PER_PIXEL = 18
# The texts and profiles of a PNG, inflated.
TEXTS_MB = 4.2


def memory_mb(
    *,
    max_in_progress: int = 64,
    max_upload_mb_in_memory: float = 200.0,
    max_pixels_in_memory: int = 100_000_000,
) -> float:
    """The most memory of a client with those settings, in megabytes."""
    pixels = BYTES_PER_PIXEL * max_pixels_in_memory / 1e6
    # An upload is in memory twice while it is assembled.
    uploads = 2 * max_upload_mb_in_memory
    return BASE_MB + pixels + uploads + TEXTS_MB * max_in_progress


# Refusals and GET /healthz are answered within this time, on a machine of two cores that also runs
# the model server and ten times as many callers as may be served.
AT_ONCE_S = 5.0
# May remain in glibc's pools of many threads some time after a burst.
KEPT_MB = 100.0
RELEASED_WITHIN_S = 10.0
# MAX_IN_PROGRESS and the spare threads.
THREADS = 80
# As in web.worker: the times for the head and for closing; and how often its loop checks the time.
HEAD_WITHIN_S = 10.0
LINGER_S = 2.0
TICK_S = 1.0

"""The limits that docs/operations.md states, as the soak checks them."""

# The program itself, idle, both processes of it; and what Python and glibc keep of what was freed.
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
    # An upload is there twice for the moment in which it is put together.
    uploads = 2 * max_upload_mb_in_memory
    return BASE_MB + pixels + uploads + TEXTS_MB * max_in_progress


# A refusal comes within so many seconds, and so does GET /healthz, on a machine of two cores that
# also runs the model server and ten times as many callers as may be served.
AT_ONCE_S = 5.0
# What may be left in glibc's pools of many threads some time after a rush.
KEPT_MB = 100.0
GIVEN_BACK_WITHIN_S = 10.0
# MAX_IN_PROGRESS and the spare ones.
THREADS = 80
# The head of a request, as web.worker has it; and how often its loop looks at the clock.
HEAD_WITHIN_S = 10.0
LINGER_S = 2.0
TICK_S = 1.0

"""The C library's pools of freed memory (glibc; elsewhere nothing is changed)."""

import contextlib
import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def limit_free_memory() -> None:
    """Return large blocks to the system when they are freed, and keep small ones.

    glibc keeps freed memory in a pool for each of several threads, and raises the size that it
    keeps as it goes: with many threads, that is many times the memory of one request. A fixed
    threshold stops that. What a small request needs stays in the pool: without that, each one cost
    870 page faults.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 4 * 1024 * 1024)
        ctypes.CDLL(None).mallopt(_M_TRIM_THRESHOLD, 8 * 1024 * 1024)


def trim() -> None:
    """Return the free memory in all threads' pools to the system; it takes milliseconds."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)

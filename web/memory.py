"""What the C library keeps of freed memory (glibc; elsewhere nothing is changed)."""

import contextlib
import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def keep_little() -> None:
    """Let large blocks go back to the system when they are freed, and keep small ones.

    glibc keeps what it freed in a pool for each of several threads, and learns to put ever larger
    blocks there: with many threads, many times the memory of one request. A fixed limit stops that.
    And what a small request needs stays in the pool: without that, every one of them cost 870 page
    faults.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 4 * 1024 * 1024)
        ctypes.CDLL(None).mallopt(_M_TRIM_THRESHOLD, 8 * 1024 * 1024)


def give_back() -> None:
    """Return what is free in the pools of all the threads; it takes milliseconds."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)

"""Python's garbage collector, and the C library's memory, beside a loaded model."""

import gc

from web import memory

# New containers before Python looks for garbage: more than a picture's worth of JSON lists.
GARBAGE_THRESHOLD = 200_000


def collect_garbage() -> None:
    """Free what is no longer used, and exclude what stays from later collections.

    TensorFlow's objects refer to each other in cycles, so an unloaded version is freed only here.
    And they are so many that every full collection, of which a large JSON document causes several,
    would take longer than the document. Loading a graph needs several times the memory that it
    keeps.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    memory.trim()
    gc.set_threshold(GARBAGE_THRESHOLD, 20, 20)

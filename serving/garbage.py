"""Python's garbage collector beside a loaded model."""

import gc

# New containers before Python looks for garbage: more than a picture's worth of JSON lists.
GARBAGE_THRESHOLD = 200_000


def collect_garbage() -> None:
    """Free what is no longer used, then take what stays out of the collector's sight.

    TensorFlow's objects hold one another in cycles, so an unloaded version goes only here. And they
    are so many that every full collection, of which a large JSON document causes several, would
    take longer than the document.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD, 20, 20)

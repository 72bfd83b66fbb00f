"""Hold back the notes that TensorFlow and JAX write to their own developers.

They come from C++ code that writes to the file descriptor itself, before any log level can be set.
"""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def held_standard_error() -> Iterator[None]:
    """Hold back what this block writes to standard error; it is shown only if the block fails."""
    # Level 3 keeps the message of a machine without a GPU driver quiet, too.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    with tempfile.TemporaryFile("w+") as held:
        saved = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(saved, 2)
            held.seek(0)
            shutil.copyfileobj(held, sys.stderr)
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)

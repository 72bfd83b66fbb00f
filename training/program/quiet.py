"""Hold back the messages that TensorFlow and JAX print for their own developers.

They come from C++ code that writes to the file descriptor itself, before any log level can be set.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator

# Waits for a line that says how the block ended. That code also ends the whole process (over a flag
# in XLA_FLAGS that it does not know): there is no line then, and nobody else left to say why.
_WATCH = 'read -r ended; test "$ended" = well || cat "$0"; rm -f "$0"'


@contextlib.contextmanager
def hold_standard_error() -> Iterator[None]:
    """Hold back what this block writes to standard error; it is shown only if the block fails."""
    # Level 3 keeps the message of a machine without a GPU driver quiet, too.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    descriptor, path = tempfile.mkstemp()
    watch = subprocess.Popen(
        ["sh", "-c", _WATCH, path],
        stdin=subprocess.PIPE,
        stdout=2,
        text=True,
        start_new_session=True,  # Ctrl-C is not for it
    )
    saved = os.dup(2)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    ended = "badly"
    try:
        yield
        ended = "well"
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        watch.communicate(f"{ended}\n")

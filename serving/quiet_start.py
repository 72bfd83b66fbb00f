"""Keeps TensorFlow's start-up notes out of the log.

They are written before TensorFlow's own log level is read, so no setting silences them.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

STANDARD_ERROR = 2

# Informational lines and warnings of TensorFlow's C++ code, and that there is no GPU.
_NOTE = re.compile(rb"WARNING: All log messages before absl|[IW]\d{4} |E\d{4} .*(cuInit|CUDA)")

# That code may also end the whole process (over a flag in XLA_FLAGS that it does not know): this
# one, which waits for a line, is then left to say why.
_WATCH = 'read -r ended || cat "$0"; rm -f "$0"'


@contextmanager
def quiet_start() -> Iterator[None]:
    """Hold standard error back; at the end all but TensorFlow's notes is written."""
    descriptor, path = tempfile.mkstemp()
    watch = subprocess.Popen(
        ["sh", "-c", _WATCH, path],
        stdin=subprocess.PIPE,
        stdout=STANDARD_ERROR,
        start_new_session=True,  # Ctrl-C is not for it
    )
    with os.fdopen(descriptor, "rb") as held:
        real = os.dup(STANDARD_ERROR)
        os.dup2(descriptor, STANDARD_ERROR)
        try:
            yield
        finally:
            os.dup2(real, STANDARD_ERROR)
            os.close(real)
            held.seek(0)
            for line in held:
                if not _NOTE.match(line):
                    os.write(STANDARD_ERROR, line)
            watch.communicate(b"ended\n")

"""Loading a version in TensorFlow, which is imported at the first load and nowhere before."""

import logging
import os
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from serving import light_tensorflow
from serving.errors import ServingError
from serving.quiet_start import quiet_start

if TYPE_CHECKING:
    from serving.servable import Servable

logger = logging.getLogger(__name__)


class Loader:
    """Loads and warms up versions; TensorFlow takes this many threads within an op and between ops,
    0 is its own choice. With `bfloat16`, a version computes in that where its own warm-up record
    shows no difference that counts, and a gain that does.
    """

    def __init__(self, intra_op: int = 0, inter_op: int = 0, *, bfloat16: bool = False):
        self._intra_op = intra_op
        self._inter_op = inter_op
        self._bfloat16 = bfloat16

    def __call__(self, folder: Path, version: int) -> "Servable":
        """The version in `folder`; raises ServingError, whatever is wrong with it."""
        try:
            return self._load(folder, version)
        except ServingError:
            raise
        except OSError as error:
            text = f"Cannot read {error.filename or folder}: {error.strerror or error}"
            raise ServingError("UNAVAILABLE", text) from error
        except Exception as error:
            logger.exception("loading version %d failed", version)
            raise ServingError("INTERNAL", f"Loading failed: {type(error).__name__}") from error

    def _load(self, folder: Path, version: int) -> "Servable":
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        with _importing, quiet_start():
            light_tensorflow.register_without_running()
            from serving import servable, warmup

            servable.start_tensorflow(self._intra_op)

        loaded = servable.load(folder, version, self._inter_op)
        answers = warmup.warm_up(loaded, folder)
        logger.info("version %d answered %d warm-up requests", version, len(answers))
        if not (self._bfloat16 and answers):
            return loaded

        from serving.mixed_precision import MIN_SPEEDUP, difference, speedup

        mixed, faster = None, 0.0
        try:
            mixed = servable.load(folder, version, self._inter_op, bfloat16=True)
            changed = difference(answers, warmup.warm_up(mixed, folder))
            found = f"changes {changed}"
            if not changed.matters:
                faster = speedup(
                    *(partial(warmup.warm_up, each, folder) for each in (loaded, mixed))
                )
                found = f"{found}, and is {faster:.2f} × as fast"
        except ServingError as error:
            found = f"fails: {error.message}"
        name = "bfloat16" if faster >= MIN_SPEEDUP else "float32"
        logger.info("version %d computes in %s: bfloat16 %s", version, name, found)
        if mixed:
            mixed.close()
        if faster:
            # The runs that were timed may have changed what the model keeps, such as a count.
            loaded.close()
            loaded = servable.load(folder, version, self._inter_op, bfloat16=name == "bfloat16")
            warmup.warm_up(loaded, folder)
        return loaded


# Models load beside one another, and standard error is the process's.
_importing = threading.Lock()

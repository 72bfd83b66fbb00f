"""Write a model again with nothing but `serving_default`: `python -m bench.plain_model FROM TO`.

FROM is a folder with versions, of which the highest is used; TO is a new folder. The result has
the interface of the models on TensorFlow Hub.
"""

import sys
from pathlib import Path

from bench.network_process import newest_version

SERVING_DEFAULT = "serving_default"


def main(source: Path, target: Path) -> int:
    """Write TO/1. Returns 1 if the model cannot be loaded or has no such signature."""
    import tensorflow as tf

    version = newest_version(source)
    try:
        model = tf.saved_model.load(str(version))
    except (OSError, ValueError, tf.errors.OpError) as error:
        print(f"{version} cannot be loaded: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    if SERVING_DEFAULT not in model.signatures:
        print(f"{version} has no signature `{SERVING_DEFAULT}`", file=sys.stderr)
        return 1
    tf.saved_model.save(
        model, str(target / "1"), signatures={SERVING_DEFAULT: model.signatures[SERVING_DEFAULT]}
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))

"""The network alone, in a process of its own: `python -m bench.network_process MODEL_BASE_PATH`.

Standard input carries requests, each a line with a number of bytes and then so many bytes of PNG,
the `l_bytes` of one row; standard output answers each with a line of JSON: the seconds that calling
the signature `packed` took. The first line says {"ready": true}, or {"error": text}.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def main(base_path: Path) -> int:
    """Answer until standard input ends. Returns 1 if the model cannot be loaded."""
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    # Whatever a library prints must not look like an answer.
    os.dup2(2, 1)

    def reply(document: dict[str, Any]) -> None:
        replies.write(json.dumps(document) + "\n")

    import tensorflow as tf

    version = max((child for child in base_path.iterdir() if child.name.isdigit()), key=_number)
    try:
        signatures = tf.saved_model.load(str(version)).signatures
    except (OSError, ValueError, tf.errors.OpError) as error:
        reply({"error": " ".join(f"{version} cannot be loaded: {error}".split())})
        return 1
    if "packed" not in signatures:
        reply({"error": f"{version} has no signature `packed`"})
        return 1
    network = signatures["packed"]
    reply({"ready": True})
    requests = sys.stdin.buffer
    while header := requests.readline():
        png = requests.read(int(header))
        started = time.perf_counter()
        outputs = network(l_bytes=tf.constant([png]))
        for output in outputs.values():
            output.numpy()
        reply({"seconds": time.perf_counter() - started})
    return 0


def _number(folder: Path) -> int:
    return int(folder.name)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

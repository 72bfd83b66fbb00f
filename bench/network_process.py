"""The network alone, in a process of its own: `python -m bench.network_process MODEL_BASE_PATH`.

It runs nothing but TensorFlow and the SavedModel, so it is the limit for every server. Standard
input has orders, each a line of JSON followed by its number of bytes of data:

    {"what": "packed", "bytes": 61234, "batch": 1, "callers": 1, "calls": 3, "untimed": 1}
    {"what": "serving_default", "bytes": 262144, "shape": [1, 256, 256, 1], ...}
    {"what": "photo", "bytes": 120456, ...}

For the signature `packed`, the data is one L* picture, an 8-bit gray PNG; for `serving_default`, it
is float32 values of L*; each call predicts a batch of it. For `photo`, it is a photo, and each call
does all the work of the service, from its file to the file of the picture. Standard output answers
each order with a line of JSON: the seconds of a closed loop (see bench.closed_loop) of that many
threads. The first line is {"ready": true}, or {"error": text}.
"""

import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL import Image

from bench.closed_loop import closed_loop


def main(base_path: Path) -> int:
    """Answer until standard input ends. Returns 1 if the model cannot be loaded."""
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    # Whatever a library prints must not look like an answer.
    os.dup2(2, 1)

    def reply(document: dict[str, Any]) -> None:
        replies.write(json.dumps(document) + "\n")

    import tensorflow as tf

    version = newest_version(base_path)
    try:
        model = tf.saved_model.load(str(version))
    except (OSError, ValueError, tf.errors.OpError) as error:
        reply({"error": " ".join(f"{version} cannot be loaded: {error}".split())})
        return 1
    if "packed" not in model.signatures:
        reply({"error": f"{version} has no signature `packed`"})
        return 1
    reply({"ready": True})
    while header := sys.stdin.buffer.readline():
        order = json.loads(header)
        call = _call(model.signatures, order, sys.stdin.buffer.read(order["bytes"]))
        callers = [call] * order["callers"]
        reply(asdict(closed_loop(callers, order["calls"], order["untimed"])))
    return 0


def _call(signatures: Any, order: dict[str, Any], data: bytes) -> Callable[[], None]:
    """What the order asks for: from Python's values to tensors, through the network, and back."""
    import numpy as np
    import tensorflow as tf

    if order["what"] == "photo":
        return _photo(signatures["packed"], data)
    network = signatures[order["what"]]
    if order["what"] == "packed":
        name, value = "l_bytes", np.array([data], np.object_)
    else:
        name, value = "input_1", np.frombuffer(data, np.float32).reshape(order["shape"])
    value = np.concatenate([value] * order["batch"])

    def call() -> None:
        for output in network(**{name: tf.constant(value)}).values():
            output.numpy()

    return call


def _photo(packed: Any, photo: bytes) -> Callable[[], None]:
    """Color a photo as the client does, with the signature called in this process."""
    import numpy as np
    import tensorflow as tf

    from color_client import coloring
    from color_client.color_network import Color, lightness_png, small_lightness
    from color_client.settings import Settings
    from pictures.encode import encode
    from pictures.header import open_header

    options = {"vividness": 1.0, "hints": None}

    def ask(image: Any) -> Color:
        l_png = lightness_png(small_lightness(image, Settings.working_size))
        (ab_png,) = packed(l_bytes=tf.constant([l_png]))["ab_bytes"].numpy()
        ab = np.asarray(Image.open(io.BytesIO(ab_png)), np.float32) - np.float32(128.0)
        return Color(ab, None)

    def call() -> None:
        header = open_header(io.BytesIO(photo), 10**9)
        result = coloring.color(header, options, ask, Settings.working_size)
        encode(result.pixels, result.photo.alpha, "image/png")

    return call


def newest_version(base_path: Path) -> Path:
    """The folder of the highest version, which is the one that a server serves."""
    versions = (child for child in base_path.iterdir() if child.name.isdigit())
    return max(versions, key=lambda folder: int(folder.name))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

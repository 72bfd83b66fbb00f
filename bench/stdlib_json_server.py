"""Our model server with the standard library's json in place of its own codec.

`python -m bench.stdlib_json_server` takes the flags of `python -m serving` and differs from it only
in how it reads requests into tensors and writes tensors as replies: with `json`, as a simple Python
program would. It supports only floats in row form.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

import serving.app
from serving.cli import main


def read_rows(document: Mapping[str, Any], inputs: Any) -> tuple[str, dict[str, np.ndarray]]:
    """The float32 tensors of a request in row form, with named inputs."""
    rows = document["instances"]
    return "row", {name: np.array([row[name] for row in rows], np.float32) for name in inputs}


def write_rows(outputs: Mapping[str, np.ndarray], form: str) -> bytes:
    """The reply for the one output of a signature."""
    (tensor,) = outputs.values()
    return json.dumps({"predictions": tensor.tolist()}).encode()


if __name__ == "__main__":
    # The worker is a fork of this process and finds them replaced.
    for name, replacement in {
        "parse_object": json.loads,
        "read_request": read_rows,
        "write_reply": write_rows,
    }.items():
        setattr(serving.app, name, replacement)
    sys.exit(main())

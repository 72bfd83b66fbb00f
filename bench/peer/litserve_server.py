"""LitServe with the same SavedModel, the way its documentation builds a server.

    python litserve_server.py SAVED_MODEL_FOLDER PORT

It runs in an environment of its own (requirements.txt beside this file). A request and its reply
have the JSON of TensorFlow Serving's row form, so that all servers are sent the same bytes.
"""

import sys
from typing import Any

import litserve as ls
import numpy as np


class ColorApi(ls.LitAPI):
    """`serving_default` of a color model: L* in, a* and b* out."""

    def setup(self, device: str) -> None:
        """Load the model, in the process that runs it."""
        import tensorflow as tf

        self.model = tf.saved_model.load(sys.argv[1])
        self.signature = self.model.signatures["serving_default"]

    def decode_request(self, request: dict[str, Any]) -> Any:
        """The rows of a request as one tensor [N,H,W,1]."""
        import tensorflow as tf

        rows = [row["input_1"] for row in request["instances"]]
        return tf.constant(np.array(rows, np.float32))

    def predict(self, x: Any) -> Any:
        """The signature's outputs by name."""
        return self.signature(input_1=x)

    def encode_response(self, output: Any) -> dict[str, Any]:
        """The one output as rows."""
        (tensor,) = output.values()
        return {"predictions": tensor.numpy().tolist()}


if __name__ == "__main__":
    server = ls.LitServer(ColorApi(), accelerator="cpu")
    server.run(host="127.0.0.1", port=int(sys.argv[2]), generate_client_file=False)

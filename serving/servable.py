"""One version of a model: a SavedModel folder, loaded, with the signatures it answers to.

This is the only module, with `warmup` and `runner`, that touches TensorFlow; it is imported where
a model is about to be loaded and never before a fork.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf import text_format  # type: ignore[import-untyped]
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import saved_model_pb2

from serving.errors import ServingError, from_tensorflow, invalid
from serving.tensor_spec import TensorSpec

DEFAULT_SIGNATURE = "serving_default"
SERVE_TAG = "serve"

# The two SavedModel files of which one must be there.
BINARY_PROTO = "saved_model.pb"
TEXT_PROTO = "saved_model.pbtxt"


class Signature:
    """A named function of a servable: tensors by name in, tensors by name out."""

    def __init__(self, name: str, definition: Any, function: Any):
        self.name = name
        self.function = function
        self.inputs = {key: _tensor_spec(key, info) for key, info in definition.inputs.items()}
        self.outputs = {key: _tensor_spec(key, info) for key, info in definition.outputs.items()}

    def tensors(self, arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """TensorFlow's tensors of the input arrays, in the signature's own types."""
        return {
            name: tf.constant(array, self.function.structured_input_signature[1][name].dtype)
            for name, array in arrays.items()
        }

    def __call__(self, tensors: Mapping[str, Any]) -> dict[str, Any]:
        """Run the signature's concrete function, TensorFlow's fast path."""
        return self.function(**tensors)


class Servable:
    """A loaded SavedModel. `metadata` is its signature map as the REST API shows it."""

    def __init__(
        self, version: int, signatures: dict[str, Signature], metadata: dict[str, Any], model: Any
    ):
        self.version = version
        self.signatures = signatures
        self.metadata = metadata
        # A signature's function has only a weak hold on the model's variables.
        self._model = model

    def signature(self, name: str) -> Signature:
        """The signature of that name ("" is the default one) or INVALID_ARGUMENT."""
        name = name or DEFAULT_SIGNATURE
        try:
            signature = self.signatures[name]
        except KeyError:
            raise invalid(f'Serving signature name: "{name}" not found in signature def') from None
        if not signature.inputs:
            raise invalid(f"Failed to get input map for signature: {name}")
        return signature


def start_tensorflow() -> None:
    """Let TensorFlow look at this machine's devices, which it does only once."""
    tf.config.list_logical_devices()


def load(folder: Path, version: int) -> Servable:
    """Load the SavedModel in `folder`; a ServingError says why it cannot be."""
    definitions = _signature_definitions(folder)
    try:
        model = tf.saved_model.load(str(folder), tags=[SERVE_TAG])
    except tf.errors.OpError as error:
        raise from_tensorflow(error) from error
    except Exception as error:  # a broken SavedModel surfaces as nearly any type
        text = " ".join(str(error).split()) or type(error).__name__
        raise ServingError("INTERNAL", f"Loading failed: {text[:1000]}") from error
    signatures = {
        name: Signature(name, definition, model.signatures[name])
        for name, definition in definitions.items()
        if name in model.signatures
    }
    metadata = {name: _metadata(definition) for name, definition in sorted(definitions.items())}
    return Servable(version, signatures, metadata, model)


def _signature_definitions(folder: Path) -> dict[str, Any]:
    proto = saved_model_pb2.SavedModel()
    try:
        if (folder / BINARY_PROTO).exists():
            proto.ParseFromString((folder / BINARY_PROTO).read_bytes())
        elif (folder / TEXT_PROTO).exists():
            text_format.Parse((folder / TEXT_PROTO).read_text(), proto)
        else:
            raise ServingError(
                "NOT_FOUND",
                f"Could not find SavedModel .pb or .pbtxt at supplied export directory: {folder}",
            )
    except OSError as error:
        raise ServingError("UNAVAILABLE", f"Cannot read {folder}: {error.strerror}") from error
    except ServingError:
        raise
    except Exception as error:  # protobuf's DecodeError and ParseError share no base class
        raise ServingError("DATA_LOSS", f"Can't parse the SavedModel in {folder}") from error
    for graph in proto.meta_graphs:
        if set(graph.meta_info_def.tags) == {SERVE_TAG}:
            return dict(graph.signature_def)
    raise ServingError(
        "NOT_FOUND",
        f"Could not find meta graph def matching supplied tags: {{ {SERVE_TAG} }} in {folder}",
    )


def _tensor_spec(name: str, info: Any) -> TensorSpec:
    # DT_FLOAT is "float" in TensorFlow Serving's messages.
    dtype = types_pb2.DataType.Name(info.dtype).removeprefix("DT_").lower()
    shape = None
    if not info.tensor_shape.unknown_rank:
        shape = tuple(None if dim.size < 0 else dim.size for dim in info.tensor_shape.dim)
    return TensorSpec(name, dtype, shape)


def _metadata(definition: Any) -> dict[str, Any]:
    return {
        "inputs": {name: _tensor_metadata(info) for name, info in definition.inputs.items()},
        "outputs": {name: _tensor_metadata(info) for name, info in definition.outputs.items()},
        "method_name": definition.method_name,
    }


def _tensor_metadata(info: Any) -> dict[str, Any]:
    shape = info.tensor_shape
    return {
        "dtype": types_pb2.DataType.Name(info.dtype),
        "tensor_shape": {
            "dim": [{"size": str(dim.size), "name": dim.name} for dim in shape.dim],
            "unknown_rank": shape.unknown_rank,
        },
        "name": info.name,
    }

"""One version of a model: a SavedModel folder, loaded, with the signatures it answers to.

This module, `warmup` and `mixed_precision` import TensorFlow; so they, and `runner`, are imported
where a model is about to be loaded, and never before a fork.
"""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import text_format  # type: ignore[import-untyped]
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import config_pb2, saved_model_pb2
from tensorflow.core.protobuf.rewriter_config_pb2 import RewriterConfig
from tensorflow.python.client.session import Session
from tensorflow.python.framework import config as runtime
from tensorflow.python.framework.errors import OpError
from tensorflow.python.framework.ops import Graph
from tensorflow.python.platform import tf_logging
from tensorflow.python.saved_model import loader_impl

from serving.errors import ServingError, from_tensorflow, invalid
from serving.tensor_spec import TensorSpec
from serving.versions import files_of

# TensorFlow's notes that its older loader is old.
tf_logging.set_verbosity(tf_logging.ERROR)

DEFAULT_SIGNATURE = "serving_default"
SERVE_TAG = "serve"

# The two SavedModel files of which one must be there.
BINARY_PROTO = "saved_model.pb"
TEXT_PROTO = "saved_model.pbtxt"


class Signature:
    """A named function of a servable: tensors by name in, tensors by name out."""

    def __init__(self, name: str, definition: Any, session: Any):
        self.name = name
        self.inputs = {key: _tensor_spec(key, info) for key, info in definition.inputs.items()}
        self._outputs = sorted(definition.outputs)
        infos = [*definition.inputs.values(), *definition.outputs.values()]
        self._run: Any = None
        self._problem = ServingError(
            "UNIMPLEMENTED",
            f'Serving signature name: "{name}" has a sparse or ragged tensor, which this server '
            "cannot carry",
        )
        if any(info.WhichOneof("encoding") != "name" for info in infos):
            return
        try:
            # As `Session.run`, but without its own check of the signature's shapes: as in
            # TensorFlow Serving, only the graph knows what it takes.
            self._run = session._make_callable_from_options(
                config_pb2.CallableOptions(
                    feed=[definition.inputs[key].name for key in self.inputs],
                    fetch=[definition.outputs[key].name for key in self._outputs],
                )
            )
        except OpError as error:
            # It names what gives no tensor, as `__saved_model_init_op` does; the others may run.
            self._problem = invalid(from_tensorflow(error).message)

    def __call__(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The outputs by name, sorted; raises TensorFlow's errors as ServingErrors."""
        if self._run is None:
            raise self._problem
        try:
            values = self._run(*(arrays[key] for key in self.inputs))
        except OpError as error:
            raise from_tensorflow(error) from error
        except (ValueError, TypeError) as error:
            raise invalid(" ".join(str(error).split())) from error
        return {key: _array(value) for key, value in zip(self._outputs, values, strict=True)}


class Servable:
    """A loaded SavedModel. `metadata` is its signature map as the REST API shows it."""

    def __init__(
        self, version: int, signatures: dict[str, Signature], metadata: dict[str, Any], session: Any
    ):
        self.version = version
        self.signatures = signatures
        self.metadata = metadata
        self._session = session

    def close(self) -> None:
        """Free what the model holds; nobody may run it any more."""
        self._session.close()

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


def start_tensorflow(intra_op: int) -> None:
    """Let TensorFlow look at this machine's devices and start the threads within an op, as many as
    `intra_op` or its own choice for 0, which it does only once; and register the ops of
    tensorflow_text where that is installed.
    """
    if intra_op:
        runtime.set_intra_op_parallelism_threads(intra_op)
    runtime.list_logical_devices()
    if find_spec("tensorflow_text"):
        import_module("tensorflow_text")


def load(folder: Path, version: int, inter_op: int = 0, *, bfloat16: bool = False) -> Servable:
    """Load the SavedModel in `folder`; a ServingError says why it cannot be.

    `inter_op` is how many threads TensorFlow takes between ops, 0 for its own choice. With
    `bfloat16`, it rewrites the graph so that what takes long is computed in that.
    """
    _refuse_special_files(folder)
    definitions = _signature_definitions(folder)
    graph = Graph()
    session = Session(graph=graph, config=_session_config(inter_op, bfloat16))
    try:
        # TensorFlow 1's loader takes the SavedModels of both; TensorFlow 2's refuses old ones.
        with graph.as_default():
            loader_impl.load(session, [SERVE_TAG], str(folder))
        # Copies of what the session has: where a model is frozen, its weights twice.
        graph._functions.clear()
        signatures = {
            name: Signature(name, definition, session) for name, definition in definitions.items()
        }
    except OpError as error:
        raise from_tensorflow(error) from error
    except Exception as error:  # a broken SavedModel surfaces as nearly any type
        text = " ".join(str(error).split()) or type(error).__name__
        raise ServingError("INTERNAL", f"Loading failed: {text[:1000]}") from error
    metadata = {name: _metadata(definition) for name, definition in sorted(definitions.items())}
    return Servable(version, signatures, metadata, session)


def _session_config(inter_op: int, bfloat16: bool) -> Any:
    config = config_pb2.ConfigProto(inter_op_parallelism_threads=inter_op)
    # Or TensorFlow takes all memory of a GPU, and leaves none to a training beside it.
    config.gpu_options.allow_growth = True
    if bfloat16:
        rewrite = config.graph_options.rewrite_options
        rewrite.auto_mixed_precision_onednn_bfloat16 = RewriterConfig.ON
    # Copies of each signature's graph, weights and all, for those who trace runs.
    config.experimental.disable_output_partition_graphs = True
    return config


def _refuse_special_files(folder: Path) -> None:
    """A pipe or a device, which TensorFlow would wait for or read without end, is an error."""
    for path in files_of(folder):
        if path.exists() and not path.is_file():
            raise ServingError("FAILED_PRECONDITION", f"{path} is no regular file")


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
    # A variable's own tensor is `float_ref`: to callers it is a float like any other.
    dtype = types_pb2.DataType.Name(info.dtype).removeprefix("DT_").removesuffix("_REF").lower()
    return TensorSpec(name, dtype)


def _array(value: Any) -> np.ndarray:
    # A string of rank 0 comes as `bytes`, and NumPy's own string type would cut its zeros.
    return np.array(value, np.object_) if isinstance(value, bytes) else np.asarray(value)


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

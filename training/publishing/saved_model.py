"""Loading a published SavedModel."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from training.program.errors import UsageError


class ModelError(UsageError):
    """There is no such model in the folder; the message says why, in one line."""


def find_saved_model(folder: Path) -> Path:
    """The SavedModel in `folder`: a version's folder, or a base path (the highest counts).

    Raises ModelError.
    """
    numbered = [f for f in folder.glob("*") if f.name.isdigit() and (f / "saved_model.pb").exists()]
    version = max(numbered, key=lambda f: int(f.name), default=folder)
    if not (version / "saved_model.pb").exists():
        raise ModelError(f"no SavedModel in {folder}: name a version's folder or one above it")
    return version


def load_signature(folder: Path, name: str, argument: str) -> Callable[..., Any]:
    """The signature `name` of the model in `folder`, one that takes `argument`.

    Raises ModelError.
    """
    import tensorflow as tf

    version = find_saved_model(folder)
    model = tf.saved_model.load(str(version))
    signature = model.signatures.get(name)
    if not signature or argument not in signature.structured_input_signature[1]:
        raise ModelError(f"the SavedModel in {version} has no signature {name} with {argument}")

    def call(**tensors: Any) -> Any:
        return signature(**tensors)

    call.model = model  # type: ignore[attr-defined] # a signature dies with its model
    return call

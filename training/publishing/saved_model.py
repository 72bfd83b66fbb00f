"""A published SavedModel, found again."""

from pathlib import Path


class ModelError(Exception):
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

"""Checks for a servable model under a path."""

from pathlib import Path


class NoModel(Exception):
    """Nothing there can be served; the text says what is missing and what to do."""


def check_model(base_path: Path) -> None:
    """Raise NoModel unless `base_path` holds a folder named by an integer with a SavedModel."""
    if saved_models(base_path):
        return
    if _is_saved_model(base_path):
        hint = f"name the folder above it: --model {base_path.parent}"
    else:
        hint = "train one with `python -m training`, or name another folder with --model"
    what = "is not there" if not base_path.exists() else "holds no N/saved_model.pb, N an integer"
    raise NoModel(f"no model to serve: {base_path} {what}; {hint}")


def saved_models(base_path: Path) -> list[Path]:
    """The SavedModels in folders named by an integer, lowest first."""
    if not base_path.is_dir():
        return []
    folders = [child for child in base_path.iterdir() if child.name.isdecimal()]
    return sorted(filter(_is_saved_model, folders), key=lambda folder: int(folder.name))


def _is_saved_model(folder: Path) -> bool:
    return (folder / "saved_model.pb").is_file()

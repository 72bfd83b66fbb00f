"""Command line of `python -m training export`: a published version's graph, by today's code.

A version keeps what it computes; how its graph is written (signatures, formats of constants, what
`strength` means) may have changed since. No photo is needed: the weights and the recipe are those
of the version.
"""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from training.color import recipes as color_recipes
from training.loop.keras_setup import import_keras
from training.program.errors import UsageError
from training.program.files import flush_tree, scratch_folder
from training.program.flags import Parser
from training.program.quiet import hold_standard_error
from training.publishing.version_folder import RECORD
from training.style import recipes as style_recipes

DESCRIPTION = "Write the SavedModel of a published version again, as today's code writes it."


def parser() -> Parser:
    """The flags."""
    result = Parser("python -m training export", DESCRIPTION)
    result.add_argument("model", type=Path, metavar="MODEL_FOLDER", help="vN, e.g. models/color/v2")
    result.add_argument("to", type=Path, metavar="NEW_FOLDER", help="the SavedModel; not there yet")
    return result


def main(arguments: list[str]) -> int:
    """Write it, whole or not at all; the exit code comes back. Raises UsageError."""
    options = parser().parse_args(arguments)
    if options.to.exists():
        raise UsageError(f"{options.to} exists: name a folder that does not")
    recorded = _read_recipe_record(options.model)
    import_keras()
    with hold_standard_error():  # TensorFlow is imported here
        from training.loop import backend
        from training.publishing.saved_model import find_saved_model
    backend.initialize()
    version = find_saved_model(options.model).name
    write = (_style if "style_width" in recorded else _color)(options.model, recorded, version)
    try:
        with scratch_folder(options.to.parent, options.to.name) as scratch:
            write(scratch)
            flush_tree(scratch)
            scratch.rename(options.to)
    except OSError as error:
        raise UsageError(f"cannot write {options.to}: {error.strerror or error}") from error
    print(f"written to {options.to}")
    return 0


def _read_recipe_record(folder: Path) -> dict[str, Any]:
    """The recipe that `training.json` in a version's folder holds."""
    try:
        return dict(json.loads((folder / RECORD).read_text())["recipe"])
    except OSError as error:
        raise UsageError(f"cannot read {folder / RECORD}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{folder / RECORD} records no recipe") from error


def _recipe(recipes: ModuleType, recorded: dict[str, Any]) -> Any:
    """Today's recipe of that name, with what was recorded: values since added keep its own."""
    if recorded.get("name") not in recipes.names():
        raise UsageError(f"no recipe is called {recorded.get('name')!r} any more")
    recipe = recipes.load(recorded["name"])
    changes = {
        field.name: tuple(value) if isinstance(value, list) else value
        for field in dataclasses.fields(recipe)
        if (value := recorded.get(field.name)) is not None
    }
    return dataclasses.replace(recipe, **changes)


def _style(folder: Path, recorded: dict[str, Any], version: str) -> Callable[[Path], None]:
    from training.publishing.weights import load_weights
    from training.style.export import NetworkPainter, write_saved_model
    from training.style.network import stylizer

    networks = stylizer(_recipe(style_recipes, recorded))
    load_weights(folder, *networks)
    painter = NetworkPainter(*networks)
    return lambda target: write_saved_model(target, painter, f"style/v{version}")


def _color(folder: Path, recorded: dict[str, Any], version: str) -> Callable[[Path], None]:
    from training.color import networks
    from training.color.export import write_saved_model
    from training.publishing.weights import load_weights

    recipe = _recipe(color_recipes, {**recorded, "pretrained": False})  # all weights come
    network = networks.build(recipe)
    load_weights(folder, network)
    return lambda target: write_saved_model(target, network, f"color/v{version}", recipe)

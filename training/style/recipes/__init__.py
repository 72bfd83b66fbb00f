"""Style experiments as files: each module is one training run; its docstring says what it gives.

`RECIPE` holds the values, the reason for each beside it.
"""

import importlib
import pkgutil

from training.style.recipe import StyleRecipe


def names() -> list[str]:
    """The recipes there are."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> StyleRecipe:
    """The recipe called `name`, one of `names()`."""
    return importlib.import_module(f"{__name__}.{name}").RECIPE

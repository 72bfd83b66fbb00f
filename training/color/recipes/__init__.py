"""Experiments as files: each module here is one training run, and its docstring says what it gives.

`RECIPE` holds the values, the reason for each beside it.
"""

import importlib
import pkgutil

from training.color.recipe import Recipe


def names() -> list[str]:
    """The recipes there are."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> Recipe:
    """The recipe called `name`, one of `names()`."""
    return importlib.import_module(f"{__name__}.{name}").RECIPE

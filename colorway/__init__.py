"""The console scripts: `colorway-local` is `python -m local`, and so on for every program.

Each program has its own requirements, an extra in pyproject.toml; a missing one is named in the
error. Imports a program only when it is run; nothing imports this package.
"""

import importlib
import sys
from pathlib import Path


def color_client() -> int:
    """Start `python -m color_client`."""
    return _run("client", "color_client.__main__", "run")


def style_client() -> int:
    """Start `python -m style_client`."""
    return _run("client", "style_client.__main__", "run")


def local() -> int:
    """Start `python -m local`."""
    return _run("local", "local.cli", "main")


def serving() -> int:
    """Start `python -m serving`."""
    return _run("serving", "serving.cli", "main")


def training() -> int:
    """Start `python -m training`."""
    return _run("training", "training.cli", "main")


def _run(extra: str, module: str, function: str) -> int:
    try:
        return getattr(importlib.import_module(module), function)()
    except ModuleNotFoundError as error:
        name = Path(sys.argv[0]).name
        print(f"{name}: {error}: pip install 'colorway[{extra}]'", file=sys.stderr)
        return 2

"""Copies the shipped models into a claim, as the images color-model and style-model do.

    python -m local.shipped_models color /mnt

The images hold this module, `model_folder` and the models, and no other code of ours: both import
the standard library alone.
"""

import filecmp
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .model_folder import saved_models

# The checkout that this package lies in: where the shipped models and the samples are.
ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "models"

# What the images' claims hold in the end, by docs/design.md, contract 1.
_PROMISED = {"color": ("model/v1/1", "model/v2/2"), "style": ("model/1",)}
_SCRATCH = ".copying-"


class CannotPrepare(Exception):
    """Something that a component needs is missing; the text says what, and what to do."""


@dataclass(frozen=True)
class ShippedModels:
    """The work of the images color-model and style-model: `models` into a claim's folder."""

    models: str
    claim: Path
    source: Path = MODELS

    def __str__(self) -> str:
        return f"copy the shipped {self.models} models to {self.claim}"

    def run(self, say: Callable[[str], None]) -> None:
        """Copy what is not there yet; a version never changes. Raises CannotPrepare."""
        shipped = dict(self._shipped())
        for place in _PROMISED[self.models]:
            if place not in shipped and not (self.claim / place).exists():
                say(f"{self.models} {place.removeprefix('model/')} is not shipped here yet")
        if not shipped:
            if not self.source.is_dir():
                raise CannotPrepare(
                    f"the shipped {self.models} models are in a checkout of the project, not in an "
                    "installed package"
                )
            raise CannotPrepare(f"this checkout ships no {self.models} model yet")
        for place, folder in shipped.items():
            there = self.claim / place
            if not there.exists():
                copy_whole(folder, there)
                say(f"{place} copied")
            elif _same_model(there, folder):
                say(f"{place} is there already")
            else:
                say(
                    f"{place} is there already and is not the one that is shipped here; to serve "
                    f"that, remove {there} and start again"
                )

    def _shipped(self) -> Iterator[tuple[str, Path]]:
        """(place in the claim, SavedModel) of every shipped version."""
        if self.models == "style":
            for folder in saved_models(self.source / "style"):
                yield f"model/{folder.name}", folder
            return
        for version in sorted((self.source / self.models).glob("v*")):
            for folder in saved_models(version):
                yield f"model/v{folder.name}/{folder.name}", folder


def _same_model(one: Path, other: Path) -> bool:
    """Whether two folders hold the same SavedModel: its weights are constants of the graph."""
    try:
        return filecmp.cmp(one / "saved_model.pb", other / "saved_model.pb", shallow=False)
    except OSError:
        return False


def copy_whole(source: Path, target: Path) -> None:
    """Copy a folder without its symbolic links; `target` appears whole or not at all.

    Raises CannotPrepare if the disk refuses.
    """
    scratch = target.with_name(f"{_SCRATCH}{target.name}")

    def links(folder: str, names: list[str]) -> list[str]:
        # Nor what a copy that was killed has left.
        return [n for n in names if n.startswith(_SCRATCH) or Path(folder, n).is_symlink()]

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.copytree(source, scratch, ignore=links)
        _flush(scratch)
        os.rename(scratch, target)  # noqa: PTH104 - Path.rename would replace a file, too
    except OSError as error:
        # copytree has a list of what failed; the last of each is its reason, ": " and the path.
        reason = error.strerror or error
        if isinstance(error, shutil.Error):
            reason = error.args[0][0][2].partition(": ")[0]
        raise CannotPrepare(f"{source} cannot be copied to {target}: {reason}") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _flush(folder: Path) -> None:
    """Wait until a whole tree is on the disk: the rename must not get there before its files."""
    for path in [folder, *folder.rglob("*")]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def main(arguments: Sequence[str]) -> int:
    """Copy; 0 if all is there in the end, 1 if the disk refuses, 2 for a wrong command line."""
    # The kernel spares a container's first process a signal that it has no handler for.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if len(arguments) != 2 or arguments[0] not in _PROMISED:
        known = "|".join(_PROMISED)
        print(f"usage: python -m local.shipped_models {known} FOLDER", file=sys.stderr)
        return 2
    try:
        ShippedModels(arguments[0], Path(arguments[1])).run(print)
    except CannotPrepare as error:
        print(f"python -m local.shipped_models: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

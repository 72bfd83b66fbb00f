"""Claims as folders, and what is copied into them and out of them."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .applications import ClaimMount
from .model_folder import saved_models

# The checkout that this package lies in: where the shipped models and the samples are.
ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "models"

# What the images' claims hold in the end, by docs/design.md, contract 1.
_PROMISED = {"color": ("model/v1/1", "model/v2/2"), "style": ("model/1",)}
_SCRATCH = ".copying-"


class CannotPrepare(Exception):
    """What a component needs is not there; the text says what and what to do."""


@dataclass(frozen=True)
class Volumes:
    """The claims of one state folder: `ROOT/NAMESPACE/CLAIM`."""

    root: Path

    def folder(self, namespace: str, claim: str) -> Path:
        """Where the claim's files are; may not be there yet."""
        return self.root / namespace / claim

    def inside(self, path: str, namespace: str, mounts: Sequence[ClaimMount]) -> Path | None:
        """Where a path of a container is here; None if no claim is mounted there."""
        for mount in sorted(mounts, key=lambda mount: -len(mount.mountPath)):
            top = mount.mountPath.rstrip("/")
            if path == top or path.startswith(f"{top}/"):
                return self.folder(namespace, mount.name) / path[len(top) :].strip("/")
        return None


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
            raise CannotPrepare(f"this checkout ships no {self.models} model yet")
        for place, folder in shipped.items():
            if (self.claim / place).exists():
                say(f"{place} is there already")
                continue
            copy_whole(folder, self.claim / place)
            say(f"{place} copied")

    def _shipped(self) -> Iterator[tuple[str, Path]]:
        """(place in the claim, SavedModel) of every shipped version."""
        if self.models == "style":
            for folder in saved_models(self.source / "style"):
                yield f"model/{folder.name}", folder
            return
        for version in sorted((self.source / self.models).glob("v*")):
            for folder in saved_models(version):
                yield f"model/v{folder.name}/{folder.name}", folder


@dataclass(frozen=True)
class ModelCopy:
    """What Seldon's init container does at a pod's start: a claim's path, copied once."""

    uri: str
    claim: Path
    path: str
    target: Path

    def __str__(self) -> str:
        return f"copy {self.uri} to {self.target}"

    def run(self, say: Callable[[str], None]) -> None:
        """Copy it; symbolic links are left out, as rclone does. Raises CannotPrepare."""
        source = self.claim / self.path
        if not source.is_dir():
            what = "has no such folder" if self.claim.exists() else "is empty"
            raise CannotPrepare(
                f"{self.uri}: the claim {what}; run first what writes it "
                f"({_writer(self.claim.name)})"
            )
        if not saved_models(source):
            raise CannotPrepare(
                f"{self.uri} holds no N/saved_model.pb, N an integer: nothing there can be served"
            )
        shutil.rmtree(self.target, ignore_errors=True)
        copy_whole(source, self.target)
        names = ", ".join(folder.name for folder in saved_models(self.target))
        say(f"{self.uri} copied: version {names}")


def _writer(claim: str) -> str:
    if claim in ("color-model", "style-model"):
        return f"python -m local up deploy/{claim}.yaml, or give both files to one up"
    return "the Application that trains it"


def copy_whole(source: Path, target: Path) -> None:
    """Copy a folder without its symbolic links; `target` appears whole or not at all.

    Raises CannotPrepare if the disk refuses.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f"{_SCRATCH}{target.name}")
    shutil.rmtree(scratch, ignore_errors=True)

    def links(folder: str, names: list[str]) -> list[str]:
        # Nor what a copy that was killed has left.
        return [n for n in names if n.startswith(_SCRATCH) or Path(folder, n).is_symlink()]

    try:
        shutil.copytree(source, scratch, ignore=links)
        os.rename(scratch, target)  # noqa: PTH104 - Path.rename would replace a file, too
    except (OSError, shutil.Error) as error:
        shutil.rmtree(scratch, ignore_errors=True)
        said = getattr(error, "strerror", None) or error
        raise CannotPrepare(f"{source} cannot be copied to {target}: {said}") from None

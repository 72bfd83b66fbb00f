"""Where versions are published: the tree that serving finds under an export root.

The model folder contract (docs/design.md):

    N/saved_model.pb ...       what `pvc://claim` serves: the highest integer
    vN/N/saved_model.pb ...    what `pvc://claim/vN` serves: that one
    vN/contact-sheet.png       photos that it was not trained on, as it colors them
    vN/training.json           the configuration, its fingerprint and the metrics
    vN/journal/                losses and pictures of the whole run: CSV, TensorBoard

`N/` is made of hard links to `vN/N/` (copies where hard links are refused) and comes last.

An unpublished run keeps its checkpoints and its journal in `.checkpoints/vN/`, with its
fingerprint, by which the same run finds them again.
"""

import contextlib
import dataclasses
import json
import re
from pathlib import Path

from training.program.errors import CommandError

RECORD = "training.json"
RUN = "run.json"


class PublishError(CommandError):
    """The version cannot be published; the message says why, in one line."""


@dataclasses.dataclass(frozen=True)
class VersionFolder:
    """Where version `version` of an export root goes."""

    root: Path
    version: int

    @property
    def folder(self) -> Path:
        """`vN`, which holds the version's own folder and what is kept beside it."""
        return self.root / f"v{self.version}"

    @property
    def served(self) -> Path:
        """`vN/N`, the SavedModel."""
        return self.folder / str(self.version)

    @property
    def highest(self) -> Path:
        """`N`, the same SavedModel for whoever serves the root."""
        return self.root / str(self.version)

    @property
    def unfinished(self) -> Path:
        """`.checkpoints/vN`, what the run keeps until it is published."""
        return self.root / ".checkpoints" / f"v{self.version}"


def versions(root: Path) -> list[int]:
    """The version numbers taken under `root`, ascending."""
    if not root.is_dir():
        return []
    names = (re.fullmatch(r"v?([1-9][0-9]*)", child.name) for child in root.iterdir())
    return sorted({int(name[1]) for name in names if name})


def unfinished(root: Path) -> dict[int, str | None]:
    """The version numbers of runs that were begun and not published, and their fingerprints."""
    return {
        version: fingerprint_in(VersionFolder(root, version).unfinished / RUN)
        for version in versions(root / ".checkpoints")
    }


def fingerprint_in(record: Path) -> str | None:
    """The fingerprint that a record holds; None where there is none."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return json.loads(record.read_text())["fingerprint"]
    return None

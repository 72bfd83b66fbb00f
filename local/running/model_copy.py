"""Claims as folders, and copies into and out of them."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..model_folder import saved_models
from ..shipped_models import CannotPrepare, copy_whole


@dataclass(frozen=True)
class ModelCopy:
    """What Seldon's init container does when a pod starts: copy a claim's path once."""

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
                f"({_writer(self.claim.name)}), or copy a model folder into {self.claim}"
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

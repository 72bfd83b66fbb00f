"""Claims as folders of this machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .types import ClaimMount


@dataclass(frozen=True)
class Volumes:
    """Claims at `ROOT/NAMESPACE/CLAIM`."""

    root: Path

    @classmethod
    def under(cls, state: Path) -> "Volumes":
        """Those of a state folder."""
        return cls(state / "volumes")

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

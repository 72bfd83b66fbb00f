"""What is printed at the end of a run."""

import sys
from pathlib import Path

from training.program.progress import duration
from training.publishing.place import Place


def tell_stopped(done: str, place: Place, folder: Path) -> None:
    """Say that a run has stopped after so much, and how it goes on; checkpoints are in `folder`."""
    print(
        f"\nstopped after {done}, version {place.version} is not published; the same command goes "
        f"on from the checkpoint in {folder}",
        file=sys.stderr,
    )


def tell_published(place: Place, served: Path, seconds: float, columns: str) -> None:
    """Say what was published, what its contact sheet shows, and how it is served."""
    print(
        f"\npublished version {place.version} in {served} after {duration(seconds)} of training\n"
        f"look at {place.folder / 'contact-sheet.png'} ({columns}), and serve it:\n"
        f"  python -m serving --model_name my-model --model_base_path {place.folder}"
    )

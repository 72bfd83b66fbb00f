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


def tell_nothing_to_do(place: Place) -> None:
    """Say that this configuration has published its version before."""
    print(f"version {place.version} is already published in {place.served}: nothing to do")


def tell_published(place: Place, seconds: float | None = None, columns: str = "") -> None:
    """Say what was published and how it is served; what was trained has a contact sheet, too."""
    trained = "" if seconds is None else f" after {duration(seconds)} of training"
    print(f"\npublished version {place.version} in {place.served}{trained}")
    if columns:
        print(f"look at {place.folder / 'contact-sheet.png'} ({columns})")
    print(f"serve it: python -m serving --model_name my-model --model_base_path {place.folder}")

"""What is printed at the end of a run."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from training.program.progress import duration
from training.publishing.version_folder import VersionFolder

if TYPE_CHECKING:  # it imports Keras, which greets on standard error
    from training.loop.run import State


def print_stopped(done: str, target: VersionFolder, folder: Path) -> None:
    """Say that a run has stopped after so much, and how it goes on; checkpoints are in `folder`."""
    print(
        f"\nstopped after {done}, version {target.version} is not published; the same command goes "
        f"on from the checkpoint in {folder}",
        file=sys.stderr,
    )


def print_already_published(target: VersionFolder) -> None:
    """Say that this configuration has published its version before."""
    print(f"version {target.version} is already published in {target.served}: nothing to do")


def print_published(target: VersionFolder, state: "State | None" = None, columns: str = "") -> None:
    """Say what was published and how it is served; what was trained has a contact sheet, too."""
    trained = f" after {duration(state.seconds)} of training" if state else ""
    print(f"\npublished version {target.version} in {target.served}{trained}")
    if state and not state.improved:
        print(
            "no evaluation was better than before the training: it has the weights that the run "
            "started from; a lower --learning-rate, more --samples or more photos may help"
        )
    if columns:
        print(f"look at {target.folder / 'contact-sheet.png'} ({columns})")
    print(f"serve it: python -m serving --model_name my-model --model_base_path {target.folder}")

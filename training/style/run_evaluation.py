"""What `python -m training style evaluate` does, step by step."""

import argparse
import contextlib
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from training.loop import backend
from training.photos import download, sources
from training.photos.contact_sheet import write_contact_sheet
from training.program.files import write_result
from training.program.progress import Progress
from training.style.evaluate import (
    BASELINES,
    Evaluation,
    Picture,
    evaluate,
    load_painter,
    markdown_table,
)
from training.style.losses import HALF_LAYERS, Perception
from training.style.network import STYLE_SIDE
from training.style.strength import load_packed, strength_curve, strength_table
from training.style.vgg import load_vgg


def run_evaluation(options: argparse.Namespace) -> int:
    """Print the table, and write what else was asked for; the exit code comes back. Raises
    CommandError.
    """
    backend.initialize()
    painters = {str(folder): load_painter(folder) for folder in options.models}
    at_strength = {str(f): load_packed(f) for f in options.models if options.strength}
    pairs = _pairs(options)
    perception = Perception(load_vgg(options.vgg_weights, HALF_LAYERS[-1]))
    evaluations = [
        evaluate(name, painter, pairs, perception, Progress(f"painting, {name}", "pairs"))
        for name, painter in {**BASELINES, **painters}.items()
    ]
    print(f"{len(pairs)} pairs at {options.side}x{options.side}\n")
    print(markdown_table(evaluations))
    curves = {
        name: strength_curve(paint, pairs, Progress(f"painting by strength, {name}", "pairs"))
        for name, paint in at_strength.items()
    }
    if curves:
        print(f"\n{strength_table(curves)}")
    if options.sheet:
        write_sheet(options.sheet, pairs, evaluations[len(BASELINES) :])
    if options.json:
        figures: dict[str, dict] = {e.name: e.summary() for e in evaluations}
        for name, curve in curves.items():
            figures[name]["strength"] = dataclasses.asdict(curve)
        with write_result(options.json) as scratch:
            scratch.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def _pairs(options: argparse.Namespace) -> list[tuple[Picture, Picture]]:
    """As many pairs as asked for, spread over all photos and all styles."""
    contents = _read(options.photos, options.cache_dir, options.side, options.pairs)
    styles = _read(options.styles, options.cache_dir, STYLE_SIDE, options.pairs)
    return [(contents[k % len(contents)], styles[k % len(styles)]) for k in range(options.pairs)]


def _read(names: Sequence[str], cache: Path, side: int, count: int) -> list[Picture]:
    files = sources.find(download.fetch_all(names, (), cache))
    pictures = []
    for k in range(min(count, len(files))):
        # Whatever a decoder raises for broken data means the same: it is left out.
        with contextlib.suppress(Exception):
            data = files[k * len(files) // min(count, len(files))].read()
            pictures.append(sources.decode(data, side))
    if not pictures:
        raise sources.DataError(f"none of {len(files)} picture files can be read")
    return pictures


def write_sheet(
    path: Path, pairs: Sequence[tuple[Picture, Picture]], evaluations: Sequence[Evaluation]
) -> None:
    """photo · style · what each model paints."""
    columns = {
        "photo": [photo for photo, _ in pairs],
        "style": [style for _, style in pairs],
        **{evaluation.name: evaluation.pictures for evaluation in evaluations},
    }
    write_contact_sheet(path, columns)

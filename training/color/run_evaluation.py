"""What `python -m training evaluate` does."""

import argparse
import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from training.color import plot
from training.color.blind import create_blind_folder, write_blind
from training.color.degrade import DEGRADATIONS
from training.color.evaluate import (
    MEASURES,
    TRUTH,
    Evaluation,
    compare,
    differences_table,
    gain_for,
    load_colorer,
    markdown_table,
    paired_differences,
    with_gain,
    write_sheet,
)
from training.color.evaluate_hints import hint_psnr, hint_table
from training.color.evaluation_photos import Photo, read_all, select_photos
from training.color.skin import hue_errors, skin_table
from training.loop import backend
from training.photos import download, sources
from training.program.errors import UsageError
from training.program.files import write_result
from training.program.flags import cache_folder
from training.program.progress import Progress
from training.publishing.saved_model import find_saved_model

CLEAN = "none"
CURVE_GAINS = (0.6, 0.8, 1.0, 1.2, 1.4)


def run_evaluation(options: argparse.Namespace) -> int:
    """Print the tables, and write what else was asked for; the exit code comes back. Raises
    CommandError.
    """
    gains = options.gains or (CURVE_GAINS if options.plot else (1.0,))
    if options.plot and (options.colorfulness or len(gains) < 2):
        raise UsageError("--plot draws a curve over --gains: name two or more")
    if not backend.has_tensorflow():
        raise UsageError("TensorFlow, which runs the published models, is not installed")
    backend.initialize()
    folders = _named_folders(options.models)
    models = {name: load_colorer(folder) for name, folder in folders.items()}
    if options.blind:
        if len(models) != 2 or len(gains) != 1:
            raise UsageError("--blind shows two models, each with one gain")
        create_blind_folder(options.blind)
    files = sources.find(download.fetch_all(options.data, (), cache_folder()))
    data, unreadable = read_all(
        select_photos(files, options.only, options.photos, options.seed), options.side
    )
    print(f"{len(data):,} photos at {options.side}x{options.side}, {unreadable:,} unreadable")
    photos = [photo.rgb for photo in data]
    if options.colorfulness:
        factors = {name: gain_for(m, photos, options.colorfulness) for name, m in models.items()}
        models = {f"{name} × {g:.3g}": with_gain(models[name], g) for name, g in factors.items()}
    found = {}
    for kind in [CLEAN, *DEGRADATIONS] if options.degrade == "all" else [options.degrade]:
        found[kind] = evaluations = compare(
            models,
            photos,
            DEGRADATIONS.get(kind),
            gains,
            len(photos) if options.blind else options.sheet_photos if options.sheet else 0,
            Progress("evaluating" if kind == CLEAN else f"evaluating, {kind}", "photos"),
        )
        if kind != CLEAN:
            print(f"\nModels given {kind}:")
        print(f"\n{markdown_table(evaluations)}")
        if differences := paired_differences(evaluations):
            print(f"\n{differences_table(differences)}")
    if options.skin:
        print(f"\n{skin_table(hue_errors(models, photos))}")
    if options.hints:
        shown = Progress("evaluating, with hints", "photos")
        psnr = hint_psnr(models, photos, options.hints, options.seed, shown)
        print(f"\n{hint_table(psnr, options.hints)}")
    if options.blind:
        names = [photo.name for photo in data]
        pictures = {e.name: e.pictures for e in next(iter(found.values())) if e.gain is not None}
        write_blind(options.blind, names, pictures, options.seed)
    for kind, evaluations in found.items():
        if options.sheet:
            write_sheet(_named(options.sheet, kind), evaluations)
        if options.plot:
            _write_plot(_named(options.plot, kind), evaluations)
    if options.json:
        with write_result(options.json) as scratch:
            scratch.write_text(json.dumps(_record(options, folders, data, found), indent=1) + "\n")
    return 0


def _named_folders(folders: Sequence[Path]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for folder in folders:
        name = _model_name(folder)
        # Two export roots of one name are distinguished by their paths.
        named[str(folder) if name in named else name] = folder
    return named


def _model_name(folder: Path) -> str:
    """`color/v1` of `models/color/v1`, also when its `1/` is named."""
    parts = [part for part in folder.resolve().parts if not part.isdigit()]
    return "/".join(parts[-2:])


def _named(path: Path, kind: str) -> Path:
    """`sheet.png` for the clean photos, `sheet-box3.png` for others."""
    return path if kind == CLEAN else path.with_stem(f"{path.stem}-{kind}")


def _write_plot(path: Path, evaluations: Sequence[Evaluation]) -> None:
    """PSNR over colorfulness, a curve over the gain for each model, the dull baselines as dots."""
    curves: dict[str, list[tuple[float, float, str]]] = {}
    for evaluation in evaluations:
        at = (
            evaluation.values("colorfulness").mean().item(),
            evaluation.values("psnr").mean().item(),
        )
        if evaluation.gain is not None:
            name = evaluation.name.rpartition(" × ")[0] or evaluation.name
            curves.setdefault(name, []).append((*at, f"{evaluation.gain:g}"))
        elif not evaluation.name.startswith(("half", TRUTH)):
            curves[evaluation.name.replace("\\", "")] = [(*at, "")]
    truth = evaluations[-1].values("colorfulness").mean().item()
    picture = plot.draw(
        [
            plot.Curve(name, [(x, y) for x, y, _ in points], [label for *_, label in points])
            for name, points in curves.items()
        ],
        "colorfulness (Hasler and Süsstrunk), mean over photos",
        "PSNR, dB, mean over photos; beside each point the gain on a*b*",
        (truth, "truth"),
    )
    with write_result(path) as scratch:
        picture.save(scratch, format="PNG", optimize=True)


def _record(
    options: argparse.Namespace,
    folders: dict[str, Path],
    data: Sequence[Photo],
    found: dict[str, list[Evaluation]],
) -> dict:
    """Everything, for programs: what was judged by its hash, and every figure of every photo."""
    return {
        "side": options.side,
        "data": [Path(source).name for source in options.data],
        "models": {
            name: hashlib.sha256(
                (find_saved_model(folder) / "saved_model.pb").read_bytes()
            ).hexdigest()
            for name, folder in folders.items()
        },
        "photos": [{"name": photo.name, "sha256": photo.sha256} for photo in data],
        "input": {
            kind: {
                "predictions": {
                    evaluation.name: {
                        "gain": evaluation.gain,
                        "summary": evaluation.summary(),
                        "per_photo": {m: evaluation.values(m).tolist() for m in MEASURES},
                    }
                    for evaluation in evaluations
                },
                "pairs": [
                    {
                        "one": one,
                        "minus": other,
                        **{name: dataclasses.asdict(d) for name, d in differences.items()},
                    }
                    for (one, other), differences in paired_differences(evaluations).items()
                ],
            }
            for kind, evaluations in found.items()
        },
    }

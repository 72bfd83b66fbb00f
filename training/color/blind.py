"""A blind comparison: which of two models makes fewer faults, counted by a person.

A folder holds pages of ten photos, each colored by both models, A and B in random order;
`faults.csv`, in which the person marks what is wrong with each picture; and `key.json`, which says
which model made which picture, to be opened by `python -m training unblind` alone.
"""

import csv
import dataclasses
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.color.metrics import Estimate, mean_with_interval
from training.program.errors import UsageError
from training.program.files import write_result

CATEGORIES = (
    "brown cast",
    "gray skin",
    "pink, red or violet patch",
    "green hair or patch",
    "color over an edge",
)
PER_PAGE, PER_ROW = 10, 2  # photos
SIDE, GAP, LABEL = 256, 8, 16  # pixels
KEY, MARKS = "key.json", "faults.csv"

Pictures = Sequence[NDArray[np.uint8]]  # of the photos, in their order; [H, W, 3] each


def create_blind_folder(folder: Path) -> None:
    """Make the folder. Raises UsageError if it cannot be made or holds marks already."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make {folder}: {error.strerror}") from error
    if (folder / MARKS).exists():
        raise UsageError(f"{folder / MARKS} may hold marks already: name another folder")


def write_blind(
    folder: Path, photos: Sequence[str], models: Mapping[str, Pictures], seed: int = 0
) -> None:
    """Write the pages, the empty table of marks and the key into what `create_blind_folder` made.

    `models` are two; `photos` are the names of the photos, which are only in the key.
    """
    names = list(models)
    swapped = np.random.default_rng(seed).permutation(len(photos)) % 2
    # Of each photo the models that made A and B: each is A as often as the other.
    order = [[names[swap], names[1 - swap]] for swap in swapped]
    for first in range(0, len(photos), PER_PAGE):
        numbers = range(first, min(first + PER_PAGE, len(photos)))
        page = _page({n + 1: [models[name][n] for name in order[n]] for n in numbers})
        with write_result(folder / f"page-{first // PER_PAGE + 1:02d}.png") as scratch:
            page.save(scratch, format="PNG")
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["picture", *CATEGORIES])
    for number in range(1, len(photos) + 1):
        rows.writerows([f"{number}{letter}", *("" for _ in CATEGORIES)] for letter in "AB")
    key = {"photos": list(photos), "models": names, "made by": order}
    for name, text in ((MARKS, table.getvalue()), (KEY, json.dumps(key, indent=1) + "\n")):
        with write_result(folder / name) as scratch:
            scratch.write_text(text)


def _page(photos: Mapping[int, Pictures]) -> Image.Image:
    """Photo number -> its two pictures, A and B."""
    width, height = 2 * (SIDE + GAP) + GAP, SIDE + LABEL + GAP
    page = Image.new("RGB", (PER_ROW * width, -(-len(photos) // PER_ROW) * height), "white")
    draw = ImageDraw.Draw(page)
    for place, (number, pictures) in enumerate(photos.items()):
        row, column = divmod(place, PER_ROW)
        for k, picture in enumerate(pictures):
            left, top = column * width + k * (SIDE + GAP), row * height
            draw.text((left + 2, top + 2), f"{number}{'AB'[k]}", fill="black")
            square = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
            page.paste(square, (left, top + LABEL))
    return page


@dataclasses.dataclass(frozen=True)
class Count:
    """Marks of one category: how many pictures of each model have it, and the first model's share
    minus the second's, photo by photo.
    """

    pictures: list[int]
    difference: Estimate


def count_marks(folder: Path) -> tuple[list[str], int, dict[str, Count]]:
    """The two models, the number of photos, and the counts by category, the last one for any fault.
    Raises UsageError if the folder holds no such marks.
    """
    try:
        key = json.loads((folder / KEY).read_text())
        models, order = key["models"], key["made by"]
        # Spreadsheets add a byte order mark and quotes; where the comma is the decimal point, they
        # separate by semicolons.
        table = (folder / MARKS).read_text(encoding="utf-8-sig")
        separator = table.replace('"', "").removeprefix("picture")[:1]
        rows = csv.DictReader(table.splitlines(), delimiter=separator)
        marks = {row["picture"]: row for row in rows}
        found = np.zeros((len(CATEGORIES), len(order), 2))  # category, photo, model
        for number, makers in enumerate(order):
            for letter, maker in zip("AB", makers, strict=True):
                row = marks[f"{number + 1}{letter}"]
                marked = [bool((row[category] or "").strip()) for category in CATEGORIES]
                found[:, number, models.index(maker)] = marked
    except OSError as error:
        raise UsageError(f"cannot read {error.filename}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise UsageError(f"{folder} holds no whole {KEY} and {MARKS}: {error!r}") from error
    every = {**dict(zip(CATEGORIES, found, strict=True)), "any of these": found.max(axis=0)}
    return (
        models,
        len(order),
        {
            category: Count(
                marked.sum(axis=0).astype(int).tolist(),
                mean_with_interval(marked[:, 0] - marked[:, 1]),
            )
            for category, marked in every.items()
        },
    )


def faults_table(models: Sequence[str], photos: int, counts: Mapping[str, Count]) -> str:
    """The counts as a Markdown table."""
    lines = [
        f"| of {photos} pictures | {' | '.join(models)} | {models[0]} minus {models[1]} [95 %] |",
        "|---|---|---|---|",
    ]
    for category, count in counts.items():
        lines.append(
            f"| {category} | {' | '.join(map(str, count.pictures))} | {count.difference:+.0%} |"
        )
    return "\n".join(lines)

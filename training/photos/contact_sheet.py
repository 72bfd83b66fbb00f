"""A sheet of photos side by side, to be looked at before the figures."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.program.files import write_result

GAP = 4
HEADING = 18


def draw_contact_sheet(
    columns: Mapping[str, Sequence[NDArray[np.uint8]]], groups: int = 2, side: int = 160
) -> Image.Image:
    """One row a photo, one column a version of it (heading -> uint8 [H, W, 3]).

    Rows are laid out in `groups` blocks beside each other, each picture `side` pixels wide.
    """
    rows = len(next(iter(columns.values())))
    block_rows = -(-rows // groups)
    cell = side + GAP
    block_width = cell * len(columns) + 3 * GAP
    sheet = Image.new("RGB", (block_width * groups, HEADING + cell * block_rows), "white")
    draw = ImageDraw.Draw(sheet)
    for column, (heading, pictures) in enumerate(columns.items()):
        for group in range(groups):
            draw.text((group * block_width + column * cell + 2, 2), heading, fill="black")
        for row, picture in enumerate(pictures):
            group, place = divmod(row, block_rows)
            small = Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS)
            sheet.paste(small, (group * block_width + column * cell, HEADING + place * cell))
    return sheet


def write_contact_sheet(path: Path, columns: Mapping[str, Sequence[NDArray[np.uint8]]]) -> None:
    """Write the sheet as a PNG."""
    sheet = draw_contact_sheet(columns)
    with write_result(path) as scratch:
        sheet.save(scratch, format="PNG", optimize=True)

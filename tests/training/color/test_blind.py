"""Two models in a random order, marks made by hand, and whose faults they were."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from training.color.blind import (
    CATEGORIES,
    GAP,
    LABEL,
    SIDE,
    count_marks,
    create_blind_folder,
    faults_table,
    write_blind,
)
from training.program.errors import UsageError

RED, BLUE = (200, 0, 0), (0, 0, 200)


def flat(color: tuple[int, int, int]) -> np.ndarray:
    return np.full((20, 20, 3), color, np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Twelve photos; the model `red` makes red pictures, `blue` blue ones."""
    folder = tmp_path / "blind"
    create_blind_folder(folder)
    names = [f"{number}.png" for number in range(12)]
    write_blind(folder, names, {"red": [flat(RED)] * 12, "blue": [flat(BLUE)] * 12})
    return folder


def mark(folder, wrong: dict[str, str]) -> None:
    """Write an x for `picture: category` of each picture of a color."""
    key = json.loads((folder / "key.json").read_text())
    with (folder / "faults.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        maker = key["made by"][int(row["picture"][:-1]) - 1]["AB".index(row["picture"][-1])]
        if maker in wrong:
            row[wrong[maker]] = "x"
    with (folder / "faults.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0].keys())
        table.writeheader()
        table.writerows(rows)


def test_the_pages_show_each_photo_by_both_models_in_the_order_of_the_key(folder):
    key = json.loads((folder / "key.json").read_text())
    assert key["photos"][11] == "11.png" and key["models"] == ["red", "blue"]
    firsts = [order[0] for order in key["made by"]]
    assert firsts.count("red") == firsts.count("blue") == 6
    assert firsts != sorted(firsts) and firsts != sorted(firsts, reverse=True)
    assert sorted(path.name for path in folder.glob("*.png")) == ["page-01.png", "page-02.png"]
    for number, order in enumerate(key["made by"]):
        page, place = divmod(number, 10)
        with Image.open(folder / f"page-{page + 1:02d}.png") as picture:
            for k, maker in enumerate(order):
                x = (place % 2) * (2 * SIDE + 3 * GAP) + k * (SIDE + GAP) + SIDE // 2
                y = (place // 2) * (SIDE + LABEL + GAP) + LABEL + SIDE // 2
                assert picture.getpixel((x, y)) == {"red": RED, "blue": BLUE}[maker]


def test_marks_are_counted_by_model(folder):
    models, photos, none = count_marks(folder)
    assert (models, photos) == (["red", "blue"], 12)
    assert all(count.pictures == [0, 0] for count in none.values())
    mark(folder, {"red": "gray skin"})
    counts = count_marks(folder)[2]
    assert list(counts) == [*CATEGORIES, "any of these"]
    for category in ("gray skin", "any of these"):
        assert counts[category].pictures == [12, 0]
        assert counts[category].difference.mean == 1
    assert counts["brown cast"].pictures == [0, 0]
    assert "| gray skin | 12 | 0 | +100% [+100%, +100%] |" in faults_table(*count_marks(folder))


@pytest.mark.parametrize(
    ("encoding", "style"),
    [
        ("utf-8", {"delimiter": ";"}),
        ("utf-8-sig", {"delimiter": ",", "lineterminator": "\r\n"}),
        ("utf-8", {"delimiter": "\t", "quoting": csv.QUOTE_ALL}),
    ],
)
def test_marks_that_a_spreadsheet_has_saved_are_read(folder, encoding, style):
    mark(folder, {"red": "pink, red or violet patch"})
    path = folder / "faults.csv"
    rows = list(csv.reader(path.read_text().splitlines()))
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, **style).writerows(rows)
    assert count_marks(folder)[2]["pink, red or violet patch"].pictures == [12, 0]


def test_folder_with_marks_is_not_overwritten(folder):
    with pytest.raises(UsageError, match="may hold marks already"):
        create_blind_folder(folder)


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("key.json", None, "No such file"),
        ("key.json", "{}", "no whole key.json"),
        ("faults.csv", "picture,gray skin\n1A,x\n", "no whole key.json and faults.csv"),
    ],
)
def test_invalid_marks_are_one_line(folder, file, text, message):
    (folder / file).write_text(text) if text else (folder / file).unlink()
    with pytest.raises(UsageError, match=message):
        count_marks(folder)

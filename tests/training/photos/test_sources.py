"""Finding and decoding photos."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from tests.training.pictures import jpeg
from training.photos.sources import DataError, decode, find


def test_finds_pictures_in_folders_and_zips(tmp_path):
    deep = tmp_path / "photos" / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "one.JPG").write_bytes(jpeg(1))
    (deep / "notes.txt").write_text("no picture")
    archive = tmp_path / "more.zip"
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("x/two.jpg", jpeg(2))
        z.writestr("readme.md", "no picture")
    found = find([tmp_path / "photos", archive])
    assert [f.name.rpartition("/")[2] for f in found] == ["one.JPG", "two.jpg"]
    assert [f.read() for f in found] == [jpeg(1), jpeg(2)]


@pytest.mark.parametrize("name", ["empty", "absent", "text.zip", "damaged.zip"])
def test_says_what_is_wrong_with_a_source(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "damaged.zip", "w") as z:
        z.writestr("two.jpg", jpeg(2))
    whole = (tmp_path / "damaged.zip").read_bytes()
    (tmp_path / "damaged.zip").write_bytes(whole.replace(b"PK\x01\x02", b"PK??"))
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("not a zip")
    with pytest.raises(DataError, match=name):
        find([tmp_path / name])


def test_decodes_the_right_way_up():
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:20] = (255, 0, 0)  # red on top
    exif = Image.Exif()
    exif[0x0112] = 3  # the camera was upside down
    file = io.BytesIO()
    Image.fromarray(pixels[::-1]).save(file, "PNG", exif=exif)
    assert decode(file.getvalue(), 16)[0, 8].tolist() == [255, 0, 0]

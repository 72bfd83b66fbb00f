"""Finding, reading and parting photos."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from training.photos import DataError, PhotoFile, decode, find, load


def jpeg(seed: int = 0, size=(60, 40), gray: bool = False) -> bytes:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (size[1] // 10, size[0] // 10, 3), np.uint8)
    if gray:
        pixels[:] = pixels[..., :1]
    file = io.BytesIO()
    Image.fromarray(pixels).resize(size).save(file, "JPEG", quality=95)
    return file.getvalue()


def files(*contents: bytes) -> list[PhotoFile]:
    return [PhotoFile(str(i), lambda c=c: c) for i, c in enumerate(contents)]


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


@pytest.mark.parametrize("name", ["empty", "absent", "text.zip"])
def test_says_what_is_wrong_with_a_source(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("not a zip")
    with pytest.raises(DataError, match=name):
        find([tmp_path / name])


def test_leaves_out_and_counts_what_teaches_nothing():
    good = [jpeg(seed) for seed in range(12)]
    photos = load(files(*good, b"junk", jpeg(0)[:300], jpeg(5, gray=True)), 32, 0.2, 5)
    assert (photos.unreadable, photos.near_gray) == (2, 1)
    assert len(photos.training) + len(photos.validation) == 12
    assert photos.training.shape[1:] == (32, 32, 3)


def test_nothing_to_learn_from_is_an_error():
    with pytest.raises(DataError, match="1 unreadable, 1 without color"):
        load(files(b"junk", jpeg(0, gray=True)), 32, 0.2, 5)


def test_copies_of_a_photo_stay_on_one_side():
    contents = [jpeg(seed) for seed in range(20)]
    photos = load(files(*contents, *contents), 32, 0.5, 100)
    learned = {photo.tobytes() for photo in photos.training}
    held_back = {photo.tobytes() for photo in photos.validation}
    assert len(learned) + len(held_back) == 20
    assert not learned & held_back


def test_parts_do_not_depend_on_names_or_order():
    contents = [jpeg(seed) for seed in range(20)]
    one = load(files(*contents), 32, 0.3, 100)
    other = load(files(*reversed(contents)), 32, 0.3, 100)
    assert {p.tobytes() for p in one.validation} == {p.tobytes() for p in other.validation}


def test_a_few_photos_are_enough():
    photos = load(files(jpeg(1), jpeg(2)), 32, 0.05, 5)
    assert (len(photos.training), len(photos.validation)) == (1, 1)
    photos = load(files(jpeg(1)), 32, 0.05, 5)
    assert (len(photos.training), len(photos.validation)) == (1, 1)


def test_decodes_the_right_way_up():
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:20] = (255, 0, 0)  # red on top
    exif = Image.Exif()
    exif[0x0112] = 3  # the camera was upside down
    file = io.BytesIO()
    Image.fromarray(pixels[::-1]).save(file, "PNG", exif=exif)
    assert decode(file.getvalue(), 16)[0, 8].tolist() == [255, 0, 0]

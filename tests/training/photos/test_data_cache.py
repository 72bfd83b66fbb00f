"""Photos are decoded once, left out where they teach nothing, and parted by their content."""

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from tests.training.pictures import files, jpeg
from training.photos import cache_writer, data_cache
from training.photos.colorfulness import colorfulness
from training.photos.data_cache import load
from training.photos.sources import DataError, PhotoFile, decode, find

ROOT = Path(__file__).resolve().parents[3]


def contents(photos) -> set[bytes]:
    return {photo.tobytes() for photo in photos}


def test_useless_photos_are_skipped_and_counted(tmp_path):
    good = [jpeg(seed) for seed in range(12)]
    cache = load(files(*good, b"junk", jpeg(0)[:300], jpeg(5, gray=True), good[3]), 32, tmp_path)
    assert (cache.unreadable, cache.near_gray, cache.copies) == (2, 1, 1)
    assert cache.rgb.shape == (12, 32, 32, 3)
    for photo, data in zip(cache.rgb, good, strict=True):
        np.testing.assert_array_equal(photo, decode(data, 32))
    parts = cache.split(0.2, 5)
    assert parts.training.shape[1:] == parts.validation.shape[1:] == (32, 32, 3)
    assert len(parts.training) + len(parts.validation) == 12


def test_pictures_without_color_stay_where_they_are_wanted(tmp_path):
    cache = load(files(jpeg(0), jpeg(5, gray=True)), 32, tmp_path, min_chroma=0.0)
    assert (len(cache), cache.near_gray) == (2, 0)


def test_nothing_to_learn_from_is_an_error_and_leaves_nothing(tmp_path):
    with pytest.raises(DataError, match="1 unreadable, 1 without color"):
        load(files(b"junk", jpeg(0, gray=True)), 32, tmp_path)
    assert list(tmp_path.iterdir()) == []


def zip_of(path: Path, *photos: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for index, data in enumerate(photos):
            archive.writestr(f"{index}.jpg", data)
    return path


def test_the_second_start_decodes_nothing(tmp_path, monkeypatch):
    progress = []
    photos = zip_of(tmp_path / "photos.zip", *map(jpeg, range(5)))
    first = load(find([photos]), 32, tmp_path / "cache", progress=lambda *p: progress.append(p))
    assert progress == [(done, 5) for done in range(1, 6)]

    monkeypatch.setattr(cache_writer, "decode", None)  # what calls it would find every file broken
    moved = photos.rename(tmp_path / "moved.zip")
    again = load(find([moved]), 32, tmp_path / "cache")
    assert (again.unreadable, len(again)) == (0, 5)
    assert isinstance(again.rgb, np.memmap)
    np.testing.assert_array_equal(first.rgb, again.rgb)


def test_changed_photos_are_read_again(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(3):
        (folder / f"{seed}.jpg").write_bytes(jpeg(seed))
    cache = tmp_path / "cache"
    one = load(find([folder]), 32, cache)
    path = folder / "1.jpg"
    path.write_bytes(jpeg(9))
    os.utime(path, ns=(1, 1))
    other = load(find([folder]), 32, cache)
    assert len(contents(one.rgb) - contents(other.rgb)) == 1
    assert load(find([folder]), 16, cache).rgb.shape == (3, 16, 16, 3)
    assert len(list(cache.iterdir())) == 3


def png(pixels: np.ndarray, note: str) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("comment", note)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def test_no_photo_is_ever_on_both_sides(tmp_path):
    pixels = [np.asarray(Image.open(io.BytesIO(jpeg(seed)))) for seed in range(20)]
    photos = [png(p, "") for p in pixels]
    retold = [png(p, "the same photo, another file") for p in pixels]
    for share in (0.0, 0.05, 0.5, 1.0):
        for count, some in enumerate([photos + photos, photos + retold, [*photos[:2], photos[0]]]):
            parts = load(files(*some), 32, tmp_path / str(count)).split(share, 100)
            learned, held_back = contents(parts.training), contents(parts.validation)
            assert not learned & held_back
            assert learned
            assert held_back
            assert len(learned) + len(held_back) == (2 if count == 2 else 20)


def test_parts_do_not_depend_on_names_or_order(tmp_path):
    pixels = [np.asarray(Image.open(io.BytesIO(jpeg(seed)))) for seed in range(20)]
    photos = [png(p, note) for p in pixels for note in ("one", "another")]
    one = load(files(*photos), 32, tmp_path / "1").split(0.3, 100)
    other = load(files(*reversed(photos)), 32, tmp_path / "2").split(0.3, 100)
    assert contents(one.validation) == contents(other.validation)


def named(*names: str) -> list[PhotoFile]:
    return [
        PhotoFile(f"photos.zip:folder/{name}", lambda seed=seed: jpeg(seed), name)
        for seed, name in enumerate(names)
    ]


def test_shares_are_of_the_photos_whose_names_fit(tmp_path):
    names = [
        f"{kind}-{number}.jpg" for kind in ("product", "face", "scene") for number in range(30)
    ]
    cache = load(named(*names), 32, tmp_path)
    assert cache.names == names
    shares = [("product*", 0.0), ("face-*", 0.5), ("*", 1.0)]
    all_, some = cache.split(0.1, 9), cache.split(0.1, 9, shares)
    np.testing.assert_array_equal(all_.validation, some.validation)

    def learned(kind: int, parts: data_cache.Split) -> int:
        return len(contents(cache.rgb[30 * kind : 30 * (kind + 1)]) & contents(parts.training))

    assert learned(0, some) == 0
    assert 0.2 < learned(1, some) / learned(1, all_) < 0.8
    assert learned(2, some) == learned(2, all_) > 20
    # The same ones, whatever else there is, and from a cache that was read before.
    again = load(named(*names), 32, tmp_path).split(0.1, 9, [("[fp]*", 0.5)])
    assert learned(1, again) == learned(1, some)
    with pytest.raises(DataError, match="no photo to learn from"):
        cache.split(0.1, 9, [("*", 0.0)])


def test_dull_photos_may_be_left_out_on_both_sides(tmp_path):
    cache = load(files(*map(jpeg, range(40))), 32, tmp_path)
    np.testing.assert_allclose(cache.colorfulness, [colorfulness(photo) for photo in cache.rgb])
    middle = float(np.median(cache.colorfulness))
    all_, vivid = cache.split(0.3, 99), cache.split(0.3, 99, min_colorfulness=middle)
    for before, after in ((all_.training, vivid.training), (all_.validation, vivid.validation)):
        expected = {photo.tobytes() for photo in before if colorfulness(photo) >= middle}
        assert contents(after) == expected
        assert 0 < len(after) < len(before)
    with pytest.raises(DataError, match="lower min_colorfulness"):
        cache.split(0.3, 99, min_colorfulness=1000.0)


def test_validation_photos_are_limited_and_never_trained_on(tmp_path):
    cache = load(files(*map(jpeg, range(20))), 32, tmp_path)
    few, all_ = cache.split(0.5, 2), cache.split(0.5, 100)
    assert len(few.validation) == 2
    assert contents(few.training) == contents(all_.training)


def test_a_single_photo_is_not_enough(tmp_path):
    photos = load(files(jpeg(1), jpeg(1)), 32, tmp_path / "1")
    with pytest.raises(DataError, match="at least two different ones"):
        photos.split(0.05, 5)
    parts = load(files(jpeg(1), jpeg(2)), 32, tmp_path / "2").split(0.05, 5)
    assert (len(parts.training), len(parts.validation)) == (1, 1)


def test_rows_are_read_as_an_array_is(tmp_path):
    cache = load(files(*map(jpeg, range(6))), 32, tmp_path)
    view = data_cache.View(cache.rgb, np.array([4, 2, 0]))
    np.testing.assert_array_equal(view[1], cache.rgb[2])
    np.testing.assert_array_equal(view[1:], cache.rgb[[2, 0]])
    np.testing.assert_array_equal(view[np.array([2, 0])], cache.rgb[[0, 4]])
    np.testing.assert_array_equal(np.stack(list(view)), cache.rgb[[4, 2, 0]])
    assert not isinstance(view[0], np.memmap)
    assert view.shape == (3, 32, 32, 3)


def test_a_cache_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DataError, match="--cache-dir"):
        load(files(jpeg(1)), 32, tmp_path / "file")


FILLS_THE_DISK = """
import resource, sys
from pathlib import Path
from training.photos import data_cache, sources

resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    data_cache.load(sources.find([Path(sys.argv[1])]), 64, Path(sys.argv[2]))
except sources.DataError as error:
    print(error)
"""


def run(script: str, *arguments: object) -> str:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path):
    photos = zip_of(tmp_path / "photos.zip", *map(jpeg, range(5)))
    output = run(FILLS_THE_DISK, photos, tmp_path / "cache")
    assert "File too large" in output
    assert "--cache-dir" in output
    assert list((tmp_path / "cache").iterdir()) == []


def test_killed_run_is_cleaned_up(tmp_path):
    (tmp_path / ".photos-0.part").mkdir()
    load(files(jpeg(1)), 32, tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_two_at_once_make_one_cache(tmp_path):
    """A second run finishes the same photos while the first still reads them."""
    inner = files(*map(jpeg, range(3)))

    def read() -> bytes:
        script = "import sys\nfrom pathlib import Path\n"
        script += "from training.photos import data_cache, sources\n"
        script += "data_cache.load(sources.find([Path(sys.argv[1])]), 32, Path(sys.argv[2]))\n"
        run(script, photos, tmp_path / "cache")
        return inner[0].read()

    photos = zip_of(tmp_path / "photos.zip", *(file.read() for file in inner))
    slow = [*find([photos])]
    slow[0] = PhotoFile(slow[0].name, read, slow[0].stamp)
    assert len(load(slow, 32, tmp_path / "cache")) == 3
    assert len(list((tmp_path / "cache").iterdir())) == 1


LARGER_THAN_MEMORY = """
import resource, sys
from pathlib import Path
from PIL import Image
import numpy as np
from training.photos import cache_writer, data_cache, sources

def used():  # MB of this process's own, mapped files not counted
    with open("/proc/self/status") as status:
        return next(int(l.split()[1]) for l in status if l.startswith("RssAnon")) // 1024

def file(index):
    def read():
        peak[0] = max(peak[0], used() if index % 64 == 0 else 0)
        rng = np.random.default_rng(index)
        pixels = Image.fromarray(rng.integers(0, 256, (4, 4, 3), np.uint8)).resize((256, 256))
        pixels.save(name := Path(sys.argv[1]) / f"{index}.bmp")
        data = name.read_bytes()
        name.unlink()
        return data
    return sources.PhotoFile(str(index), read, str(index))

peak = [0]
cache_writer.CHUNK_SIZE = 64
before = used()
cache = data_cache.load([file(i) for i in range(1500)], 256, Path(sys.argv[1]) / "cache")
peak[0] = max(peak[0], used())
print(cache.rgb.nbytes >> 20, peak[0] - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_memory_stays_bounded(tmp_path):
    size, grown = map(int, run(LARGER_THAN_MEMORY, tmp_path).split())
    assert size > 280  # MB on disk
    assert grown < 120

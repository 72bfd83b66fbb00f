"""Many photos at once: `python -m color_client PHOTO ... --out FOLDER`."""

import io
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from color_client import coloring
from color_client.settings import Settings
from photo_client import batch_plan
from photo_client.batch import Batch
from photo_client.batch_plan import BadPlan, Job, plan
from photo_client.stamp import is_complete
from pictures import formats, metadata
from pictures.encode import encode
from predict_url.predictor import Predictor as Asker
from tests.color_client.pictures import file_of, luminance_error, opened, scene
from tests.color_client.predictors import Predictor, answers, slow
from tests.color_client.program import ROOT


def run(predictor, *arguments, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "color_client", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "URL": predictor.url, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def write(path: Path, seed: int = 0, kind: str = "JPEG", **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file_of(scene(60, 40, seed, "L"), kind, **options))
    return path


@pytest.fixture
def batch_of():
    """Makes a batch in this process that asks the predict URL given."""
    askers = []

    def batch_of(predictor: Predictor, at_once: int, **options) -> Batch:
        settings = Settings(url=predictor.url)
        asker = Asker(predictor.url)
        askers.append(asker)
        return Batch(
            coloring.maker({"vividness": 1.0}, settings, asker),
            settings,
            at_once,
            **options,
        )

    yield batch_of
    for asker in askers:
        asker.close()


def test_photos_become_pictures_with_their_names_and_dates(predictor, tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.DateTime] = "1999:12:31 23:59:59"
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.IFD.Exif] = {ExifTags.Base.DateTimeOriginal: "1961:04:12 06:07:00"}
    first = write(tmp_path / "in" / "first.jpg", 1, exif=exif)
    second = write(tmp_path / "in" / "second.scan.tif", 2, "TIFF")
    broken = tmp_path / "in" / "broken.jpg"
    broken.write_bytes(first.read_bytes()[:300])
    out = tmp_path / "out"

    done = run(predictor, first, second, broken, tmp_path / "none.jpg", "--out", out)
    assert done.returncode == 1 and done.stdout == ""
    output = done.stderr.splitlines()
    assert output[0] == "2 made, 0 there already, 2 failed."
    assert "broken.jpg: The picture is broken or cut short." in done.stderr
    assert "none.jpg: No such file or directory" in done.stderr
    assert sorted(path.name for path in out.iterdir()) == ["first.png", "second.scan.png"]

    after = opened((out / "first.png").read_bytes())
    assert after.size == (40, 60)
    before = opened(first.read_bytes()).transpose(Image.Transpose.ROTATE_270)
    assert luminance_error(before, after) <= 1
    kept = after.getexif()
    assert kept[ExifTags.Base.DateTime] == "1999:12:31 23:59:59"
    assert kept.get_ifd(ExifTags.IFD.Exif) == {
        ExifTags.Base.DateTimeOriginal: "1961:04:12 06:07:00"
    }
    assert ExifTags.Base.Orientation not in kept, "it is upright already"
    assert not opened((out / "second.scan.png").read_bytes()).getexif()

    # The same command goes on: what is there and whole stays, what is cut short is made again.
    whole = (out / "first.png").read_bytes()
    (out / "first.png").write_bytes(whole[:-1])
    requests = len(predictor.seen)
    again = run(predictor, first, second, "--out", out)
    assert again.returncode == 0
    assert again.stderr.splitlines()[0] == "1 made, 1 there already, 0 failed."
    assert len(predictor.seen) == requests + 1
    assert (out / "first.png").read_bytes() == whole
    assert run(predictor, first, second, "--out", out, "--again").returncode == 0
    assert len(predictor.seen) == requests + 3


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["a.jpg"], "--out"),
        (["--out", "x"], "name the photos"),
        (["a.jpg", "--out", "x", "--vividness", "3"], "'3' must be a number from 0 to 2"),
        (["a.jpg", "--out", "x", "--at-once", "0"], "'0' must be a whole number from 1"),
        (["a.jpg", "--out", "x", "--strength", "1"], "unknown argument '--strength'"),
        (["a.jpg", "--out", "pyproject.toml"], "is a file"),
        (["one/a.jpg", "two/a.jpg", "--out", "x"], "would both be written to x/a.jpg.png"),
    ],
)
def test_bad_arguments_are_one_line(predictor, arguments, named):
    done = run(predictor, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1 and named in done.stderr
    assert predictor.seen == []


def test_a_progress_bar_with_the_time_left(predictor, tmp_path):
    """On a terminal, that is; elsewhere only the summary is written."""
    for each in range(6):
        write(tmp_path / "album" / f"{each}.jpg", each)
    predictor.behavior = slow(0.3)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "color_client", tmp_path / "album", "--out", tmp_path / "out"]
        + ["--at-once", "2"],
        cwd=ROOT, env={**os.environ, "URL": predictor.url}, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while True:
        try:
            data = os.read(ours, 65_536)
        except OSError:
            break
        if not data:
            break
        shown += data
    os.close(ours)
    assert process.wait(60) == 0
    text = shown.decode()
    assert "6/6" in text and "100%" in text and "<00:0" in text, text
    assert "6 made" in text


def test_ctrl_c_finishes_what_is_in_progress_and_the_rest_goes_on_later(predictor, tmp_path):
    photos = [write(tmp_path / f"{each}.jpg", each) for each in range(12)]
    out = tmp_path / "out"
    predictor.behavior = slow(0.5)
    command = [sys.executable, "-m", "color_client", *photos, "--out", out, "--at-once", "2"]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "URL": predictor.url}, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    while len(predictor.seen) < 3:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=60)[1]
    assert process.returncode == 130 and "the same command goes on" in output, output
    assert "Traceback" not in output
    made = list(out.iterdir())
    assert 0 < len(made) < 12 and all(is_complete(path) and path.suffix == ".png" for path in made)
    predictor.behavior = None
    done = run(predictor, *photos, "--out", out)
    assert done.returncode == 0
    assert f"{12 - len(made)} made, {len(made)} there already" in done.stderr


def test_ctrl_c_again_ends_it_at_once(predictor, tmp_path):
    predictor.behavior = slow(60)
    photo, out = write(tmp_path / "a.jpg"), tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-m", "color_client", photo, "--out", out],
        cwd=ROOT, env={**os.environ, "URL": predictor.url}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not predictor.seen:
        assert process.poll() is None
        time.sleep(0.02)
    started = time.monotonic()
    while process.poll() is None:
        assert time.monotonic() - started < 50
        process.send_signal(signal.SIGINT)
        time.sleep(1)
    assert process.returncode == 130
    assert process.communicate()[1] == "stopped; the same command goes on from here\n"
    assert not out.exists()


def test_several_at_once(predictor, batch_of, tmp_path):
    together = threading.Barrier(3)

    def behave(handler, request):
        together.wait(30)
        handler.predict(request)

    predictor.behavior = behave
    jobs = [
        Job(write(tmp_path / f"{each}.jpg", each), tmp_path / f"{each}.png") for each in range(3)
    ]
    assert batch_of(predictor, 3).run(jobs) == 0


def test_busy_or_unreachable_model_is_retried(predictor, batch_of, tmp_path):
    turns = iter([answers(503, b"starting", "text/plain"), answers(504, b"late", "text/plain")])

    def behave(handler, request):
        next(turns, lambda handler, request: handler.predict(request))(handler, request)

    predictor.behavior = behave
    job = Job(write(tmp_path / "a.jpg"), tmp_path / "a.png")
    assert batch_of(predictor, 1).run([job]) == 0
    assert len(predictor.seen) == 3 and is_complete(job.target)


def test_unreachable_model_ends_the_batch(batch_of, tmp_path, capsys):
    gone = Predictor()
    gone.stop()
    jobs = [Job(write(tmp_path / f"{each}.jpg"), tmp_path / f"{each}.png") for each in range(20)]
    started = time.monotonic()
    assert batch_of(gone, 2, retry_for_s=1).run(jobs) == 1
    assert time.monotonic() - started < 30
    output = capsys.readouterr().err
    assert "0 made" in output and "cannot be reached" in output
    assert "not done yet; the same command goes on from here" in output


def test_a_folder_that_cannot_be_written_is_a_failure_with_its_reason(
    predictor, batch_of, tmp_path, capsys
):
    (tmp_path / "out").write_text("a file")
    job = Job(write(tmp_path / "a.jpg"), tmp_path / "out" / "deep" / "a.png")
    assert batch_of(predictor, 1).run([job]) == 1
    assert "Not a directory" in capsys.readouterr().err


def test_names(tmp_path):
    for name in ("a.jpg", "a.tif", "B.JPG", "b.png", "sub/c.webp", "sub/.hidden.jpg", "notes.txt"):
        (tmp_path / "album" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "album" / name).touch()
    out = tmp_path / "album" / "out"
    (out / "album").mkdir(parents=True)
    (out / "album" / "a.png").touch()  # made before, no photo
    targets = {
        str(job.photo.relative_to(tmp_path.resolve())): str(job.target.relative_to(out))
        for job in plan([tmp_path / "album", tmp_path / "album" / "a.jpg"], out)
    }
    assert targets == {
        "album/B.JPG": "album/B.JPG.png",
        "album/a.jpg": "album/a.jpg.png",
        "album/a.tif": "album/a.tif.png",
        "album/b.png": "album/b.png.png",
        "album/sub/c.webp": "album/sub/c.png",
    }
    (only,) = plan([tmp_path / "album" / "notes.txt"], out)
    assert only.target == out / "notes.txt.png"


def test_a_photo_is_never_overwritten(tmp_path):
    (tmp_path / "a.png").touch()
    with pytest.raises(BadPlan, match="is one of the photos"):
        plan([tmp_path / "a.png"], tmp_path)


def test_every_format_that_is_read_is_found_in_folders():
    names = {name for name, kind in Image.registered_extensions().items()
             if kind in formats.FORMATS}  # fmt: skip
    assert names - {".apng", ".pfm", ".avifs"} <= batch_plan.SUFFIXES | batch_plan.OTHER_SUFFIXES


def test_a_file_name_may_be_as_long_as_names_can_be(predictor, batch_of, tmp_path):
    """As many bytes as the file system takes, and two that are the same for most of it."""
    album = tmp_path / "album"
    stems = ["x" * 250, "ö" * 125, "y" * 242 + "-one", "y" * 242 + "-two"]
    for stem in stems:
        write(album / f"{stem}.jpg")
    write(album / f"{stems[0]}.gif", kind="GIF")  # its name is longer with both suffixes
    write(album / "Gr\udcf6\udcdfe.jpg")  # Latin-1, as old archives have it
    jobs = plan([album], tmp_path / "out")
    assert len({job.target for job in jobs}) == 6
    assert all(len(os.fsencode(job.target.name)) <= 255 for job in jobs)
    assert batch_of(predictor, 2).run(jobs) == 0
    assert all(is_complete(job.target) for job in jobs)
    assert len(list((tmp_path / "out" / "album").iterdir())) == 6
    requests = len(predictor.seen)
    assert batch_of(predictor, 2).run(jobs) == 0 and len(predictor.seen) == requests


def test_pictures_that_cannot_be_read_are_counted_and_named(predictor, tmp_path):
    album = tmp_path / "album"
    write(album / "a.jpg")
    for each in range(25):
        (album / f"{each:02}.psd").write_bytes(b"8BPS" + bytes(100))
    (album / "09-raw.cr3").write_bytes(b"....ftypcrx " + bytes(100))
    for name in ("Thumbs.db", ".DS_Store", "._a.jpg", "a.xmp", "a.aae", "movie.mp4", "notes.txt"):
        (album / name).write_bytes(b"no photo")
    done = run(predictor, album, "--out", tmp_path / "out")
    assert done.returncode == 1
    first, *others = done.stderr.splitlines()
    assert first == "1 made, 0 there already, 26 failed."
    alike, alone = others
    assert alike.startswith("  25 photos: ") and "Photoshop" in alike
    assert "00.psd" in alike and alike.endswith("and 15 more)")
    assert "09-raw.cr3: " in alone
    assert [path.name for path in (tmp_path / "out" / "album").iterdir()] == ["a.png"]


def test_changed_settings_or_photo_remake_the_picture(predictor, tmp_path):
    photo, out = write(tmp_path / "a.jpg", 1), tmp_path / "out"

    def summary(*arguments) -> str:
        done = run(predictor, photo, "--out", out, *arguments)
        assert done.returncode == 0
        return done.stderr.splitlines()[0]

    made, there = "1 made, 0 there already, 0 failed.", "0 made, 1 there already, 0 failed."
    assert summary() == made and summary() == there
    assert summary("--vividness", "0.5") == made
    assert summary("--vividness", "0.50") == there
    os.utime(photo)
    assert summary("--vividness", "0.5") == there, "the same photo, touched"
    write(photo, 2)
    assert summary("--vividness", "0.5") == made
    # What somebody has worked on, so that our note in it is gone, is not ours to overwrite.
    (out / "a.png").write_bytes(file_of(scene(60, 40)))
    assert summary() == there
    assert summary("--again") == made


def test_every_page_of_a_tiff(predictor, tmp_path):
    album = tmp_path / "album"
    album.mkdir()
    pages = [scene(60 + page, 40, page, "L") for page in range(3)]
    pages[0].save(album / "scan.tif", save_all=True, append_images=pages[1:])
    write(album / "scan-2.jpg", 9)  # whose name is that of a page
    write(album / "one.tif", kind="TIFF")
    thumbnail = scene(10, 8, 1, "L")
    thumbnail.encoderinfo = {"tiffinfo": {254: 1}}
    pages[1].save(album / "with-thumbnail.tif", save_all=True, append_images=[thumbnail])
    out = tmp_path / "out"
    done = run(predictor, album, "--out", out)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (out / "album").iterdir()) == [
        "one.png", "scan-1.png", "scan-2.jpg.png", "scan-3.png", "scan.tif-2.png",
        "with-thumbnail.png",
    ]  # fmt: skip
    names = ("scan-1.png", "scan.tif-2.png", "scan-3.png")
    for page, name in zip(pages, names, strict=True):
        after = opened((out / "album" / name).read_bytes())
        assert after.size == page.size and luminance_error(page, after) <= 1


def test_photos_that_have_color_are_counted_and_can_be_left_out(predictor, tmp_path):
    gray, out = write(tmp_path / "gray.jpg"), tmp_path / "out"
    colored = tmp_path / "colored.jpg"
    colored.write_bytes((ROOT / "samples" / "dahlia.jpg").read_bytes())
    done = run(predictor, gray, colored, "--out", out, "--skip-color")
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "1 made, 0 there already, 0 failed.",
        "1 left out: color is in them already.",
    ]
    assert not (out / "colored.png").exists()
    done = run(predictor, gray, colored, "--out", out)
    assert done.returncode == 0
    assert done.stderr.splitlines()[0] == "1 made, 1 there already, 0 failed."
    assert "1 of those made had color already" in done.stderr and "--skip-color" in done.stderr


def test_progress_where_there_is_no_terminal(predictor, batch_of, tmp_path, capsys):
    jobs = [Job(write(tmp_path / f"{n}.jpg", n), tmp_path / f"{n}.png") for n in range(3)]
    go_on = threading.Event()

    def behave(handler, request):
        if len(predictor.seen) > 1:
            go_on.wait(30)
        handler.predict(request)

    predictor.behavior = behave
    batch = batch_of(predictor, 1, line_every_s=0.05)
    threading.Timer(0.5, go_on.set).start()
    assert batch.run(jobs) == 0
    lines = capsys.readouterr().err.splitlines()
    assert any(re.fullmatch(r"1 of 3 photos, 00:0\d so far, 00:0\d left", line) for line in lines)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_dates_in_every_format_that_is_written(kind):
    exif = Image.Exif()
    exif[ExifTags.IFD.Exif] = {ExifTags.Base.DateTimeDigitized: "2001:02:03 04:05:06"}
    exif[ExifTags.Base.Make] = "a camera"
    photo = Image.open(io.BytesIO(file_of(scene(20, 10), "JPEG", exif=exif)))
    data = encode(
        np.zeros((4, 4, 3), np.uint8),
        None,
        f"image/{kind.lower()}",
        metadata.read(photo).select("dates"),
    )
    kept = opened(data).getexif()
    assert kept.get_ifd(ExifTags.IFD.Exif) == {
        ExifTags.Base.DateTimeDigitized: "2001:02:03 04:05:06"
    }
    assert ExifTags.Base.Make not in kept


def test_broken_exif_is_no_date():
    photo = Image.open(io.BytesIO(file_of(scene(20, 10), "JPEG", exif=b"Exif\0\0II*\0\xff\xff")))
    assert metadata.read(photo).exif() == b""

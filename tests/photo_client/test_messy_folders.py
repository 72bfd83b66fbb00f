"""Folders as they are found: every photo has its picture or a reason, and every reason one line."""

import errno
import os
from pathlib import Path

import pytest

from photo_client.batch import _DISK_FULL, Batch
from photo_client.batch_plan import BadPlan, Job, plan
from photo_client.batch_report import Outcome, summary
from photo_client.settings import ClientSettings


def targets(folder: Path, out: Path) -> list[str]:
    return sorted(job.target.relative_to(out / folder.name).name for job in plan([folder], out))


def test_links_pipes_and_loops(tmp_path):
    album, out = tmp_path / "album", tmp_path / "out"
    (album / "sub").mkdir(parents=True)
    (album / "a.jpg").touch()
    (album / "sub" / "itself").symlink_to(album)
    (album / "loop.jpg").symlink_to("loop.jpg")
    (album / "gone.jpg").symlink_to("/nowhere")
    (album / "folder.jpg").symlink_to(album)
    os.mkfifo(album / "pipe.jpg")
    # What is lost is told of, by a job that fails; a pipe is no photo.
    assert targets(album, out) == ["a.png", "gone.png", "loop.png"]
    assert [job.target for job in plan([album / "loop.jpg"], out)] == [out / "loop.png"]
    for odd in (album / "pipe.jpg", Path("/dev/zero")):
        with pytest.raises(BadPlan, match="is neither a file nor a folder"):
            plan([odd], out)


def test_unreadable_paths_fail_with_the_reason(tmp_path, monkeypatch):
    """As root everything can be, so the system's refusals are ours here."""
    album, out = tmp_path / "album", tmp_path / "out"
    (album / "closed").mkdir(parents=True)
    (album / "hidden.jpg").touch()

    def stat(path: Path, **options: bool) -> os.stat_result:
        if path.name == "hidden.jpg":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return looked(path, **options)

    def scandir(path: str):
        if Path(path).name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return found(path)

    looked, found = Path.stat, os.scandir
    monkeypatch.setattr(Path, "stat", stat)
    monkeypatch.setattr(os, "scandir", scandir)
    assert targets(album, out) == ["closed.png", "hidden.png"]


def test_control_characters_in_names_are_escaped():
    names = ["a\nb.jpg", "\x1b[31mred.jpg", "caf\udce9.jpg", "\u202egpj.exe", "Größe 猫.jpg"]
    shown = r"a\nb.jpg, \x1b[31mred.jpg, caf\udce9.jpg, \u202egpj.exe, Größe 猫.jpg"
    lines = summary([(Path(name), Outcome("failed", "It is broken.")) for name in names])
    assert lines == ["0 made, 0 there already, 5 failed.", f"  5 photos: It is broken. ({shown})"]


@pytest.mark.parametrize("number", _DISK_FULL)
def test_a_full_disk_ends_it_with_nothing_half_written(tmp_path, monkeypatch, capsys, number):
    """No photo more is sent to the model; the same command goes on when there is room."""
    made = []

    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:10])
        raise OSError(number, os.strerror(number))

    class Making(Batch):
        def _with_retries(self, data, page, hints):
            made.append(data)
            return bytes(100), False

    monkeypatch.setattr(Path, "write_bytes", full)
    jobs = []
    for each in range(20):
        (tmp_path / f"{each}.jpg").touch()
        jobs.append(Job(tmp_path / f"{each}.jpg", tmp_path / "out" / f"{each}.png"))
    assert Making(None, ClientSettings(), 1).run(jobs) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(made) == 1 and list((tmp_path / "out").iterdir()) == []
    assert lines == [
        "0 made, 0 there already, 1 failed.",
        f"  {jobs[0].photo}: cannot write to {tmp_path / 'out'}: {os.strerror(number)}.",
        "19 not done yet; the same command goes on from here.",
    ]

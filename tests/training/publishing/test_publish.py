"""Contract 1: what stands in an export root, whatever happens to the run that writes it."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from training.cli import main
from training.program.errors import UsageError
from training.publishing.publish import open_run, publish, reserve_version
from training.publishing.version_folder import PublishError, VersionFolder, versions


def fill_for(version: int):
    def fill(folder: Path) -> dict:
        (folder / str(version)).mkdir()
        (folder / str(version) / "saved_model.pb").write_text("graph")
        (folder / "contact-sheet.png").write_text("sheet")
        return {"note": "kept"}

    return fill


def tree(root: Path) -> set[str]:
    return {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()}


PUBLISHED = {"1/saved_model.pb", "v1/1/saved_model.pb", "v1/contact-sheet.png", "v1/training.json"}


def test_publishes_the_whole_tree(tmp_path):
    place, published = reserve_version(tmp_path, None, "abc")
    assert (place.version, published) == (1, False)
    assert publish(place, "abc", fill_for(1)) == tmp_path / "v1" / "1"
    assert tree(tmp_path) == PUBLISHED
    record = json.loads((tmp_path / "v1" / "training.json").read_text())
    assert record == {"fingerprint": "abc", "note": "kept"}
    # Hard links: the same file under two names.
    assert (tmp_path / "1/saved_model.pb").samefile(tmp_path / "v1/1/saved_model.pb")


def test_copies_where_links_are_refused(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    publish(reserve_version(tmp_path, 1, "abc")[0], "abc", fill_for(1))
    assert tree(tmp_path) == PUBLISHED
    assert not (tmp_path / "1/saved_model.pb").samefile(tmp_path / "v1/1/saved_model.pb")


def test_takes_the_next_free_number(tmp_path):
    publish(reserve_version(tmp_path, 3, "abc")[0], "abc", fill_for(3))
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "8").mkdir()  # somebody else's: taken all the same
    assert versions(tmp_path) == [3, 8]
    assert reserve_version(tmp_path, None, "def") == (VersionFolder(tmp_path, 9), False)


def test_a_restarted_job_finds_its_own_version(tmp_path):
    publish(reserve_version(tmp_path, None, "abc")[0], "abc", fill_for(1))
    for version in (None, 1):
        assert reserve_version(tmp_path, version, "abc") == (VersionFolder(tmp_path, 1), True)


def test_another_configuration_never_replaces_a_version(tmp_path):
    publish(reserve_version(tmp_path, 1, "abc")[0], "abc", fill_for(1))
    with pytest.raises(UsageError, match="version 1 .* another configuration"):
        reserve_version(tmp_path, 1, "def")


def test_incomplete_publication_is_completed(tmp_path):
    publish(reserve_version(tmp_path, 1, "abc")[0], "abc", fill_for(1))
    (tmp_path / "1" / "saved_model.pb").unlink()
    (tmp_path / "1").rmdir()
    assert reserve_version(tmp_path, 1, "abc")[1]
    assert tree(tmp_path) == PUBLISHED


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_where_it_is_completed_leaves_what_was_there(tmp_path, monkeypatch):
    publish(reserve_version(tmp_path, 1, "abc")[0], "abc", fill_for(1))
    shutil.rmtree(tmp_path / "1")
    for name in ("link", "fsync"):
        monkeypatch.setattr(os, name, full)
        with pytest.raises(PublishError, match="cannot write version 1 under .*No space left"):
            reserve_version(tmp_path, 1, "abc")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["v1"]
        monkeypatch.undo()
    assert reserve_version(tmp_path, 1, "abc")[1]
    assert tree(tmp_path) == PUBLISHED


def test_a_full_disk_where_it_is_completed_is_one_line(tmp_path, monkeypatch, capsys):
    from training.color.command import training_parser
    from training.color.configuration import configuration

    arguments = ["--data", "samples", "--export-root", str(tmp_path)]
    fingerprint = configuration(training_parser().parse_args(arguments)).fingerprint
    publish(reserve_version(tmp_path, 1, fingerprint)[0], fingerprint, fill_for(1))
    shutil.rmtree(tmp_path / "1")
    monkeypatch.setattr(os, "link", full)
    assert main(arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("python -m training: cannot write version 1 under ")


def test_two_starts_that_complete_it_at_once(tmp_path, monkeypatch):
    publish(reserve_version(tmp_path, 1, "abc")[0], "abc", fill_for(1))
    shutil.rmtree(tmp_path / "1")

    def another_is_faster(*arguments, **options):
        monkeypatch.undo()
        assert reserve_version(tmp_path, 1, "abc")[1]
        return shutil.copytree(*arguments, **options)

    monkeypatch.setattr(shutil, "copytree", another_is_faster)
    assert reserve_version(tmp_path, 1, "abc")[1]
    assert tree(tmp_path) == PUBLISHED
    assert not list(tmp_path.glob(".*"))


def test_a_root_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(UsageError, match="--export-root"):
        reserve_version(tmp_path / "file", 1, "abc")


def test_two_runs_for_one_number(tmp_path):
    place, _ = reserve_version(tmp_path, 1, "abc")
    other, _ = reserve_version(tmp_path, 1, "def")
    publish(place, "abc", fill_for(1))
    with pytest.raises(PublishError, match="another run meanwhile"):
        publish(other, "def", fill_for(1))
    assert tree(tmp_path) == PUBLISHED


def test_a_full_disk_leaves_nothing(tmp_path):
    def fill(folder: Path) -> dict:
        (folder / "1").mkdir()
        (folder / "1" / "saved_model.pb").write_text("half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(PublishError, match="No space left"):
        publish(reserve_version(tmp_path, 1, "abc")[0], "abc", fill)
    assert list(tmp_path.iterdir()) == []


KILLED = """
import sys, time
from pathlib import Path
from training.publishing.publish import publish, reserve_version

def fill(folder):
    (folder / "1").mkdir()
    (folder / "1" / "saved_model.pb").write_text("half of it")
    print("writing", flush=True)
    time.sleep(60)

root = Path(sys.argv[1])
publish(reserve_version(root, 1, "abc")[0], "abc", fill)
"""


def test_killed_while_writing_leaves_no_version(tmp_path):
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGKILL)
    assert versions(tmp_path) == []
    # The next start sweeps up, and publishes.
    place, _ = reserve_version(tmp_path, 1, "abc")
    assert list(tmp_path.iterdir()) == []
    publish(place, "abc", fill_for(1))
    assert tree(tmp_path) == PUBLISHED


def test_killed_at_any_moment_there_is_a_whole_version_or_none(tmp_path):
    script = KILLED.replace("time.sleep(60)", "return {}")
    for attempt in range(12):
        root = tmp_path / str(attempt)
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(root)], stdout=subprocess.PIPE, text=True
        )
        process.stdout.readline()
        time.sleep(attempt * 0.0005)
        process.kill()
        process.wait()
        process.stdout.close()
        for version in versions(root):
            served = [root / f"v{version}" / str(version), root / str(version)]
            assert served[0].is_dir()
            for folder in filter(Path.exists, served):
                assert (folder / "saved_model.pb").read_text() == "half of it"
        reserve_version(root, 1, "abc")
        assert not list(root.glob(".*"))


def test_an_unfinished_run_is_found_again(tmp_path):
    publish(reserve_version(tmp_path, 1, "old")[0], "old", fill_for(1))
    place, _ = reserve_version(tmp_path, None, "abc")
    with open_run(place, "abc") as folder:
        assert folder == tmp_path / ".checkpoints" / "v2"
        (folder / "step-5.npz").touch()
    assert reserve_version(tmp_path, None, "abc") == (VersionFolder(tmp_path, 2), False)
    # Without a number another configuration goes by; with this one it must say that it means it.
    assert reserve_version(tmp_path, None, "def") == (VersionFolder(tmp_path, 3), False)
    with pytest.raises(UsageError, match="unfinished: .* --start-over"):
        reserve_version(tmp_path, 2, "def")
    assert (folder / "step-5.npz").exists()
    reserve_version(tmp_path, 2, "def", start_over=True)
    assert not folder.exists()


def test_checkpoints_are_removed_on_publication(tmp_path):
    place, _ = reserve_version(tmp_path, None, "abc")
    with open_run(place, "abc"):
        publish(place, "abc", fill_for(1))
    assert tree(tmp_path) == PUBLISHED
    assert not (tmp_path / ".checkpoints").exists()
    # Killed between the two: the next start, which finds the version, sees to it.
    (tmp_path / ".checkpoints" / "v1").mkdir(parents=True)
    reserve_version(tmp_path, 1, "abc")
    assert tree(tmp_path) == PUBLISHED
    assert not (tmp_path / ".checkpoints").exists()


def test_two_processes_never_train_one_version(tmp_path):
    place, _ = reserve_version(tmp_path, 1, "abc")
    script = "import sys\nfrom pathlib import Path\nfrom training.publishing.publish import *\n"
    script += "with open_run(VersionFolder(Path(sys.argv[1]), 1), 'abc'):\n"
    script += "    print('in', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout.readline() == "in\n"
        another = pytest.raises(PublishError, match="another process is training version 1")
        with another, open_run(place, "abc"):
            pass
        process.kill()
    with open_run(place, "abc"):
        pass
    with pytest.raises(PublishError, match="another run meanwhile"), open_run(place, "def"):
        pass

"""Files and folders that appear whole or not at all, whoever else writes and is killed."""

import signal
import subprocess
import sys

import pytest

from training.program.errors import CommandError
from training.program.files import (
    flush_file,
    remove_leftovers,
    scratch_folder,
    write_result,
    write_then_rename,
)

WRITES = """
import sys
from pathlib import Path
from training.program.files import scratch_folder, write_then_rename

place = Path(sys.argv[1])
with scratch_folder(place, "run"), write_then_rename(place / "data.zip") as file:
    file.write_text("half of it")
    print("writing", flush=True)
    input()
"""


def test_leftovers_of_killed_processes_are_removed(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", WRITES, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout.readline() == "writing\n"
        with scratch_folder(tmp_path, "run") as mine, write_then_rename(tmp_path / "data.zip") as f:
            f.write_text("mine")
            remove_leftovers(tmp_path, "run")
            assert len(list(tmp_path.iterdir())) == 4
            assert mine.is_dir()
        assert len(list(tmp_path.iterdir())) == 3
        process.send_signal(signal.SIGKILL)
    remove_leftovers(tmp_path, "run")
    remove_leftovers(tmp_path, "data.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["data.zip"]
    assert (tmp_path / "data.zip").read_text() == "mine"


def test_the_content_is_on_the_disk_before_the_name(tmp_path, monkeypatch):
    path = tmp_path / "record.json"
    flushed = []

    def flush(scratch):
        assert not path.exists()
        flushed.append(scratch.read_text())
        flush_file(scratch)

    monkeypatch.setattr("training.program.files.flush_file", flush)
    with write_then_rename(path) as scratch:
        scratch.write_text("whole")
    assert flushed == ["whole"]
    assert path.read_text() == "whole"


def test_unwritable_result_is_reported(tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "sheet.png"
    with pytest.raises(CommandError, match=f"cannot write {path}: "), write_result(path):
        pass

"""`python -m soak` with the real programs, at a small scale; and that it can fail."""

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from soak import cli
from soak.report import Part
from tests.running import run


def soak(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return run("soak", *arguments, seconds=400)


@pytest.mark.long(1)
@pytest.mark.slow
def test_a_small_soak(tmp_path):
    done = soak("--client", "color", "--only", "uploads,shutdown", "--uploads", 50,
                "--keep", tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "50 hostile uploads" in done.stdout and done.stdout.count("| held |") == 2
    assert not (tmp_path / "found").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--uploads", "0"), "'0' is no whole number"),
        (("--only", "uploads,chaos"), "'chaos' is none of uploads, load"),
        (("--client", "cluster"), "cluster"),
    ],
)
def test_wrong_command_line(arguments, says):
    done = soak(*arguments)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and says in done.stderr


@pytest.mark.parametrize(("violations", "code"), [([], 0), (["color load: a 500"], 1)])
def test_a_violation_is_a_line_and_an_exit_code(monkeypatch, capsys, tmp_path, violations, code):
    part = Part("color", "load", "much", Counter({"200": 1}), violations=violations)
    monkeypatch.setattr(cli, "_soak", lambda options, folder, found: found.append(part))
    assert cli.main(["--keep", str(tmp_path)]) == code
    out = capsys.readouterr().out
    assert out.count("VIOLATION") == len(violations)
    assert ("VIOLATION color load: a 500\n" in out) == bool(violations)

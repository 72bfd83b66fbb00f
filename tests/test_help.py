"""Every program's --help says what it does within 100 columns; a wrong flag is refused."""

import dataclasses
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from training.cli import COMMANDS
from training.color.recipe import Recipe as ColorRecipe
from training.style.recipe import StyleRecipe

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = [
    "-m training",
    "-m training evaluate",
    "-m training unblind",
    "-m training export",
    "-m training style",
    "-m training style evaluate",
    "-m training hub",
    "-m serving",
    "-m color_client",
    "-m color_client feedback",
    "-m style_client",
    "-m local",
    *(f"-m local {name}" for name in ("up", "diff", "render", "validate", "ls", "logs", "status")),
    *(f"-m local {name}" for name in ("down", "feedback", "promote")),
    "-m bench",
    "-m soak",
    "-m tests.cluster",
    "Dockerfiles/build.py",
    "deploy/set_registry.py",
    "samples/make_gallery.py",
    "samples/make_gray.py",
    "samples/styles/draw.py",
    *(f"docs/{path.name}" for path in sorted(ROOT.glob("docs/*.py"))),
]


def run(program: str, flag: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *program.split(), flag],
        cwd=ROOT, env={**os.environ, "COLUMNS": "100"}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_says_how_to_call_the_program_within_100_columns(program):
    done = run(program, "--help")
    assert done.returncode == 0
    assert program in done.stdout
    assert [line for line in done.stdout.splitlines() if len(line) > 100] == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_wrong_flag_is_one_line_and_exit_code_2(program):
    done = run(program, "--no-such-flag")
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "--no-such-flag" in line or "required" in line


def test_the_help_of_training_names_its_commands():
    help_text = run("-m training", "--help").stdout
    named = re.findall(r"^  python -m training ([a-z]+(?: [a-z]+)?)  +\S", help_text, re.M)
    assert {name.split()[0] for name in named} == {"evaluate", *COMMANDS}
    assert {f"-m training {name}" for name in named} == {
        program for program in PROGRAMS if program.startswith("-m training ")
    }


def test_every_program_package_is_covered():
    files = subprocess.run(
        ["git", "ls-files", "*/__main__.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    programs = {
        path.removesuffix("/__main__.py").replace("/", ".") for path in files.stdout.split()
    }
    assert programs == {program.split()[1] for program in PROGRAMS if program.startswith("-m ")}


def test_every_program_file_is_covered():
    """A person runs those; Dockerfiles/requirements.py is run by the images' builds alone."""
    folders = ("Dockerfiles", "deploy", "docs", "samples", "samples/styles")
    paths = [path for folder in folders for path in (ROOT / folder).glob("*.py")]
    programs = {
        path.relative_to(ROOT).as_posix() for path in paths if "__main__" in path.read_text()
    }
    covered = {program for program in PROGRAMS if not program.startswith("-m ")}
    assert programs - covered == {"Dockerfiles/requirements.py"}


def test_each_value_of_a_recipe_has_its_meaning_beside_its_flag():
    for command, recipe in (("", ColorRecipe), ("style", StyleRecipe)):
        help_text = " ".join(run(f"-m training {command}", "--help").stdout.split())
        source = inspect.getsource(recipe)
        for field in dataclasses.fields(recipe)[1:]:
            (meaning,) = re.findall(rf"^    {field.name}: .*?  # (.+)$", source, re.M)
            flag = f"--{field.name.replace('_', '-')}"
            assert re.search(rf"{flag} \S+ {re.escape(meaning)}", help_text), flag

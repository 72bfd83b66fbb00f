"""Every program's --help is there, and fits into 100 columns."""

import dataclasses
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

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
    "Dockerfiles/build.py",
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_fits_into_100_columns(program):
    done = subprocess.run(
        [sys.executable, *program.split(), "--help"],
        cwd=ROOT, env={**os.environ, "COLUMNS": "100"}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0
    assert "usage" in done.stdout.lower()
    assert [line for line in done.stdout.splitlines() if len(line) > 100] == []


def test_every_package_that_is_a_program_is_asked():
    programs = {path.parent.name for path in ROOT.glob("*/__main__.py")}
    assert programs == {program.split()[1] for program in PROGRAMS if program.startswith("-m ")}


def test_each_value_of_a_recipe_has_its_meaning_beside_its_flag():
    for command, recipe in (("", ColorRecipe), ("style", StyleRecipe)):
        done = subprocess.run(
            [sys.executable, "-m", "training", *command.split(), "--help"],
            cwd=ROOT, env={**os.environ, "COLUMNS": "100"}, capture_output=True, text=True,
        )  # fmt: skip
        said = " ".join(done.stdout.split())
        source = inspect.getsource(recipe)
        for field in dataclasses.fields(recipe)[1:]:
            (meaning,) = re.findall(rf"^    {field.name}: .*?  # (.+)$", source, re.M)
            flag = f"--{field.name.replace('_', '-')}"
            assert re.search(rf"{flag} \S+ {re.escape(meaning)}", said), flag

"""web/ serves any service: no word of it is about pictures."""

import re
from pathlib import Path

import pytest

import web

MODULES = sorted(Path(web.__file__).parent.glob("*.py"))
# What web/__init__.py says it knows nothing of.
DISCLAIMED = "Knows nothing of pictures or tensors"
WORDS = re.compile(
    r"photo|picture|image|pixel|paint|(?<!\w)colou?r(?!way)|style|\bPIL\b|predict|tensor(?!flow)",
    re.I,
)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_no_word_about_pictures(module):
    lines = module.read_text().replace(DISCLAIMED, "").splitlines()
    assert [line for line in lines if WORDS.search(line)] == []

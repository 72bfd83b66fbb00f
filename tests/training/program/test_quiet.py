"""Notes are held back, and never what says why a program ended."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("ending", "code", "shown"),
    [
        ("pass", 0, False),
        ("raise ValueError('no')", 1, True),
        ("os._exit(1)", 1, True),  # as C++ code ends a process, past every `finally`
        ("os.abort()", -6, True),
    ],
)
def test_held_output_is_shown_on_failure(ending, code, shown, tmp_path):
    script = f"""
import os
from training.program.quiet import hold_standard_error
with hold_standard_error():
    os.write(2, b'a note\\n')
    {ending}
"""
    environment = {"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True, text=True, cwd=ROOT, env=environment, timeout=60,
    )  # fmt: skip
    assert done.returncode == code
    assert ("a note\n" in done.stderr) == shown
    assert list(tmp_path.iterdir()) == []

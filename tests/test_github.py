"""What GitHub reads calls what is here."""

import re
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent


def test_the_workflow_runs_what_must_pass():
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]
    runs = {name: [step.get("run", "") for step in job["steps"]] for name, job in jobs.items()}
    assert ".ci/run" in runs["linux"]
    (test,) = (run for run in runs["macos"] if "pytest" in run and "install" not in run)
    folders = [word for word in test.split() if word.startswith("tests/")]
    assert folders
    assert all((ROOT / folder).is_dir() for folder in folders)


def test_hooks_are_the_commands_of_make_lint():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    output = subprocess.run(
        ["make", "-n", "-o", ".venv/.dev", "lint"], cwd=ROOT, capture_output=True, text=True
    ).stdout
    linted = re.findall(r"\.venv/bin/(ruff \w+|mypy)", output)
    entries = [hook["entry"].removeprefix(".venv/bin/") for hook in hooks]
    assert [
        " ".join(entry.split()[:2]).removesuffix(" --force-exclude") for entry in entries
    ] == linted

"""A client's installation and start: megabytes to install, seconds to import."""

import shutil
import statistics
import sys
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path

from bench.report import Goal, PartResult, Table
from bench.run_command import output_of

ROOT = Path(__file__).resolve().parent.parent
IMPORT_ROUNDS = 5
MEGABYTES_GOAL = 140.0


def measure_size(log: Callable[[str], None]) -> PartResult:
    """Install `.[client]` into a fresh environment and weigh it. Needs the package registry.

    Raises CannotMeasure if it cannot be installed.
    """
    log("installing the client into a fresh environment")
    with tempfile.TemporaryDirectory(prefix="bench-client-") as scratch:
        # From a copy: a build leaves folders behind beside the sources.
        source = Path(scratch, "source")
        ignored = shutil.ignore_patterns(".*", "__pycache__", "build", "*.egg-info", "models")
        shutil.copytree(ROOT, source, ignore=ignored)
        environment = Path(scratch, "venv")
        # As `python -m venv` does: copies of a Python of 7 MB are not what is installed.
        venv.create(environment, with_pip=True, symlinks=True)
        command = [environment / "bin" / "python", "-m", "pip", "install", "--quiet"]
        command += ["--disable-pip-version-check", "-c", ROOT / "constraints.txt"]
        output_of([*map(str, command), f"{source}[client]"], "the client cannot be installed")
        whole = _megabytes(environment)
        pip = sum(_megabytes(folder) for folder in environment.glob("lib/*/site-packages/pip*"))
    return PartResult(
        tables=[
            Table(
                "Environment of a client (MB)",
                ["", "with pip", "without pip"],
                [["`pip install .[client]`", f"{whole:.1f}", f"{whole - pip:.1f}"]],
            )
        ],
        goals=[
            Goal(
                f"a client's environment under {MEGABYTES_GOAL:.0f} MB",
                f"{whole:.1f} MB with pip, {whole - pip:.1f} MB without",
                whole < MEGABYTES_GOAL,
            )
        ],
        numbers={"megabytes_with_pip": whole, "megabytes_without_pip": whole - pip},
    )


def measure_imports(log: Callable[[str], None]) -> PartResult:
    """Import the client's application and TensorFlow in fresh processes, in turns."""
    log("importing the client and TensorFlow")
    seconds: dict[str, list[float]] = {"color_client.app": [], "tensorflow": []}
    for number in range(IMPORT_ROUNDS + 1):
        for module, taken in seconds.items():
            once = _import_seconds(module)
            if number:  # the first reads from the disk
                taken.append(once)
    client, tensorflow = (statistics.median(taken) for taken in seconds.values())
    return PartResult(
        tables=[
            Table(
                f"Import in a fresh process (s, median of {IMPORT_ROUNDS})",
                ["`color_client.app`", "`tensorflow`", "ratio"],
                [[f"{client:.2f}", f"{tensorflow:.2f}", f"{client / tensorflow:.2f}"]],
            )
        ],
        goals=[
            Goal(
                "the client imports in under a quarter of TensorFlow's time",
                f"{client:.2f} s to {tensorflow:.2f} s, {client / tensorflow:.2f}",
                client < tensorflow / 4,
            )
        ],
        numbers={"seconds": seconds},
    )


def _import_seconds(module: str) -> float:
    code = (
        "import time; started = time.perf_counter(); "
        f"import {module}; print(time.perf_counter() - started)"
    )
    return float(output_of([sys.executable, "-c", code], f"{module} cannot be imported"))


def _megabytes(folder: Path) -> float:
    """Size of all files below, in units of 1,000,000 bytes; links count nothing."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6

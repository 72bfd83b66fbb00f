"""`python -m local.shipped_models`, which the images color-model and style-model run."""

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def run(*words: str) -> subprocess.CompletedProcess[str]:
    # -S: without site-packages, as in the image.
    return subprocess.run(
        [sys.executable, "-S", "-m", "local.shipped_models", *words],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_copies_once(tmp_path):
    first = run("style", str(tmp_path))
    assert (first.returncode, first.stdout) == (0, "model/1 copied\n"), first.stderr
    again = run("style", str(tmp_path))
    assert (again.returncode, again.stdout) == (0, "model/1 is there already\n")


def test_bad_arguments_and_folders_are_one_line(tmp_path):
    usage = run("styles", str(tmp_path))
    assert (usage.returncode, usage.stderr) == (
        2, "usage: python -m local.shipped_models color|style FOLDER\n",
    )  # fmt: skip
    (tmp_path / "file").write_text("")
    place = tmp_path / "file"
    failed = run("style", str(place))
    assert failed.returncode == 1
    assert failed.stderr == (
        f"python -m local.shipped_models: {ROOT}/models/style/1 cannot be copied to "
        f"{place}/model/1: Not a directory\n"
    )


def test_a_full_disk_is_one_line_and_leaves_no_half_copy(tmp_path):
    # The operating system refuses every byte beyond 64 kB a file, as a full disk would.
    done = subprocess.run(
        ["sh", "-c", 'ulimit -f 64; exec "$@"', "sh", sys.executable, "-m", "local.shipped_models",
         "style", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"python -m local.shipped_models: {ROOT}/models/style/1 cannot be ")
    assert "File too large" in line
    assert len(line) < 400
    assert list((tmp_path / "model").iterdir()) == []


def test_sigterm_ends_it_and_leaves_no_half_copy(tmp_path):
    # A disk so slow that the signal comes in the middle.
    script = (
        "import shutil, sys, time\n"
        "from local import shipped_models\n"
        "def slow(source, target, **_):\n"
        "    target.mkdir(); print('half', flush=True); time.sleep(300)\n"
        "shipped_models.shutil.copytree = slow\n"
        f"sys.exit(shipped_models.main(['style', {str(tmp_path)!r}]))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"half\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 128 + signal.SIGTERM
    process.stdout.close()
    assert list((tmp_path / "model").iterdir()) == []

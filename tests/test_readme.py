"""The README's commands, as they stand there, by a newcomer: a fresh clone in an empty folder."""

import os
import re
import signal
import socket
import subprocess
import zipfile
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent


def commands() -> list[str]:
    """The shell blocks of the README, in order."""
    return re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.S)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    if not stopped():
        pytest.skip("the ports 3333 and 8501, which the README names, are in use")
    return tmp_path_factory.mktemp("newcomer")


def stopped() -> bool:
    """Whether nothing listens where the service does."""
    for port in (3333, 8501):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return False
    return True


def start(command: str, folder: Path) -> tuple[subprocess.Popen, list[str]]:
    """Run `command` until it prints the line to try; the process and what it printed."""
    # Another checkout's environment must not help.
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    # Nor may what a newcomer has set for other installations harm.
    environment |= {"PIP_USER": "1", "PIP_TARGET": str(folder / "elsewhere")}
    process = subprocess.Popen(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "curl -F" in line:
            return process, lines
    raise AssertionError("".join(lines))


def press_ctrl_c(process: subprocess.Popen) -> int:
    """What a terminal does: SIGINT to the whole foreground group."""
    os.killpg(process.pid, signal.SIGINT)
    process.stdout.read()
    code = process.wait(30)
    process.stdout.close()
    return code


def try_curl(command: str, folder: Path) -> None:
    subprocess.run(["bash", "-c", command], cwd=folder, check=True, capture_output=True)
    upload = re.search(r"@(\S+)", command)[1]
    with Image.open(folder / upload) as photo, Image.open(folder / "color.png") as colored:
        assert colored.size == photo.size
        assert colored.mode == "RGB"


def try_shoebox(command: str, folder: Path) -> None:
    (folder / "shoebox").mkdir()
    for photo in sorted((ROOT / "samples" / "gray").glob("*.jpg"))[:2]:
        (folder / "shoebox" / photo.name).write_bytes(photo.read_bytes())
    # As a newcomer's shell: no URL is set.
    environment = {k: v for k, v in os.environ.items() if k != "URL"}
    subprocess.run(
        ["bash", "-ec", command], cwd=folder, check=True, capture_output=True, env=environment
    )
    for photo in (folder / "shoebox").iterdir():
        made = [folder / out / "shoebox" / f"{photo.stem}.png" for out in ("colored", "painted")]
        with Image.open(made[0]) as colored, Image.open(made[1]) as painted:
            assert colored.size == painted.size
            assert colored.tobytes() != painted.tobytes()


def test_every_command_runs_after_make_up():
    """In the README and in the pages it leads to: by the environment that `make up` made."""
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for block in re.findall(r"^```.*?^```", page.read_text(), re.S | re.M):
            bare = re.findall(r"^\s*(?:\$ )?(?:[A-Z_]+=\S+ )*python -m .*", block, re.M)
            assert not bare, f"{page.name}: {bare}"


@pytest.mark.long(4)
@pytest.mark.slow
def test_the_first_screen_then_training(folder):
    install, curl, shoebox, style, train, *_ = commands()
    process, lines = start(install.replace("REPOSITORY", str(ROOT)), folder)
    checkout = folder / "colorway"
    try:
        try_curl(curl, checkout)
        # The line that it prints is one to paste, too.
        printed = next(line for line in lines if "curl -F" in line)
        try_curl(printed[printed.index("curl") :], checkout)
        try_shoebox(shoebox, checkout)
        try_curl(style, checkout)
        with (
            Image.open(checkout / "color.png") as color,
            Image.open(checkout / "style.png") as painted,
        ):
            assert painted.size == color.size
            assert painted.tobytes() != color.tobytes()
    finally:
        press_ctrl_c(process)

    process, lines = start("make up", checkout)
    # make itself dies of the signal, after what it runs has ended well.
    assert press_ctrl_c(process) in (-signal.SIGINT, 128 + signal.SIGINT, 2)
    assert stopped()
    assert not [line for line in lines if "Installing" in line]  # the second start is short

    training, serve = train.strip().splitlines()
    (checkout / "my-photos").mkdir()
    with zipfile.ZipFile(checkout / "more.zip", "w") as archive:
        for index, photo in enumerate(sorted((ROOT / "samples").glob("*.jpg"))):
            target = checkout / "my-photos" / photo.name
            target.write_bytes(photo.read_bytes())
            if index < 3:
                archive.write(photo, photo.name)
    short = " --samples 64 --samples-per-epoch 32"
    subprocess.run(
        ["bash", "-c", training + short], cwd=checkout, check=True, capture_output=True, text=True
    )
    process, _ = start(serve, checkout)
    try:
        try_curl(curl, checkout)
    finally:
        assert press_ctrl_c(process) == 0


def test_every_make_target_of_the_readme_exists():
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True).stdout
    targets = {line.split()[0] for line in listed.splitlines() if line.strip()}
    assert set(re.findall(r"`make ([a-z-]+)`", (ROOT / "README.md").read_text())) <= targets

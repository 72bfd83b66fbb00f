"""The Dockerfiles by their text, and what builds them, with no container engine."""

import json
import os
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from local.applications.images import COPIES_TO, IMAGES, PUBLISHES_TO, SERVING_IMAGE
from local.rendering.kubernetes.pods import USER
from tests.test_boundaries import ALLOWED, OURS, imported_packages, modules

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "Dockerfiles"
DOCKERFILES = sorted(FOLDER.glob("*.Dockerfile"))
EVERY = [*DOCKERFILES, *sorted((ROOT / "tests" / "images" / "stand_in").rglob("Dockerfile"))]
BUILD = runpy.run_path(str(FOLDER / "build.py"))
# The article's images run by their names; its old name for style-model is no image of its own.
ARTICLES = {name: image for name, image in IMAGES.items() if name != "tfmodel"}
SERVERS = {"model-server", "tensorflow-serving"}
SERVICES = {"color-serving", "style-serving"} | SERVERS


def name_of(path: Path) -> str:
    return path.name.removesuffix(".Dockerfile")


def instructions(path: Path) -> list[tuple[str, str]]:
    """(INSTRUCTION, the rest) of each, without comments, lines joined."""
    kept = [line for line in path.read_text().splitlines() if not re.match(r"\s*#", line)]
    text = "\n".join(kept).replace("\\\n", " ")
    return [tuple(line.split(maxsplit=1)) for line in text.splitlines() if line.strip()]


def last_stage(path: Path) -> list[tuple[str, str]]:
    every = instructions(path)
    start = max(index for index, (word, _) in enumerate(every) if word == "FROM")
    return every[start:]


def only(path: Path, word: str) -> str:
    """The one instruction `word` of the last stage."""
    (rest,) = [rest for each, rest in last_stage(path) if each == word]
    return rest


def hadolint(path: Path) -> subprocess.CompletedProcess[str]:
    command = Path(sys.executable).with_name("hadolint")
    return subprocess.run([command, path], capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("path", EVERY, ids=name_of)
def test_hadolint_finds_nothing(path):
    done = hadolint(path)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_hadolint_detects_problems(tmp_path):
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM python\nRUN cd /tmp && sudo pip install flask\n")
    done = hadolint(bad)
    assert done.returncode == 1
    assert {"DL3006", "DL3003", "DL3004"} <= set(re.findall(r"DL\d+", done.stdout))


@pytest.mark.parametrize("path", EVERY, ids=name_of)
def test_ignored_lint_rules_have_a_reason(path):
    lines = path.read_text().splitlines()
    for before, line in zip(["", *lines], lines, strict=False):
        if "hadolint ignore" in line:
            assert before.startswith("# "), f"{path.name}: say why before {line}"


@pytest.mark.parametrize("path", DOCKERFILES, ids=name_of)
def test_base_images_are_pinned(path):
    every = instructions(path)
    defaults = dict(rest.split("=", 1) for word, rest in every if word == "ARG" and "=" in rest)
    for word, rest in every:
        if word == "FROM":
            base = re.sub(r"\$\{(\w+)\}", lambda match: defaults[match[1]], rest.split()[0])
            # With its registry: an engine that asks for none would ask for one of its own.
            assert re.fullmatch(r"docker\.io/[a-z/]+:\d+\.\d+[a-z0-9.-]*", base), base


@pytest.mark.parametrize("path", DOCKERFILES, ids=name_of)
def test_final_stage(path):
    name = name_of(path)
    stage = last_stage(path)
    assert only(path, "USER") == f"{USER}:{USER}"
    labels = only(path, "LABEL")
    for label in ("title", "description", "licenses"):
        assert f"org.opencontainers.image.{label}=" in labels
    assert f'title="{name}"' in labels
    assert (only(path, "HEALTHCHECK") != "NONE") == (name in SERVICES)
    assert only(path, "ENTRYPOINT").startswith('["')  # a shell would keep the signals to itself
    assert not [rest for word, rest in stage if "pip install" in rest or "apt" in rest.split()]
    # The licenses of what is in it.
    weights = [rest for word, rest in instructions(path) if word == "COPY" and "models/" in rest]
    assert ("CC-BY-NC-4.0" in labels) == bool(weights)


@pytest.mark.parametrize("path", [*EVERY, FOLDER / "build.py", FOLDER / "local_base.sh"],
                         ids=lambda path: path.name)  # fmt: skip
def test_nothing_is_machine_specific(path):
    text = path.read_text()
    assert not re.findall(r"/(?:home|root|work|Users)/", text)
    hosts = set(re.findall(r"https?://([\w.]+)", text))
    assert hosts <= {"127.0.0.1", "HOST", "deb.debian.org"}


def test_image_names_match_local_and_deploy():
    names = {name_of(path) for path in DOCKERFILES}
    assert set(BUILD["NAMES"]) == names == set(ARTICLES) | SERVERS
    used = set()
    for file in (ROOT / "deploy").glob("*.yaml"):
        for found in re.findall(r"image: (\S+)", file.read_text()):
            registry, _, last = found.rpartition("/")
            if registry == "":
                continue  # an official one, which is not built here
            name, tag = last.split(":")
            used.add(name)
            assert tag.startswith("v1"), f"{file.name}: make images tags v1"
    assert used == set(ARTICLES)


@pytest.mark.parametrize("name", ARTICLES)
def test_image_runs_what_local_runs(name):
    path = FOLDER / f"{name}.Dockerfile"
    image = ARTICLES[name]
    if image.models:
        assert only(path, "ENTRYPOINT") == '["python", "-m", "local.shipped_models"]'
        assert only(path, "CMD") == f'["{image.models}", "{COPIES_TO}"]'
        assert f"install -d -o {USER} -g {USER} {COPIES_TO}" in path.read_text()
    else:
        assert only(path, "ENTRYPOINT") == f'["python", "-m", "{image.module}"]'
    if image.module == "training":
        assert f"install -d -o {USER} -g {USER} {PUBLISHES_TO}" in path.read_text()


def started(path: Path) -> str | None:
    """The package of ours that the image starts as a program; None if there is none."""
    command = json.loads(only(path, "ENTRYPOINT"))
    package = command[2] if command[:2] == ["python", "-m"] else ""
    return package if package in ALLOWED else None


def needed(package: str) -> set[str]:
    """A package of ours and all of ours that it imports, lazily, too."""
    found, waiting = set(), {package}
    while waiting:
        each = waiting.pop()
        found.add(each)
        every = modules(each).items()
        waiting |= {name for item in every for name in imported_packages(*item)} & OURS - found
    return found


@pytest.mark.parametrize("path", [each for each in DOCKERFILES if started(each)], ids=name_of)
def test_all_that_the_program_imports_is_in_the_image(path):
    copied = {
        source
        for word, rest in instructions(path)
        if word == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    }
    assert copied & OURS == needed(started(path))


def test_tensorflow_serving_is_the_one_that_is_rendered():
    path = FOLDER / "tensorflow-serving.Dockerfile"
    assert ("ARG", f"SERVING_IMAGE=docker.io/{SERVING_IMAGE}") in instructions(path)


def test_the_images_share_one_base():
    bases = {
        rest
        for path in DOCKERFILES
        for word, rest in instructions(path)
        if word == "ARG" and rest.startswith("PYTHON_IMAGE=")
    }
    assert len(bases) == 1


def test_build_context_has_only_what_images_need():
    rules = [
        line for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]  # fmt: skip
    assert rules[0] == "*"
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    assert all((ROOT / each).exists() for each in allowed)
    copied = {
        source.partition("$")[0].rstrip("/")
        for path in DOCKERFILES
        for word, rest in instructions(path)
        if word == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    }
    inside = tuple(f"{each}/" for each in allowed)
    assert [each for each in copied if not f"{each}/".startswith(inside)] == []
    # And nothing that no image copies.
    used = {a for a in allowed for each in copied if f"{each}/".startswith(f"{a}/")}
    assert allowed - used == set()


def requirements(*words: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(FOLDER / "requirements.py"), *words],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return done.stdout.split()


def test_requirements_are_those_of_the_extra():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = extras["optional-dependencies"]
    for extra in ("client", "heif", "serving", "training"):
        assert requirements(extra) == extras[extra]
    for_a_gpu = requirements("training", "tensorflow[and-cuda]")
    changed = set(for_a_gpu) - set(extras["training"])
    assert [each.partition(">")[0] for each in changed] == ["tensorflow[and-cuda]"]


@pytest.fixture
def engines(tmp_path):
    """A function that puts engines onto an otherwise empty PATH: name -> exit code of `info`."""

    def make(**codes: int) -> dict[str, str]:
        for name, code in codes.items():
            program = tmp_path / name
            program.write_text(
                f'#!/bin/sh\n[ "$1" = info ] && exit {code}\n'
                f'echo "{name} $@" >> {tmp_path}/log\n'
                'case "$@" in *style-model*) exit "${STYLE:-0}";; esac\n'
            )
            program.chmod(0o755)
        return {"PATH": str(tmp_path), "PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}

    return make


def run_build(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(FOLDER / "build.py"), *words],
        env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_the_first_engine_that_answers_builds(engines, tmp_path):
    done = run_build(engines(docker=1, podman=0, buildah=0), "color-model", "--tag", "v7",
                     "--registry", "registry.example.org/team")  # fmt: skip
    assert done.returncode == 0, done.stderr
    (command,) = (tmp_path / "log").read_text().splitlines()
    assert command.startswith("podman build --layers --format docker")
    assert "--tag registry.example.org/team/color-model:v7" in command
    assert "--label org.opencontainers.image.version=v7" in command
    assert "--label org.opencontainers.image.revision=" in command
    assert "--volume" not in command


def test_pips_configuration_is_mounted_and_nothing_else(engines, tmp_path):
    environment = engines(buildah=0)
    (tmp_path / "pip.conf").write_text("[global]\n")
    more = tmp_path / "more"
    more.mkdir()
    run_build({**environment, "IMAGES_MOUNTS": str(more)}, "color-model")
    command = (tmp_path / "log").read_text()
    mounted = re.findall(r"--volume (\S+)", command)
    assert f"{tmp_path}/pip.conf:/etc/pip.conf:ro" in mounted
    assert f"{more}:{more}:ro" in mounted
    assert len(mounted) == 2 + Path("/etc/ssl/certs").is_dir()


def test_docker_builds_without_mounts(engines, tmp_path):
    environment = engines(docker=0, podman=0)
    (tmp_path / "pip.conf").write_text("[global]\n")
    assert run_build(environment).returncode == 0
    commands = (tmp_path / "log").read_text().splitlines()
    assert len(commands) == len(DOCKERFILES)
    assert all(each.startswith("docker build") and "--volume" not in each for each in commands)


def test_build_failure_is_one_line(engines, tmp_path):
    nothing = run_build({"PATH": str(tmp_path)}, "color-model")
    assert nothing.returncode == 1
    assert nothing.stderr == (
        "python Dockerfiles/build.py: no docker, podman or buildah answers: install one "
        "(apt-get install podman)\n"
    )
    failed = run_build({**engines(podman=0), "STYLE": "3"})
    assert failed.returncode == 1
    assert "colorway/style-model:v1: the build failed" in failed.stderr
    assert "model-server" not in (tmp_path / "log").read_text()  # comes after it
    missing = run_build({**engines(podman=0), "IMAGES_MOUNTS": "/not/there"}, "color-model")
    assert (missing.returncode, missing.stderr) == (
        1, "python Dockerfiles/build.py: IMAGES_MOUNTS: there is no /not/there\n",
    )  # fmt: skip
    unknown = run_build(engines(podman=0), "colour-model")
    assert unknown.returncode == 2
    assert "there is no image colour-model; there are train-color" in unknown.stderr


def test_make_images_names_registry_and_tag(engines, tmp_path):
    environment = engines(podman=0)
    path = f"{environment['PATH']}:{os.environ['PATH']}"
    done = subprocess.run(
        ["make", "-n", "images", "REGISTRY=registry.example.org/team", "TAG=v2"],
        cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert '--registry "registry.example.org/team" --tag "v2"' in done.stdout


def test_image_tests_are_not_part_of_make_test():
    targets = (ROOT / ".ci" / "run").read_text()
    assert "images-test" not in targets
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "tests/images"],
        cwd=ROOT, env={k: v for k, v in os.environ.items() if k != "IMAGES_TEST"},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert "test_dockerfiles" in done.stdout and "test_run" not in done.stdout

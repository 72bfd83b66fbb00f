"""What every image is: who runs it, what is in it, how large it is."""

import pytest

from .conftest import BASE, BUILT, STAND_IN, build_all
from .engine import configuration, identity, megabytes

SERVICES = ("color-serving", "style-serving", "model-server", STAND_IN)
CLIENTS = ("color-serving", "style-serving")
CLIENT_MB = 110
# What compiles or installs; a shell to look around with may stay.
BUILD_TOOLS = ("pip", "pip3", "cc", "gcc", "g++", "make", "git", "ld")


@pytest.mark.parametrize("name", BUILT)
def test_configuration(images, name):
    image = configuration(images[name])
    assert image["User"] == "10001:10001"
    assert image["Labels"]["org.opencontainers.image.title"] == name
    assert image["Labels"]["org.opencontainers.image.version"] == "images-test"
    assert len(image["Labels"]["org.opencontainers.image.revision"]) >= 40
    check = image["Config"].get("Healthcheck") or image.get("Healthcheck")
    assert (check["Test"][0] == "CMD") == (name in SERVICES)


def certificates(engine, image: str) -> str:
    """A fingerprint of whom an image trusts."""
    script = "cat /etc/ssl/certs/*.crt | sha256sum"
    code, output = engine.run(image, "-c", script, options=("--entrypoint=sh",))
    assert code == 0, output
    return output


@pytest.mark.parametrize("name", BUILT)
def test_no_build_tools_and_nothing_of_this_machine(engine, images, name):
    script = (
        f"for each in {' '.join(BUILD_TOOLS)}; do command -v $each; done; "
        "python -c 'import pip' 2>/dev/null && echo python -m pip; "
        "python -c 'import ensurepip' 2>/dev/null && echo ensurepip; "
        # Mounted for the build alone; an empty file is where it was.
        "test -s /etc/pip.conf && echo pip.conf; "
        "find /app /models /opt/colorway -name .git -o -name '*.Dockerfile' 2>/dev/null; true"
    )
    code, output = engine.run(images[name], "-c", script, options=("--entrypoint=sh",))
    assert (code, output) == (0, "")
    assert certificates(engine, images[name]) == certificates(engine, BASE)


@pytest.mark.parametrize("name", BUILT)
def test_size(images, report, name):
    if name == STAND_IN:
        report.showed(
            name,
            "not built here: its base needs a registry; linted, and on a stand-in for the base:",
        )
        return
    report.sizes[name] = unpacked, compressed = megabytes(images[name])
    print(f"\n  {name}: {unpacked:.0f} MB, {compressed:.0f} MB compressed")
    if name == "train-color":
        report.showed(f"{name} for a GPU", "not built here: gigabytes of CUDA, and no GPU; linted")
    assert name not in CLIENTS or compressed < CLIENT_MB


def test_a_second_build_finds_every_layer(images):
    before = {name: identity(image) for name, image in images.items()}
    build_all()
    assert {name: identity(image) for name, image in images.items()} == before

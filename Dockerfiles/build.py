"""Build the container images with Docker, Podman or Buildah.

  make images REGISTRY=registry.example.org/team TAG=v2                                all of them
  python Dockerfiles/build.py --registry registry.example.org/team --tag v2 color-serving

Where pip is configured for this machine (PIP_CONFIG_FILE or /etc/pip.conf), Podman and Buildah
mount that file and the machine's certificates during the build; nothing of either is left in an
image. IMAGES_MOUNTS names more paths to mount, separated by colons. Needs Python alone.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Those of the article first, then the two model servers.
NAMES = (
    "train-color",
    "color-serving",
    "style-serving",
    "color-model",
    "style-model",
    "model-server",
    "tensorflow-serving",
)
ENGINES = ("docker", "podman", "buildah")
CERTIFICATES = Path("/etc/ssl/certs")
PIP_CONFIGURATION = Path("/etc/pip.conf")


class CannotBuild(Exception):
    """The text says why, in one line."""


def engine() -> str:
    """The first of the engines that is there and answers. Raises CannotBuild if none is."""
    for name in ENGINES:
        if shutil.which(name) is None:
            continue
        # A docker command may be there without the server that does the work.
        done = subprocess.run([name, "info"], capture_output=True, timeout=120)
        if done.returncode == 0:
            return name
    raise CannotBuild("no docker, podman or buildah answers: install one (apt-get install podman)")


def mounts(environment: Mapping[str, str]) -> dict[Path, Path]:
    """What a build may read of this machine, and where it is there. Raises CannotBuild."""
    configuration = Path(environment.get("PIP_CONFIG_FILE") or PIP_CONFIGURATION)
    found = {}
    if configuration.is_file():
        found[configuration] = PIP_CONFIGURATION
        if CERTIFICATES.is_dir():
            found[CERTIFICATES] = CERTIFICATES
    for path in map(Path, filter(None, environment.get("IMAGES_MOUNTS", "").split(":"))):
        if not path.exists():
            raise CannotBuild(f"IMAGES_MOUNTS: there is no {path}")
        found[path] = path
    return found


def command(
    engine: str,
    name: str,
    reference: str,
    labels: Mapping[str, str],
    arguments: Mapping[str, str],
    mounted: Mapping[Path, Path],
) -> list[str]:
    """The engine's command that builds the image `name` as `reference`."""
    words = [engine, "build"]
    if engine != "docker":
        # Docker's own format: the other has no health checks.
        words += ["--layers", "--format", "docker"]
        # A base that is here already is not looked for again.
        words += ["--pull=false"]
        for path, there in mounted.items():
            words += ["--volume", f"{path}:{there}:ro"]
    # Not as build arguments of a LABEL: Buildah 1.28 takes such a layer from another build.
    for key, value in labels.items():
        words += ["--label", f"org.opencontainers.image.{key}={value}"]
    for key, value in arguments.items():
        words += ["--build-arg", f"{key}={value}"]
    file = ROOT / "Dockerfiles" / f"{name}.Dockerfile"
    return [*words, "--file", str(file), "--tag", reference, str(ROOT)]


def revision() -> str:
    """The commit that is checked out, with `-changed` where files differ from it."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty=-changed"],
            cwd=ROOT, capture_output=True, text=True,
        )  # fmt: skip
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def build_argument(text: str) -> tuple[str, str]:
    """NAME and VALUE of `NAME=VALUE`."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def main(arguments: list[str]) -> int:
    """Build; 1 if one fails, after a line that names it, 2 for a wrong command line."""
    parser = argparse.ArgumentParser(
        usage=argparse.SUPPRESS,
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "names", nargs="*", metavar="IMAGE", help=f"any of {', '.join(NAMES)} (default: all)"
    )
    parser.add_argument(
        "--registry", default="colorway", help="what stands before the names (default: %(default)s)"
    )
    parser.add_argument("--tag", default="v1", help="(default: %(default)s)")
    parser.add_argument("--engine", choices=ENGINES, help="(default: the first that answers)")
    parser.add_argument(
        "--build-arg",
        type=build_argument,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a build argument of the Dockerfiles; may be given several times",
    )
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in NAMES]
    if unknown:
        parser.error(f"there is no image {unknown[0]}; there are {', '.join(NAMES)}")
    try:
        chosen = options.engine or engine()
        mounted = mounts(os.environ)
    except CannotBuild as error:
        print(f"python Dockerfiles/build.py: {error}", file=sys.stderr)
        return 1
    labels = {"version": options.tag, "revision": revision()}
    build_arguments = dict(options.build_arg)
    for name in options.names or NAMES:
        reference = f"{options.registry}/{name}:{options.tag}"
        print(f"{reference}: building with {chosen}", flush=True)
        try:
            code = subprocess.run(
                command(chosen, name, reference, labels, build_arguments, mounted)
            ).returncode
        except KeyboardInterrupt:
            return 130
        if code != 0:
            print(f"{reference}: the build failed; {chosen} says why above", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

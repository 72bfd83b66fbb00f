"""Test the rendered Applications on the cluster of your kubectl: kind, k3d, minikube, a real one.

  make cluster-test CLUSTER_LOAD="kind load docker-image" STEPS="canary ab"

CLUSTER_LOAD is a command that brings an image into the cluster, called with the image's name;
without it the images must be there already. The cluster needs volumes for four claims. Everything
is in a namespace of its own, which is removed at the end.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence

import colorway
from bench.command_line import Parser
from tests.cluster.applications import images, rendered
from tests.cluster.kubectl import NAMESPACE, ClusterFailed, kubectl, version
from tests.cluster.steps import ab_test, canary, routes, training
from tests.cluster.votes import votes

STEPS = {"routes": routes, "canary": canary, "ab": ab_test, "training": training,
         "votes": votes}  # fmt: skip


def prepare() -> None:
    """Bring the images to the cluster, and make the namespace."""
    print(f"Kubernetes {version()}", flush=True)
    for image in every_image() if os.environ.get("CLUSTER_LOAD") else ():
        print(f"loading {image}", flush=True)
        subprocess.run([*shlex.split(os.environ["CLUSTER_LOAD"]), image], check=True)
    kubectl("create", "namespace", NAMESPACE)


def every_image() -> list[str]:
    return images(
        rendered("color-model", "style-model", "color-style-ab-serving"),
        rendered("training-serving"),
        rendered("color-model", "color-canary-serving"),
        rendered("color-canary-feedback"),
    )


def run_steps(names: Iterable[str]) -> None:
    """These steps, one after another."""
    client = next(each for each in every_image() if "/color-serving:" in each)
    for name in names:
        print(f"{name}: {(STEPS[name].__doc__ or '').splitlines()[0]}", flush=True)
        STEPS[name](client)


def succeeded(act: Callable[[], object]) -> bool:
    """Do it; False where the cluster fails, which is said."""
    try:
        act()
    except (ClusterFailed, subprocess.CalledProcessError) as error:
        print(f"make cluster-test: {error}", file=sys.stderr)
        return False
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the steps that are named, or all of them; 1 where the cluster fails one."""
    parser = Parser("python -m tests.cluster", __doc__ or "")
    known = ", ".join(STEPS)
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"any of {known} (default: all)")
    wanted = parser.parse_args(arguments).steps
    if unknown := [name for name in wanted if name not in STEPS]:
        parser.error(f"there is no step {unknown[0]}; there are {known}")
    if not succeeded(prepare):
        return 1
    try:
        taken = succeeded(lambda: run_steps(wanted or STEPS))
    finally:
        # By itself, so that a namespace that stays hides no step's error.
        removed = succeeded(lambda: kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found"))
    if not (taken and removed):
        return 1
    print("all of it works here")
    return 0


if __name__ == "__main__":
    sys.exit(colorway.run(main))

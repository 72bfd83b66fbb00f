"""Whatever cluster `kubectl` speaks to, and a namespace of our own in it."""

import json
import subprocess
import time
from collections.abc import Callable, Iterable
from typing import Any

import yaml

NAMESPACE = "colorway-test"
# Long, for a cluster on a machine that has other things to do.
TIMEOUT_S = 900


class ClusterFailed(Exception):
    """The text says what the cluster did not do."""


def kubectl(*words: str, text: str | None = None, check: bool = True) -> str:
    """What `kubectl` prints. Raises ClusterFailed with its words where it fails."""
    try:
        done = subprocess.run(
            ["kubectl", *words], input=text, capture_output=True, text=True, timeout=TIMEOUT_S + 60
        )
    except OSError as error:
        raise ClusterFailed(f"kubectl cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise ClusterFailed(f"{' '.join(error.cmd)}: no end in {error.timeout} s") from error
    if check and done.returncode:
        raise ClusterFailed(f"kubectl {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def version() -> str:
    """The cluster's own version."""
    output = json.loads(kubectl("version", "-o", "json"))
    if "serverVersion" not in output:
        raise ClusterFailed("kubectl speaks to no cluster; name one by KUBECONFIG")
    return output["serverVersion"]["gitVersion"]


def is_known(value: dict[str, Any]) -> bool:
    """Whether the cluster has a word for this object: an old one lacks some."""
    group, _, name = value["apiVersion"].rpartition("/")
    path = f"/apis/{group}/{name}" if group else f"/api/{name}"
    output = kubectl("get", "--raw", path, check=False)
    return bool(output) and value["kind"] in {
        each["kind"] for each in json.loads(output)["resources"]
    }


def apply(text: str) -> list[dict[str, Any]]:
    """Apply objects; says which ones the cluster does not know."""
    every = [each for each in yaml.safe_load_all(text) if each]
    taken, unknown = [], []
    for each in every:
        (taken if is_known(each) else unknown).append(each)
    for kind in sorted({f"{each['kind']} {each['apiVersion']}" for each in unknown}):
        print(f"    left out, unknown to this cluster: {kind}")
    kubectl("apply", "-f", "-", text=yaml.safe_dump_all(taken))
    return taken


def remove(objects: Iterable[dict[str, Any]]) -> None:
    """Delete what was applied, except claims, and every pod; wait for their end."""
    goes = [each for each in objects if each["kind"] != "PersistentVolumeClaim"]
    kubectl("delete", "--ignore-not-found", "-f", "-", text=yaml.safe_dump_all(goes))
    kubectl("delete", "pod", "--all", "-n", NAMESPACE, "--wait=false")
    kubectl("wait", "--for=delete", "pod", "--all", "-n", NAMESPACE, f"--timeout={TIMEOUT_S}s",
            check=False)  # fmt: skip


def wait_for_rollout(name: str, kind: str = "deployment") -> None:
    """Wait until every pod of a Deployment or StatefulSet is there, of the newest kind."""
    kubectl("rollout", "status", f"{kind}/{name}", "-n", NAMESPACE, f"--timeout={TIMEOUT_S}s")


def wait_until_ready(objects: Iterable[dict[str, Any]]) -> None:
    """Wait for every Job's success, every StatefulSet and every Deployment."""
    for each in objects:
        if each["kind"] == "Job":
            name = each["metadata"]["name"]
            kubectl("wait", "--for=condition=complete", f"job/{name}", "-n", NAMESPACE,
                    f"--timeout={TIMEOUT_S}s")  # fmt: skip
    for kind in ("StatefulSet", "Deployment"):
        for each in objects:
            if each["kind"] == kind:
                wait_for_rollout(each["metadata"]["name"], kind.lower())


def wait_until(what: str, true: Callable[[], bool]) -> None:
    """Ask until it is so. Raises ClusterFailed where it never is."""
    end = time.monotonic() + TIMEOUT_S
    while not true():
        if time.monotonic() > end:
            raise ClusterFailed(f"after {TIMEOUT_S} s still not: {what}")
        time.sleep(0.5)

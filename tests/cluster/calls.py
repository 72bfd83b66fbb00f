"""Callers in a pod of the cluster, and what came back to them."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.kubectl import NAMESPACE, ClusterFailed, kubectl, wait_until
from tests.running import ROOT

CALLER = "caller"


def start_caller(
    url: str, image: str, *words: str, script: str = "caller.py", style: bool = False
) -> None:
    """A pod that colors photos, with our script and its photos."""
    files = {name: Path(__file__).with_name(name) for name in {"caller.py", script}}
    files["photo.jpg"] = ROOT / "samples" / "gray" / "pagoda.jpg"
    if style:
        files["style.jpg"] = next((ROOT / "style_client" / "page" / "styles").glob("*.jpg"))
    kubectl("delete", "pod,configmap", CALLER, "-n", NAMESPACE, "--ignore-not-found")
    given = [f"--from-file={name}={path}" for name, path in files.items()]
    kubectl("create", "configmap", CALLER, "-n", NAMESPACE, *given)
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": CALLER, "namespace": NAMESPACE},
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
            "containers": [
                {
                    "name": CALLER,
                    "image": image,
                    "command": ["python", f"/caller/{script}", url, *words],
                    "volumeMounts": [{"name": CALLER, "mountPath": "/caller"}],
                }
            ],
            "volumes": [{"name": CALLER, "configMap": {"name": CALLER}}],
        },
    }
    kubectl("apply", "-f", "-", text=yaml.safe_dump(pod))


def ready() -> None:
    """Wait until the caller runs."""
    kubectl("wait", "--for=condition=ready", f"pod/{CALLER}", "-n", NAMESPACE, "--timeout=300s")


def stop(after_s: int = 5) -> None:
    """Have the caller end, a while from now."""
    words = f"sleep {after_s}; touch /tmp/stop"
    kubectl("exec", CALLER, "-n", NAMESPACE, "--", "sh", "-c", words)


def last_line() -> Any:
    """What the caller prints in its last line, as JSON, once it has ended."""

    def phase() -> str:
        path = "jsonpath={.status.phase}"
        return kubectl("get", "pod", CALLER, "-n", NAMESPACE, "-o", path)

    wait_until("the caller has ended", lambda: phase() in ("Succeeded", "Failed"))
    output = kubectl("logs", CALLER, "-n", NAMESPACE)
    if phase() == "Failed":
        raise ClusterFailed(f"the caller failed:\n{output}")
    return json.loads(output.splitlines()[-1])


def replies() -> Counter[str]:
    """What came back, by kind."""
    return Counter(last_line())


def report_replies(what: str, found: Counter[str], only: Sequence[str] | None = ()) -> None:
    """Print what came of it. Raises ClusterFailed for what is no picture by one of `only`."""
    kinds = ", ".join(f"{number} x {kind}" for kind, number in sorted(found.items()))
    print(f"  {what}: {kinds}")
    if only is not None:
        models = {kind.partition(" ")[2] for kind in found}
        if not found or any(not kind.startswith("200 ") for kind in found):
            raise ClusterFailed(f"{what}: not every request got a picture")
        if only and models != set(only):
            raise ClusterFailed(f"{what}: answered by {sorted(models)}, not by {sorted(only)}")


@contextmanager
def under_load(what: str, url: str, image: str, failures: bool = False) -> Iterator[None]:
    """Two callers without pause, whatever happens inside; no failed reply unless `failures`."""
    start_caller(url, image, "2")
    ready()
    yield
    stop()
    report_replies(what, replies(), None if failures else ())

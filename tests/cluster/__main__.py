"""The rendered Applications on a real cluster: `make cluster-test`.

It takes whatever cluster `kubectl` speaks to: kind, k3d, minikube, a real one. CLUSTER_LOAD is a
command that brings an image into it, called with the image's name, as in
`CLUSTER_LOAD="kind load docker-image"`; without it the images are there already. The cluster needs
volumes for three claims. Everything is in a namespace of its own, which is removed at the end.
"""

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml

from local.applications.load import load
from local.rendering.kubernetes.http_routes import Gateway
from local.rendering.kubernetes.manifests import kubernetes
from tests.cluster.kubectl import (
    NAMESPACE,
    ClusterFailed,
    all_ready,
    apply,
    known,
    kubectl,
    remove,
    rolled_out,
    until,
    version,
)  # fmt: skip
from tests.running import ROOT

DEPLOY, SAMPLES = ROOT / "deploy", ROOT / "samples"
CALLER = "caller"
# Enough of a training to publish something that answers.
SHORT = ["python", "-m", "training", "--export-root", "/model",
         "--samples", "64", "--samples-per-epoch", "32"]  # fmt: skip


def rendered(
    *names: str, change: Callable[[str], str] = str, gateway: Gateway | None = None
) -> str:
    """Applications of deploy/, in our namespace."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name in names:
            text = (DEPLOY / f"{name}.yaml").read_text()
            text = text.replace("namespace: default", f"namespace: {NAMESPACE}")
            files.append(Path(folder) / f"{name}.yaml")
            files[-1].write_text(change(text.replace("/seldon/default/", f"/seldon/{NAMESPACE}/")))
        return kubernetes(load(files)[0], gateway)


def images(*texts: str) -> list[str]:
    """Every image in rendered texts."""
    return sorted(
        {
            container["image"]
            for text in texts
            for each in yaml.safe_load_all(text)
            if each and each["kind"] in ("Deployment", "Job")
            for container in each["spec"]["template"]["spec"]["containers"]
        }
    )


def start_caller(url: str, image: str, *words: str, style: bool = False) -> None:
    """A pod that colors photos, with our script and its photos."""
    files = {"caller.py": Path(__file__).with_name("caller.py")}
    files["photo.jpg"] = SAMPLES / "gray" / "pagoda.jpg"
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
                    "command": ["python", "/caller/caller.py", url, *words],
                    "volumeMounts": [{"name": CALLER, "mountPath": "/caller"}],
                }
            ],
            "volumes": [{"name": CALLER, "configMap": {"name": CALLER}}],
        },
    }
    kubectl("apply", "-f", "-", text=yaml.safe_dump(pod))


def replies() -> Counter[str]:
    """What the caller counted, once it has ended."""

    def phase() -> str:
        path = "jsonpath={.status.phase}"
        return kubectl("get", "pod", CALLER, "-n", NAMESPACE, "-o", path)

    until("the caller has ended", lambda: phase() in ("Succeeded", "Failed"))
    said = kubectl("logs", CALLER, "-n", NAMESPACE)
    if phase() == "Failed":
        raise ClusterFailed(f"the caller failed:\n{said}")
    return Counter(json.loads(said.splitlines()[-1]))


def told(what: str, found: Counter[str], only: Sequence[str] | None = ()) -> None:
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
    kubectl("wait", "--for=condition=ready", f"pod/{CALLER}", "-n", NAMESPACE, "--timeout=300s")
    yield
    kubectl("exec", CALLER, "-n", NAMESPACE, "--", "sh", "-c", "sleep 5; touch /tmp/stop")
    told(what, replies(), None if failures else ())


def canary(image: str) -> None:
    """Both versions answer; then restarts, other weights and a lost pod under load."""
    text = rendered("color-model", "color-canary-serving")
    objects = apply(text)
    all_ready(objects)
    url = f"http://color-rest-serving.{NAMESPACE}.svc.cluster.local:3333/predict"
    start_caller(url, image, "2", "40")
    told("40 photos at 50/50", replies(), ["color/v1", "color/v2"])
    gateway = "color-serving-gateway"
    for name in ("color-model-serving-model1", gateway, "color-rest-serving"):
        with under_load(f"restart of {name}", url, image):
            kubectl("rollout", "restart", f"deployment/{name}", "-n", NAMESPACE)
            rolled_out(name)
    with under_load("50/50 becomes 90/10", url, image):
        apply(rendered("color-model", "color-canary-serving", change=_weights))
        rolled_out(gateway)
    start_caller(url, image, "2", "40")
    told("40 photos at 90/10", replies(), ())
    with under_load("the only pod of model2 deleted", url, image, failures=True):
        label = "app.kubernetes.io/name=color-model-serving-model2"
        kubectl("delete", "pod", "-l", label, "-n", NAMESPACE, "--wait=false", "--grace-period=0",
                "--force")  # fmt: skip
        rolled_out("color-model-serving-model2")
    remove(objects)


def _weights(text: str) -> str:
    return text.replace("traffic: 50", "traffic: 90", 1).replace("traffic: 50", "traffic: 10")


def ab_test(image: str) -> None:
    """A header decides who answers."""
    objects = apply(rendered("color-model", "style-model", "color-style-ab-serving"))
    all_ready(objects)
    url = f"http://ab-rest-serving.{NAMESPACE}.svc.cluster.local:3333/predict"
    start_caller(url, image, "1", "5")
    told("5 photos without the header", replies(), ["color/v2"])
    start_caller(url, image, "1", "5", style=True)
    told("5 photos with style: transfer", replies(), ["style/v1"])
    remove(objects)


def training(image: str) -> None:
    """A Job trains, a model server waits for what it publishes, a client for the model server."""

    def short(text: str) -> str:
        value = yaml.safe_load(text)
        value["spec"]["components"][0]["properties"]["cmd"] = SHORT
        return yaml.safe_dump(value)

    objects = apply(rendered("training-serving", change=short))
    all_ready(objects)
    url = f"http://demo-rest-serving.{NAMESPACE}.svc.cluster.local:3333/predict"
    start_caller(url, image, "1", "3")
    told("3 photos after a short training", replies())
    remove(objects)


def routes(image: str) -> None:
    """The cluster takes the routes for a gateway of its own, and refuses one that is wrong."""
    for names in (("color-canary-serving",), ("color-style-ab-serving",), ("training-serving",)):
        text = rendered(*names, gateway=Gateway("model-serving", "vela-system"))
        found = [each for each in yaml.safe_load_all(text) if each and each["kind"] == "HTTPRoute"]
        if not known(found[0]):
            print("  this cluster has no Gateway API: no route tried")
            return
        kubectl("apply", "-f", "-", text=yaml.safe_dump_all(found))
        for each in found:
            name = each["metadata"]["name"]
            stored = json.loads(kubectl("get", "httproute", name, "-n", NAMESPACE, "-o", "json"))
            weights = [b["weight"] for b in stored["spec"]["rules"][0]["backendRefs"]]
            print(f"  HTTPRoute {name}: stored, shares {'/'.join(map(str, weights))}")
        wrong = {
            **found[0],
            "spec": {**found[0]["spec"], "rules": [{"timeouts": {"request": "3"}}]},
        }
        try:
            kubectl("apply", "-f", "-", text=yaml.safe_dump(wrong))
        except ClusterFailed:
            continue
        raise ClusterFailed("a route with a timeout of no unit was taken")


STEPS = {"routes": routes, "canary": canary, "ab": ab_test, "training": training}


def main(wanted: Sequence[str]) -> int:
    """Run the steps that are named, or all of them; 1 where the cluster fails one."""
    try:
        print(f"Kubernetes {version()}", flush=True)
        texts = [
            rendered("color-model", "style-model", "color-style-ab-serving"),
            rendered("training-serving"),
            rendered("color-model", "color-canary-serving"),
        ]
        client = next(each for each in images(*texts) if "/color-serving:" in each)
        for image in images(*texts) if os.environ.get("CLUSTER_LOAD") else ():
            print(f"loading {image}", flush=True)
            subprocess.run([*shlex.split(os.environ["CLUSTER_LOAD"]), image], check=True)
        kubectl("create", "namespace", NAMESPACE)
        try:
            for name in wanted or STEPS:
                print(f"{name}: {(STEPS[name].__doc__ or '').splitlines()[0]}", flush=True)
                STEPS[name](client)
        finally:
            kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
    except (ClusterFailed, subprocess.CalledProcessError) as error:
        print(f"make cluster-test: {error}", file=sys.stderr)
        return 1
    print("all of it works here")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

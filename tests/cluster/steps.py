"""What is tried on a cluster, one step after another; `image` is a client's, with Python in it."""

import json

import yaml

from local.rendering.kubernetes.http_routes import Gateway
from tests.cluster.applications import rendered
from tests.cluster.calls import replies, report_replies, start_caller, under_load
from tests.cluster.kubectl import (
    NAMESPACE,
    ClusterFailed,
    apply,
    is_known,
    kubectl,
    remove,
    wait_for_rollout,
    wait_until_ready,
)

# Enough of a training to publish something that answers.
SHORT = ["python", "-m", "training", "--export-root", "/model",
         "--samples", "64", "--samples-per-epoch", "32"]  # fmt: skip


def canary(image: str) -> None:
    """Both versions answer; then restarts, other weights and a lost pod under load."""
    text = rendered("color-model", "color-canary-serving")
    objects = apply(text)
    wait_until_ready(objects)
    url = f"http://color-rest-serving.{NAMESPACE}.svc.cluster.local:3333/predict"
    start_caller(url, image, "2", "40")
    report_replies("40 photos at 50/50", replies(), ["color/v1", "color/v2"])
    gateway = "color-serving-gateway"
    for name in ("color-model-serving-model1", gateway, "color-rest-serving"):
        with under_load(f"restart of {name}", url, image):
            kubectl("rollout", "restart", f"deployment/{name}", "-n", NAMESPACE)
            wait_for_rollout(name)
    with under_load("50/50 becomes 90/10", url, image):
        apply(rendered("color-model", "color-canary-serving", change=_weights))
        wait_for_rollout(gateway)
    start_caller(url, image, "2", "40")
    report_replies("40 photos at 90/10", replies(), ())
    with under_load("the only pod of model2 deleted", url, image, failures=True):
        label = "app.kubernetes.io/name=color-model-serving-model2"
        kubectl("delete", "pod", "-l", label, "-n", NAMESPACE, "--wait=false", "--grace-period=0",
                "--force")  # fmt: skip
        wait_for_rollout("color-model-serving-model2")
    remove(objects)


def _weights(text: str) -> str:
    return text.replace("traffic: 50", "traffic: 90", 1).replace("traffic: 50", "traffic: 10")


def ab_test(image: str) -> None:
    """A header decides who answers."""
    objects = apply(rendered("color-model", "style-model", "color-style-ab-serving"))
    wait_until_ready(objects)
    url = f"http://ab-rest-serving.{NAMESPACE}.svc.cluster.local:3333/predict"
    start_caller(url, image, "1", "5")
    report_replies("5 photos without the header", replies(), ["color/v2"])
    start_caller(url, image, "1", "5", style=True)
    report_replies("5 photos with style: transfer", replies(), ["style/v1"])
    remove(objects)


def training(image: str) -> None:
    """A Job trains, a model server waits for what it publishes, a client for the model server."""

    def short(text: str) -> str:
        value = yaml.safe_load(text)
        value["spec"]["components"][0]["properties"]["cmd"] = SHORT
        return yaml.safe_dump(value)

    objects = apply(rendered("training-serving", change=short))
    wait_until_ready(objects)
    url = f"http://demo-rest-serving.{NAMESPACE}.svc.cluster.local:3333/predict"
    start_caller(url, image, "1", "3")
    report_replies("3 photos after a short training", replies())
    remove(objects)


def routes(image: str) -> None:
    """The cluster takes the routes for a gateway of its own, and refuses one that is wrong."""
    for names in (("color-canary-serving",), ("color-style-ab-serving",), ("training-serving",)):
        text = rendered(*names, gateway=Gateway("model-serving", "vela-system"))
        found = [each for each in yaml.safe_load_all(text) if each and each["kind"] == "HTTPRoute"]
        if not is_known(found[0]):
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

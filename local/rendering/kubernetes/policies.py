"""What keeps pods apart from the rest of the cluster, and some of them there: policies."""

from collections.abc import Container, Iterator, Sequence
from typing import Any

from ..common import GATEWAY_PORT, METRICS_PORT, SERVING_PORT, Manifest
from .objects import LABEL, POD_KINDS, companion

_DNS = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]


def disruption_budgets(manifests: Sequence[Manifest]) -> Iterator[Manifest]:
    """A PodDisruptionBudget for whatever has two pods or more."""
    least = {
        _key(each): each.value["spec"]["minReplicas"]
        for each in manifests
        if each.value["kind"] == "HorizontalPodAutoscaler"
    }
    for each in manifests:
        if each.value["kind"] not in ("Deployment", "StatefulSet"):
            continue
        replicas = each.value["spec"].get("replicas") or least.get(_key(each), 1)
        if replicas > 1:
            spec = {"maxUnavailable": 1, "selector": each.value["spec"]["selector"]}
            comment = "One at a time, when a node is emptied."
            yield companion(each, "policy/v1", "PodDisruptionBudget", comment, spec=spec)


def network_policies(
    manifests: Sequence[Manifest], served: Container[tuple[str, str]]
) -> Iterator[Manifest]:
    """A NetworkPolicy for all that runs; `served` are the (namespace, name) of predictors."""
    runs = [each for each in manifests if each.value["kind"] in POD_KINDS]
    gateways = [_pods(each) for each in runs if _part(each) == "gateway"]
    servers = [each for each in runs if _key(each) in served]
    clients = [
        _pods(each) for each in runs if each not in servers and _part(each) != "gateway"
        and each.value["kind"] == "Deployment"
    ]  # fmt: skip
    # An empty `from` would be everybody: without a client among these files, the namespace's pods.
    callers: list[dict[str, Any]] = clients or [{"podSelector": {}}]
    for each in runs:
        ingress: list[dict[str, Any]]
        spec: dict[str, Any] = {}
        comment = "Whoever can reach the cluster may ask it."
        if _part(each) == "gateway":
            everybody: list[dict[str, Any]] = [{"namespaceSelector": {}}]
            ingress = [
                {"from": callers, "ports": [{"port": GATEWAY_PORT}]},
                {"from": everybody, "ports": [{"port": METRICS_PORT}]},
            ]
            to = [_pods(server) for server in servers]
            spec["egress"] = [{"to": to, "ports": [{"port": SERVING_PORT}]}, {"ports": _DNS}]
            comment = (
                "The web services of these files ask it, and it asks the model servers. To let\n"
                "others ask it, add their pods to the first `from`; metrics are for all."
            )
        elif each in servers and not gateways:
            continue  # whose pods ask it, only the gateway's maker knows
        elif each in servers:
            ingress = [{"from": gateways, "ports": [{"port": SERVING_PORT}]}]
            spec["egress"] = []
            comment = "Only the gateway asks it, and it asks nobody."
        elif each.value["kind"] == "StatefulSet":
            ports_in = [{"port": port} for port in sorted(_ports(each))]
            ingress = [{"from": callers, "ports": ports_in}]
            comment = "Only the web services of these files ask it."
        elif ports := _ports(each):
            ingress = [{"ports": [{"port": port} for port in sorted(ports)]}]
        elif each.value["spec"].get("completionMode") == "Indexed":
            ingress = [{"from": [{"podSelector": _selector(each)}]}]
            comment = "The workers ask one another, and nobody else does."
        else:
            ingress = []
            comment = "Nobody asks it."
        kinds = ["Ingress", *(["Egress"] if "egress" in spec else [])]
        spec = {"podSelector": _selector(each), "policyTypes": kinds, "ingress": ingress, **spec}
        yield companion(each, "networking.k8s.io/v1", "NetworkPolicy", comment, spec=spec)


def _key(manifest: Manifest) -> tuple[str, str]:
    return manifest.value["metadata"]["namespace"], manifest.value["metadata"]["name"]


def _part(manifest: Manifest) -> str:
    return str(manifest.value["metadata"]["labels"][f"{LABEL}/component"])


def _ports(manifest: Manifest) -> set[int]:
    containers = manifest.value["spec"]["template"]["spec"]["containers"]
    return {port["containerPort"] for one in containers for port in one.get("ports", [])}


def _selector(manifest: Manifest) -> dict[str, Any]:
    return {"matchLabels": {f"{LABEL}/name": manifest.value["metadata"]["name"]}}


def _pods(manifest: Manifest) -> dict[str, Any]:
    """A workload's pods, from whatever namespace."""
    namespace = {"kubernetes.io/metadata.name": manifest.value["metadata"]["namespace"]}
    return {"namespaceSelector": {"matchLabels": namespace}, "podSelector": _selector(manifest)}

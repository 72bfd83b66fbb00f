"""Claims as objects, and the pods that must share a node because of them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ...applications.loaded import LoadedApplication
from ...applications.types import ClaimedVolume, Storage
from ..common import Manifest, own_claims
from .objects import kubernetes_object

# What the addon, and the trait of KubeVela's own, ask for where a claim says nothing.
_ACCESS, _ADDONS_SIZE, _TRAITS_SIZE = ["ReadWriteOnce"], "1Gi", "8Gi"
# Pods with the same value of this label are on one node.
_AFFINITY_LABEL = "shares-claims"


def claims(applications: Sequence[LoadedApplication]) -> Iterator[Manifest]:
    """The claims that these Applications make, each once."""
    made = set()
    for application in applications:
        for component in application.components:
            for name, wanted in own_claims(component):
                if (application.namespace, name) in made:
                    continue
                made.add((application.namespace, name))
                yield kubernetes_object(
                    "v1", "PersistentVolumeClaim", application, component, name, spec=_claim(wanted)
                )


def claims_made(manifests: Iterable[Manifest]) -> set[str]:
    """The names of the claims among these objects."""
    return {
        each.value["metadata"]["name"]
        for each in manifests
        if each.value["kind"] == "PersistentVolumeClaim"
    }


def claims_used(manifests: Iterable[Manifest]) -> set[str]:
    """The names of the claims that pods mount."""
    return {name for each in manifests for name in _claims_of(each.value)}


def colocate(manifests: Sequence[Manifest]) -> None:
    """Have pods that share a ReadWriteOnce claim run on one node; changes the objects.

    Such a volume is on one node at a time, and pods on two would wait for each other. Claims that
    are not made here are taken for ReadWriteOnce, as they are unless they say otherwise. Pods
    with several claims join those of all of them: a pod cannot be on two nodes.
    """
    wide = {
        _key(each.value)
        for each in manifests
        if each.value["kind"] == "PersistentVolumeClaim"
        and {"ReadWriteMany", "ReadOnlyMany"} & set(each.value["spec"]["accessModes"])
    }
    groups: list[set[tuple[str, str]]] = []
    for each in manifests:
        mine = _single(each.value) - wide
        if mine:
            touched = [group for group in groups if group & mine]
            groups = [group for group in groups if group not in touched]
            groups.append(mine.union(*touched))
    for each in manifests:
        mine = _single(each.value) - wide
        group = next((group for group in groups if group & mine), None)
        if group:
            _add_affinity(each.value["spec"]["template"], min(group)[1])


def _add_affinity(template: dict[str, Any], name: str) -> None:
    template["metadata"]["labels"][_AFFINITY_LABEL] = name
    term = {
        "labelSelector": {"matchLabels": {_AFFINITY_LABEL: name}},
        "topologyKey": "kubernetes.io/hostname",
    }
    template["spec"]["affinity"] = {
        "podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
    }


def _single(value: dict[str, Any]) -> set[tuple[str, str]]:
    """The claims of an object's pods, with their namespace."""
    return {(value["metadata"]["namespace"], name) for name in _claims_of(value)}


def _key(value: dict[str, Any]) -> tuple[str, str]:
    return value["metadata"]["namespace"], value["metadata"]["name"]


def _claims_of(value: dict[str, Any]) -> set[str]:
    pod_spec = value.get("spec", {}).get("template", {}).get("spec", {})
    return {
        volume["persistentVolumeClaim"]["claimName"]
        for volume in pod_spec.get("volumes", [])
        if "persistentVolumeClaim" in volume
    }


def _claim(wanted: Storage | ClaimedVolume) -> dict[str, Any]:
    size = _ADDONS_SIZE if isinstance(wanted, Storage) else _TRAITS_SIZE
    fields = wanted.model_dump(
        exclude_none=True, exclude={"name", "mountPath", "pvcRef", "mountOnly", "subPath"}
    )
    return {"accessModes": _ACCESS, "resources": {"requests": {"storage": size}}, **fields}

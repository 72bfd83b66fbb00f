"""Claims in plain Kubernetes: who makes them, and that pods which share one can."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from ...applications.loaded import LoadedApplication, LoadedComponent
from ...applications.types import ClaimedVolume, Storage, StorageTrait
from ..common import Manifest
from .objects import kubernetes_object

# What the addon asks for where a claim says nothing.
_ACCESS, _SIZE = ["ReadWriteOnce"], {"requests": {"storage": "1Gi"}}
# Names of claims are no longer than a label's.
_LABEL = "claims.colorway"


def claims(applications: Iterable[LoadedApplication]) -> Iterator[Manifest]:
    """A PersistentVolumeClaim for every claim that one of these makes."""
    made = set()
    for application in applications:
        for component in application.components:
            for name, wanted in _own_claims(component):
                if (application.namespace, name) in made:
                    continue
                made.add((application.namespace, name))
                yield kubernetes_object(
                    "v1",
                    "PersistentVolumeClaim",
                    application,
                    component,
                    name,
                    spec=_claim(wanted),
                )


def _own_claims(component: LoadedComponent) -> Iterator[tuple[str, Storage | ClaimedVolume]]:
    """The claims that the component makes, by name."""
    for item in getattr(component.properties, "storage", []):
        if isinstance(item, Storage) and not item.pvcRef:
            yield item.mount.name, item
    for trait in component.traits:
        if isinstance(trait, StorageTrait):
            yield from ((volume.name, volume) for volume in trait.pvc if not volume.mountOnly)


def _claim(wanted: Storage | ClaimedVolume) -> dict[str, Any]:
    said = wanted.model_dump(
        exclude_none=True, exclude={"name", "mountPath", "pvcRef", "mountOnly"}
    )
    return {"accessModes": _ACCESS, "resources": _SIZE, **said}


def missing_claims(manifests: Sequence[Manifest]) -> set[str]:
    """The names of those that are mounted and not made here."""
    made = {
        each.value["metadata"]["name"]
        for each in manifests
        if each.value["kind"] == "PersistentVolumeClaim"
    }
    return {name for each in manifests for name in _mounted(each)} - made


def keep_together(manifests: Sequence[Manifest]) -> None:
    """Have the pods that share a claim run on one node, as a volume that is there only once needs.

    Otherwise they could wait for one another. A claim that is not made here may be ReadWriteOnce.
    """
    everywhere = {
        (each.value["metadata"]["namespace"], each.value["metadata"]["name"])
        for each in manifests
        if each.value["kind"] == "PersistentVolumeClaim"
        and "ReadWriteMany" in each.value["spec"]["accessModes"]
    }
    for each in manifests:
        namespace = each.value["metadata"]["namespace"]
        once = [name for name in _mounted(each) if (namespace, name) not in everywhere]
        if once:
            _on_one_node(each.value["spec"]["template"], once)


def _mounted(manifest: Manifest) -> list[str]:
    """The claims in a Deployment's or Job's pods."""
    pod = manifest.value.get("spec", {}).get("template", {}).get("spec", {})
    return [
        volume["persistentVolumeClaim"]["claimName"]
        for volume in pod.get("volumes", [])
        if "persistentVolumeClaim" in volume
    ]


def _on_one_node(template: dict[str, Any], names: Collection[str]) -> None:
    labels = {f"{_LABEL}/{name}": "mounted" for name in names}
    template["metadata"]["labels"] |= labels
    # The first pod of all matches its own term, and may go anywhere.
    template["spec"]["affinity"] = {
        "podAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {
                    "labelSelector": {"matchLabels": {label: value}},
                    "topologyKey": "kubernetes.io/hostname",
                }
                for label, value in labels.items()
            ]
        }
    }

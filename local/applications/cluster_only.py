"""Properties that matter only on a cluster."""

from collections.abc import Iterator

from pydantic import BaseModel

from .findings import Finding, Path
from .source import Document
from .types import StorageTrait

_CLUSTER_ONLY = frozenset(
    ("accessModes", "addRevisionLabel", "annotations", "autoscaler", "configMap", "cpu",
     "dataSource", "dataSourceRef", "emptyDir", "gpu", "hostAliases", "hostPath",
     "imagePullPolicy", "imagePullSecrets", "labels", "limit", "livenessProbe", "memory",
     "mountOnly", "readinessProbe", "resources", "secret", "selector", "storageClassName",
     "volumeMode", "volumeMounts", "volumeName", "volumes")
)  # fmt: skip


def cluster_only(document: Document, path: Path, properties: BaseModel) -> list[Finding]:
    """A notice for each property, at any depth, that matters only on a cluster."""
    findings = []
    for name in sorted(properties.model_fields_set):
        value = getattr(properties, name)
        if name in _CLUSTER_ONLY:
            findings.append(unused_locally(document, (*path, name)))
        elif isinstance(value, BaseModel):
            findings += cluster_only(document, (*path, name), value)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, BaseModel):
                    findings += cluster_only(document, (*path, name, index), item)
    return findings


def unused_locally(document: Document, path: Path) -> Finding:
    """A notice that what is at `path` has no effect on one machine."""
    return document.finding(path, "this means nothing on one machine", notice=True, local_only=True)


def storage_findings(document: Document, path: Path, trait: StorageTrait) -> Iterator[Finding]:
    """Notices for the parts of the trait `storage` at `path` that this machine ignores, and errors
    for those that it cannot provide.
    """
    yield from cluster_only(document, path, trait)
    for index, claim in enumerate(trait.pvc):
        at = (*path, "pvc", index)
        if claim.subPath is not None:
            text = "a claim is mounted as a whole here"
            yield document.finding((*at, "subPath"), text, local_only=True)
        if claim.volumeMode == "Block":
            text = "there are no block devices here: a claim is a folder"
            yield document.finding((*at, "volumeMode"), text, local_only=True)
    for kind in ("configMap", "secret"):
        for index, each in enumerate(getattr(trait, kind)):
            for name in ("mountToEnv", "mountToEnvs"):
                if getattr(each, name):
                    text = "there are no secrets and config maps on this machine: give a value"
                    yield document.finding((*path, kind, index, name), text, local_only=True)

"""What only a cluster gives a meaning to."""

from pydantic import BaseModel

from .findings import Finding, Path
from .source import Document

_CLUSTER_ONLY = frozenset(
    ("accessModes", "addRevisionLabel", "annotations", "autoscaler", "cpu", "dataSource",
     "dataSourceRef", "gpu", "hostAliases", "imagePullPolicy", "imagePullSecrets", "labels",
     "limit", "livenessProbe", "memory", "mountOnly", "readinessProbe", "resources", "selector",
     "storageClassName", "volumeMode", "volumeMounts", "volumeName", "volumes")
)  # fmt: skip


def cluster_only(document: Document, path: Path, properties: BaseModel) -> list[Finding]:
    """A notice for each property, however deep, that only a cluster gives a meaning to."""
    findings = []
    for name in sorted(properties.model_fields_set):
        value = getattr(properties, name)
        if name in _CLUSTER_ONLY:
            findings.append(unused_here(document, (*path, name)))
        elif isinstance(value, BaseModel):
            findings += cluster_only(document, (*path, name), value)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, BaseModel):
                    findings += cluster_only(document, (*path, name, index), item)
    return findings


def unused_here(document: Document, path: Path) -> Finding:
    """A notice that nothing on one machine needs what stands at `path`."""
    return document.finding(path, "this means nothing on one machine", notice=True, here=True)

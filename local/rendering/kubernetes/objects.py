"""Objects of Kubernetes as plain values: apps/v1, batch/v1, autoscaling/v2, and the core's."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...applications.loaded import LoadedApplication, LoadedComponent
from ...applications.types import TaskProperties, TrainingProperties
from ..common import Manifest

LABEL = "app.kubernetes.io"
# The kinds that have pods.
POD_KINDS = ("Deployment", "StatefulSet", "Job")
_TARGETS = {"Utilization": "averageUtilization", "AverageValue": "averageValue"}


def host(name: str, namespace: str) -> str:
    """The name of a Service in the whole cluster."""
    return f"{name}.{namespace}.svc.cluster.local"


def without_none(**values: Any) -> dict[str, Any]:
    """What has a value."""
    return {name: value for name, value in values.items() if value is not None}


def _labels(application: LoadedApplication, component: str, name: str) -> dict[str, str]:
    return {
        f"{LABEL}/name": name,
        f"{LABEL}/component": component,
        f"{LABEL}/part-of": application.name,
    }


def kubernetes_object(
    version: str,
    kind: str,
    application: LoadedApplication,
    component: LoadedComponent,
    name: str,
    *,
    comment: str = "",
    part: str = "",
    **content: Any,
) -> Manifest:
    """An object with the labels of ours; `part` is said instead of the component."""
    metadata = {
        "name": name,
        "namespace": application.namespace,
        "labels": _labels(application, part or component.name, name),
    }
    value = {"apiVersion": version, "kind": kind, "metadata": metadata, **content}
    return Manifest(value, comment)


def _template(
    application: LoadedApplication,
    component: str,
    name: str,
    pod_spec: dict[str, Any],
    labels: Mapping[str, str] | None,
    annotations: Mapping[str, str] | None,
) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "labels": {**(labels or {}), **_labels(application, component, name)}
    }
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"metadata": metadata, "spec": pod_spec}


def deployment(
    application: LoadedApplication,
    component: LoadedComponent,
    name: str,
    pod_spec: dict[str, Any],
    replicas: int | None,
    comment: str = "",
    *,
    part: str = "",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    progress_deadline_s: int | None = None,
    kind: str = "Deployment",
) -> Manifest:
    """A Deployment, or a StatefulSet; without `replicas` an autoscaler decides how many."""
    spec = without_none(
        replicas=replicas,
        serviceName=name if kind == "StatefulSet" else None,
        progressDeadlineSeconds=progress_deadline_s,
        selector={"matchLabels": {f"{LABEL}/name": name}},
        template=_template(
            application, part or component.name, name, pod_spec, labels, annotations
        ),
    )
    return kubernetes_object(
        "apps/v1", kind, application, component, name, comment=comment, part=part, spec=spec
    )


def job(
    application: LoadedApplication,
    component: LoadedComponent,
    pod_spec: dict[str, Any],
    spec: dict[str, Any],
    comment: str,
    properties: TrainingProperties | TaskProperties,
) -> Manifest:
    """A Job around a pod."""
    template = _template(
        application,
        component.name,
        component.name,
        pod_spec,
        properties.labels,
        properties.annotations,
    )
    return kubernetes_object(
        "batch/v1",
        "Job",
        application,
        component,
        component.name,
        comment=comment,
        spec={**spec, "template": template},
    )


def service(
    application: LoadedApplication,
    component: LoadedComponent,
    name: str,
    spec: dict[str, Any],
    *,
    comment: str = "",
    part: str = "",
) -> Manifest:
    """A Service for the pods of that name."""
    chosen = {"selector": {f"{LABEL}/name": name}, **spec}
    return kubernetes_object(
        "v1", "Service", application, component, name, comment=comment, part=part, spec=chosen
    )


def autoscaler(
    application: LoadedApplication,
    component: LoadedComponent,
    name: str,
    min_replicas: int,
    max_replicas: int,
    metrics: Sequence[tuple[str, str, int]],
) -> Manifest:
    """A HorizontalPodAutoscaler; `metrics` are (resource, Utilization or AverageValue, value)."""
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicas": min_replicas,
        "maxReplicas": max_replicas,
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": metric, "target": {"type": kind, _TARGETS[kind]: value}},
            }
            for metric, kind, value in metrics
        ],
    }
    return kubernetes_object(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        application,
        component,
        name,
        comment="By what the pods use; needs a metrics server in the cluster.",
        spec=spec,
    )


def companion(
    manifest: Manifest, version: str, kind: str, comment: str, **content: Any
) -> Manifest:
    """An object of the same name and labels as another."""
    metadata = {name: manifest.value["metadata"][name] for name in ("name", "namespace")}
    labels = {
        name: value
        for name, value in manifest.value["metadata"]["labels"].items()
        if name.startswith(LABEL)
    }
    value = {
        "apiVersion": version,
        "kind": kind,
        "metadata": {**metadata, "labels": labels},
        **content,
    }
    return Manifest(value, comment)

"""What traits make of a component's objects."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...applications.loaded import LoadedApplication, LoadedComponent
from ...applications.types import (
    AnnotationsTrait,
    GatewayTrait,
    HpaTrait,
    KeyValueTrait,
    LabelsTrait,
    ResourceTrait,
    ServiceAccountTrait,
    StorageTrait,
)
from ..common import Manifest
from .objects import POD_KINDS, autoscaler, kubernetes_object, service, without_none
from .storage import mount, storage_objects


def with_traits(
    application: LoadedApplication, component: LoadedComponent, manifests: Sequence[Manifest]
) -> Iterator[Manifest]:
    """The `manifests` of the component, changed, and those that its traits add."""
    runs = [each.value for each in manifests if each.value["kind"] in POD_KINDS]
    yield from manifests
    for trait in component.traits:
        match trait:
            case LabelsTrait() | AnnotationsTrait():
                field = "labels" if isinstance(trait, LabelsTrait) else "annotations"
                for value in runs:
                    _add_pairs(value["metadata"], field, trait)
                    _add_pairs(value["spec"]["template"]["metadata"], field, trait)
            case StorageTrait():
                for value in runs:
                    mount(value["spec"]["template"]["spec"], trait)
                yield from storage_objects(application, component, trait)
            case ResourceTrait():
                for value in runs:
                    _main(value)["resources"] = _resources(trait, _main(value)["resources"])
            case ServiceAccountTrait():
                for value in runs:
                    value["spec"]["template"]["spec"]["serviceAccountName"] = trait.name
                if trait.create:
                    yield kubernetes_object(
                        "v1", "ServiceAccount", application, component, trait.name
                    )
            case HpaTrait():
                for value in runs:
                    value["spec"].pop("replicas", None)
                metrics = [("cpu", trait.cpu.type, trait.cpu.value)]
                if trait.mem:
                    metrics.append(("memory", trait.mem.type, trait.mem.value))
                yield autoscaler(
                    application, component, component.name, trait.min, trait.max, metrics
                )
            case GatewayTrait():
                yield from _ingress(application, component, trait, manifests)


def _add_pairs(metadata: dict[str, Any], field: str, trait: KeyValueTrait) -> None:
    """Add labels or annotations; those by which objects find each other stay."""
    pairs: Mapping[str, str | None] = trait.model_extra or {}
    added = {name: value for name, value in pairs.items() if value is not None}
    metadata[field] = {**added, **metadata.get(field, {})}


def _main(value: dict[str, Any]) -> dict[str, Any]:
    container: dict[str, Any] = value["spec"]["template"]["spec"]["containers"][0]
    return container


def _resources(trait: ResourceTrait, before: dict[str, Any]) -> dict[str, Any]:
    """As the trait's own template: cpu and memory are both, unless either is said apart."""
    apart = {
        name: {"cpu": amounts.cpu, "memory": amounts.memory}
        for name, amounts in (("requests", trait.requests), ("limits", trait.limits))
        if amounts
    }
    both = without_none(cpu=trait.cpu, memory=trait.memory)
    amounts = apart or {"requests": both, "limits": both}
    return {
        name: {**before.get(name, {}), **amounts.get(name, {})} for name in ("requests", "limits")
    }


def _ingress(
    application: LoadedApplication,
    component: LoadedComponent,
    trait: GatewayTrait,
    manifests: Sequence[Manifest],
) -> Iterator[Manifest]:
    """An Ingress, and the Service that it leads to where the component exposes no port itself."""
    name = component.name
    ports = [
        {"name": f"port-{port}", "port": port, "targetPort": port}
        for port in sorted(set(trait.http.values()))
    ]
    there = next((each.value for each in manifests if each.value["kind"] == "Service"), None)
    if there is None:
        yield service(application, component, name, {"ports": ports})
    else:
        exposed = {port["port"] for port in there["spec"]["ports"]}
        there["spec"]["ports"] += [port for port in ports if port["port"] not in exposed]
    paths = [
        {
            "path": path,
            "pathType": trait.pathType,
            "backend": {"service": {"name": name, "port": {"number": port}}},
        }
        for path, port in trait.http.items()
    ]
    ingress = kubernetes_object(
        "networking.k8s.io/v1",
        "Ingress",
        application,
        component,
        name,
        spec=without_none(
            ingressClassName=trait.ingress_class,
            tls=[without_none(hosts=[trait.domain] if trait.domain else None,
                              secretName=trait.secretName)] if trait.secretName else None,
            rules=[without_none(host=trait.domain, http={"paths": paths})],
        ),
    )  # fmt: skip
    metadata = ingress.value["metadata"]
    metadata["labels"] |= trait.labels or {}
    if trait.annotations:
        metadata["annotations"] = trait.annotations
    yield ingress

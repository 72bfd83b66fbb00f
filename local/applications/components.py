"""One component of an Application: its properties, traits and image, checked."""

from collections.abc import Mapping

from pydantic import BaseModel

from . import kubevela
from .cluster_only import storage_findings, unused_locally
from .findings import Finding, Path, suggestion
from .images import IMAGES, Image, last_name
from .kubevela import unsupported_text
from .loaded import LoadedComponent
from .parse import parse
from .source import Document
from .types import (
    LOCAL_TRAITS,
    PROPERTIES,
    TRAITS,
    Component,
    CpuScalerTrait,
    Properties,
    ScalerTrait,
    StatefulsetProperties,
    Storage,
    StorageTrait,
    Trait,
)

_NOT_RUN = {
    "jupyter-notebook": "notebooks are not started here: pip install jupyterlab, then `jupyter "
    "lab` in this checkout",
    "statefulset": "this is not run here; a cluster runs it",
}
_WITH_STORAGE = ("task", "webservice", "statefulset")


def load_component(
    document: Document, path: Path, component: Component, images: Mapping[str, str]
) -> tuple[LoadedComponent | None, list[Finding]]:
    """The component at `path`, or None and what is wrong with it; notices come with both.

    `images` say by its name which image of this project another one stands for.
    """
    if component.type not in PROPERTIES:
        text = unsupported_text(component.type, kubevela.TYPES, PROPERTIES)
        if component.type not in kubevela.TYPES:
            text = f"{component.type!r} is no component type; {text}"
        return None, [document.finding((*path, "type"), text)]
    at = (*path, "properties")
    properties, findings = parse(document, at, PROPERTIES[component.type], component.properties)
    for name in ("inputs", "outputs"):
        if getattr(component, name) is not None:
            text = "data passed between workflow steps is not supported here"
            findings.append(document.finding((*path, name), text))
    if component.type in _NOT_RUN:
        text = _NOT_RUN[component.type]
        findings.append(document.finding((*path, "type"), text, notice=True, local_only=True))
    traits, found = _traits(document, path, component)
    findings += found
    if not isinstance(properties, Properties):
        return None, findings
    image, found = _image(document, at, component.type, properties, images)
    findings += found
    mounts = [
        *(
            item.mount if isinstance(item, Storage) else item
            for item in getattr(properties, "storage", [])
        ),
        *(mount for trait in traits if isinstance(trait, StorageTrait) for mount in trait.pvc),
    ]
    replicas = [trait.replicas for trait in traits if isinstance(trait, ScalerTrait)]
    loaded = LoadedComponent(
        component.name,
        component.type,
        properties,
        path,
        tuple(component.dependsOn),
        image,
        tuple(mounts),
        replicas[-1] if replicas else 1,
        next((trait for trait in traits if isinstance(trait, CpuScalerTrait)), None),
        tuple(traits),
    )
    return loaded, findings


def _traits(
    document: Document, path: Path, component: Component
) -> tuple[list[BaseModel], list[Finding]]:
    traits: list[BaseModel] = []
    findings = []
    for index, trait in enumerate(component.traits):
        at = (*path, "traits", index)
        text = _misplaced(component, trait)
        if text:
            here = trait.type in kubevela.TRAITS and trait.type not in TRAITS
            findings.append(document.finding((*at, "type"), text, local_only=here))
        elif (kind := TRAITS[trait.type]) is None:
            findings.append(unused_locally(document, at))
        else:
            parsed, found = parse(document, (*at, "properties"), kind, trait.properties)
            findings += found
            traits += [parsed] if parsed else []
            if isinstance(parsed, StorageTrait):
                findings += storage_findings(document, (*at, "properties"), parsed)
            if kind not in LOCAL_TRAITS:
                findings.append(unused_locally(document, at))
    return traits, findings


def _misplaced(component: Component, trait: Trait) -> str:
    if trait.type not in TRAITS:
        text = unsupported_text(trait.type, kubevela.TRAITS, TRAITS)
        own = trait.type in kubevela.TRAITS
        return text if own else f"trait {trait.type!r} is not known; {text}"
    if trait.type == "storage" and component.type not in _WITH_STORAGE:
        return f"storage as a trait belongs to a task or service, not to a {component.type}"
    if trait.type in ("scaler", "cpuscaler", "hpa") and component.type != "webservice":
        return f"{trait.type} belongs to a webservice; a {component.type} does not take it"
    return ""


def _image(
    document: Document,
    path: Path,
    component_type: str,
    properties: Properties,
    images: Mapping[str, str],
) -> tuple[Image | None, list[Finding]]:
    reference = getattr(properties, "image", None)
    if reference is None or isinstance(properties, StatefulsetProperties):
        return None, []
    name = last_name(reference)
    image = IMAGES.get(images.get(reference) or images.get(name) or name)
    if image and image.component_type == component_type:
        return image, []
    if image:
        text = f"image {name} is for a {image.component_type}, not for a {component_type}"
        return None, [document.finding((*path, "image"), text)]
    text = (
        f"image {reference!r} is none of this project; {suggestion(name, IMAGES)}. To run it as "
        f"one of these: --image {name}=NAME"
    )
    return None, [document.finding((*path, "image"), text, local_only=True)]

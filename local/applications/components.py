"""One component of an Application: its properties, traits and image, checked."""

from pydantic import BaseModel

from .cluster_only import unused_here
from .findings import Finding, Path, known
from .images import IMAGES, Image, last_name
from .loaded import LoadedComponent
from .parse import parse
from .source import Document
from .types import (
    PROPERTIES,
    TRAITS,
    Component,
    CpuScalerTrait,
    Properties,
    ScalerTrait,
    Storage,
    StorageTrait,
    Trait,
)

_NOTEBOOK = (
    "notebooks are not started here: pip install jupyterlab, then `jupyter lab` in this checkout"
)


def load_component(
    document: Document, path: Path, component: Component
) -> tuple[LoadedComponent | None, list[Finding]]:
    """The component at `path`, or None and what is wrong with it; notices come with both."""
    if component.type not in PROPERTIES:
        text = f"{component.type!r} is no component type; {known(component.type, PROPERTIES)}"
        return None, [document.finding((*path, "type"), text)]
    at = (*path, "properties")
    properties, findings = parse(document, at, PROPERTIES[component.type], component.properties)
    for name in ("inputs", "outputs"):
        if getattr(component, name) is not None:
            text = "data passed between workflow steps is not supported here"
            findings.append(document.finding((*path, name), text))
    if component.type == "jupyter-notebook":
        findings.append(document.finding((*path, "type"), _NOTEBOOK, notice=True, here=True))
    traits, found = _traits(document, path, component)
    findings += found
    if not isinstance(properties, Properties):
        return None, findings
    image, found = _image(document, at, component.type, properties)
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
            findings.append(document.finding((*at, "type"), text))
        elif (kind := TRAITS[trait.type]) is None:
            findings.append(unused_here(document, at))
        else:
            parsed, found = parse(document, (*at, "properties"), kind, trait.properties)
            findings += found
            traits += [parsed] if parsed else []
            if kind is CpuScalerTrait:
                findings.append(unused_here(document, at))
    return traits, findings


def _misplaced(component: Component, trait: Trait) -> str:
    if trait.type not in TRAITS:
        return f"trait {trait.type!r} is not known; {known(trait.type, TRAITS)}"
    if trait.type == "storage" and component.type != "task":
        return f"storage as a trait belongs to a task; a {component.type} does not take it here"
    if trait.type in ("scaler", "cpuscaler") and component.type != "webservice":
        return f"{trait.type} belongs to a webservice; a {component.type} does not take it"
    return ""


def _image(
    document: Document, path: Path, component_type: str, properties: Properties
) -> tuple[Image | None, list[Finding]]:
    reference = getattr(properties, "image", None)
    if reference is None:
        return None, []
    name = last_name(reference)
    image = IMAGES.get(name)
    if image and image.component_type == component_type:
        return image, []
    if image:
        text = f"image {name} is for a {image.component_type}, not for a {component_type}"
    else:
        text = f"image {reference!r} is none of this project; {known(name, IMAGES)}"
    return None, [document.finding((*path, "image"), text)]

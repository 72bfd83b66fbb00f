"""From files to Applications: types checked, every error with its place."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from .applications import (
    PROPERTIES,
    TRAITS,
    Application,
    ClaimMount,
    Component,
    CpuScalerTrait,
    Properties,
    ScalerTrait,
    Storage,
    StorageTrait,
    Strict,
    Trait,
)
from .environments import environments
from .findings import Finding, Path, Refused, known
from .images import IMAGES, Image, last_name
from .source import Document, read_documents

_NOTEBOOK = (
    "notebooks are not started here: pip install jupyterlab, then `jupyter lab` in this checkout"
)


@dataclass(frozen=True)
class LoadedComponent:
    """A component whose properties are checked. `path` is its place in the document.

    `image` is None where there is none (model-serving). `mounts` are its claims, by the properties
    or by the trait; `replicas` is what the trait `scaler` says, `autoscaler` the trait `cpuscaler`.
    """

    name: str
    type: str
    properties: Properties
    path: Path
    depends_on: tuple[str, ...] = ()
    image: Image | None = None
    mounts: tuple[ClaimMount, ...] = ()
    replicas: int = 1
    autoscaler: CpuScalerTrait | None = None
    traits: tuple[BaseModel, ...] = ()


@dataclass(frozen=True)
class LoadedApplication:
    """An Application whose components are checked one by one."""

    name: str
    namespace: str
    components: tuple[LoadedComponent, ...]
    document: Document


def load(files: Iterable[FilePath]) -> tuple[list[LoadedApplication], list[Finding]]:
    """The Applications of all files, and notices. Raises Refused with every error found."""
    applications: list[LoadedApplication] = []
    findings: list[Finding] = []
    for file in files:
        try:
            documents = read_documents(file)
        except Refused as refused:
            findings += refused.findings
            continue
        if not documents:
            findings.append(Finding(str(file), 1, "", "the file is empty"))
        for document in documents:
            application, found = _application(document)
            findings += found
            if application:
                applications.append(application)
    if any(not finding.notice for finding in findings):
        raise Refused(findings)
    return applications, findings


def _application(document: Document) -> tuple[LoadedApplication | None, list[Finding]]:
    parsed, findings = parse(document, (), Application, document.value)
    if not isinstance(parsed, Application):
        return None, findings
    for name in ("policies", "workflow"):
        if getattr(parsed.spec, name):
            findings.append(_unused(document, ("spec", name)))
    findings += environments(document, parsed.spec, parse)
    components = []
    for index, component in enumerate(parsed.spec.components):
        loaded, found = _component(document, ("spec", "components", index), component)
        findings += found
        if loaded:
            components.append(loaded)
    metadata = parsed.metadata
    return (
        LoadedApplication(metadata.name, metadata.namespace, tuple(components), document),
        findings,
    )


def _component(
    document: Document, path: Path, component: Component
) -> tuple[LoadedComponent | None, list[Finding]]:
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
            findings.append(_unused(document, at))
        else:
            parsed, found = parse(document, (*at, "properties"), kind, trait.properties)
            findings += found
            traits += [parsed] if parsed else []
            if kind is CpuScalerTrait:
                findings.append(_unused(document, at))
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


def _unused(document: Document, path: Path) -> Finding:
    return document.finding(path, "this means nothing on one machine", notice=True, here=True)


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
            findings.append(_unused(document, (*path, name)))
        elif isinstance(value, BaseModel):
            findings += cluster_only(document, (*path, name), value)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, BaseModel):
                    findings += cluster_only(document, (*path, name, index), item)
    return findings


def parse(
    document: Document, path: Path, kind: type[Strict], value: Any
) -> tuple[Strict | None, list[Finding]]:
    """`value` as a `kind`, or None and what is wrong with it."""
    try:
        return kind.model_validate(value), []
    except ValidationError as error:
        return None, [
            document.finding((*path, *each["loc"]), _said(kind, each))
            for each in error.errors(include_url=False)
        ]


def _said(kind: type[BaseModel], error: Any) -> str:
    """One error of pydantic's in words of ours."""
    match error["type"]:
        case "extra_forbidden":
            fields = _model_at(kind, error["loc"][:-1]).model_fields
            return f"{error['loc'][-1]} is not known; {known(str(error['loc'][-1]), fields)}"
        case "missing":
            return "this is missing"
        case "value_error":
            return str(error["ctx"]["error"])
        case "string_type" if isinstance(error["input"], (int, float)):
            return f"{error['input']} must be a string: put it in quotes"
        case "string_pattern_mismatch":
            return f"{error['input']!r} is no name: a-z, 0-9 and -"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "must be a mapping"
        case "too_short":
            return "must not be empty"
    text = str(error["msg"]).replace("Input should be", "must be")
    value = error["input"]
    return f"{value!r} {text}" if isinstance(value, (str, int, float)) else text


def _model_at(kind: type[BaseModel], path: Sequence[str | int]) -> type[BaseModel]:
    """The type of what lies at `path` in a `kind`."""
    for part in path:
        if isinstance(part, str) and part in kind.model_fields:
            kind = next(_models(kind.model_fields[part].annotation), kind)
    return kind


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)

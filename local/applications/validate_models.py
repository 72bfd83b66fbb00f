"""Checks across Applications: models, their addresses, and the clients' URLs."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path as FilePath

from ..model_folder import saved_models
from .claims import Volumes
from .findings import Finding
from .loaded import LoadedApplication, LoadedComponent
from .types import NotebookProperties, ServingProperties

# Namespace, deployment and model of a predict URL at the gateway.
_PREDICT_URL = re.compile(r"/seldon/([^/]+)/([^/]+)/v1/models/([^/:]+):predict$")


# A model behind an address: where it stands, the predictor's index, its name.
_Model = tuple[LoadedApplication, LoadedComponent, int, str]


def validate_models(
    applications: Sequence[LoadedApplication], volumes: Volumes
) -> Iterator[Finding]:
    """What is wrong between Applications that shall run together, with these claims."""
    yield from _addresses(applications)
    yield from _models(applications, volumes)
    yield from _same_versions(applications, volumes)
    yield from _urls(applications)


def _models(applications: Sequence[LoadedApplication], volumes: Volumes) -> Iterator[Finding]:
    """Does every model's path hold a folder named by an integer, as far as can be known now?"""
    written = {
        (application.namespace, mount.name): component
        for application in applications
        for component in application.components
        if not isinstance(component.properties, NotebookProperties)
        for mount in component.mounts
    }
    for application in applications:
        for component in application.components:
            if not isinstance(component.properties, ServingProperties):
                continue
            for index, predictor in enumerate(component.properties.predictors):
                graph = predictor.graph
                folder = volumes.folder(application.namespace, graph.claim)
                writer = written.get((application.namespace, graph.claim))
                text = _holds_no_version(graph.path, folder, writer)
                if text:
                    at = ("predictors", index, "graph", "modelUri")
                    yield application.document.finding(
                        component.at(*at), f"{graph.modelUri}: {text}", local_only=writer is None
                    )


def _holds_no_version(path: str, claim: FilePath, writer: LoadedComponent | None) -> str:
    """What is wrong with a path of a claim, which `writer` will write or which exists."""
    if writer is None:
        if claim.is_dir() and not saved_models(claim / path):
            return "the claim holds no folder named by an integer there"
        return ""
    image = writer.image
    if image is None:
        return ""
    mount = next(mount for mount in writer.mounts if mount.name == claim.name)
    top = f"{mount.mountPath.rstrip('/')}/{path}".rstrip("/")
    command = getattr(writer.properties, "cmd", None)
    published = {"color": "/mnt/model/v[0-9]+", "style": "/mnt/model", "": "/model(/v[0-9]+)?"}
    if command or re.fullmatch(published[image.models], top):
        return ""
    places = {"color": "model/v1, model/v2, ...", "style": "model", "": "its root, or v1, v2, ..."}
    return f"{image.name} writes its models elsewhere in the claim: {places[image.models]}"


def _same_versions(
    applications: Sequence[LoadedApplication], volumes: Volumes
) -> Iterator[Finding]:
    """Do the predictors of a component serve versions of different numbers, as far as is known?"""
    for application in applications:
        for component in application.components:
            servers: dict[int, str] = {}  # version -> the first predictor that serves it
            for index, predictor in enumerate(getattr(component.properties, "predictors", [])):
                graph = predictor.graph
                version = _version(volumes.folder(application.namespace, graph.claim), graph.path)
                if version in servers:
                    text = (
                        f"this is a version {version}, as {servers[version]} serves: neither "
                        "X-Model nor votes tell them apart; publish one with another --version"
                    )
                    at = component.at("predictors", index, "graph", "modelUri")
                    yield application.document.finding(at, text, notice=True)
                elif version is not None:
                    servers[version] = predictor.name


def _version(claim: FilePath, path: str) -> int | None:
    """The version that is served from a path of a claim, if the claim or the path says so."""
    if found := saved_models(claim / path):
        return int(found[-1].name)
    named = re.search(r"(?:^|/)v([0-9]{1,18})$", path)
    return int(named[1]) if named else None


def _urls(applications: Sequence[LoadedApplication]) -> Iterator[Finding]:
    """Do the predict URLs of web services lead to a model among these files?"""
    deployments = {
        (application.namespace, component.name): component.properties
        for application in applications
        for component in application.components
        if isinstance(component.properties, ServingProperties)
    }
    for application in applications:
        for component in application.components:
            for index, variable in enumerate(getattr(component.properties, "env", [])):
                match = _PREDICT_URL.search(variable.value or "")
                if not match:
                    continue
                at = component.at("env", index, "value")
                properties = deployments.get((match[1], match[2]))
                if properties is None:
                    text = f"no model-serving {match[2]} is among these files"
                    yield application.document.finding(at, text, notice=True)
                elif properties.customRouting:
                    there = properties.customRouting.serviceName
                    text = f"{match[2]} has no address of its own: it is behind {there}"
                    yield application.document.finding(at, text)
                elif match[3] != (name := properties.predictors[0].graph.name):
                    text = f"the model of {match[2]} is {name!r}, not {match[3]!r}"
                    yield application.document.finding(at, text)


def _addresses(applications: Sequence[LoadedApplication]) -> Iterator[Finding]:
    """Behind one address one name of the model: it is part of every URL."""
    models: dict[tuple[str, str], list[_Model]] = defaultdict(list)
    headers: dict[tuple[str, str, str, str], str] = {}
    deployments = set()
    for application in applications:
        for component in application.components:
            properties = component.properties
            if not isinstance(properties, ServingProperties):
                continue
            deployments.add((application.namespace, component.name))
            routing = properties.customRouting
            address = (application.namespace, routing.serviceName if routing else component.name)
            for index, predictor in enumerate(properties.predictors):
                entry = (application, component, index, predictor.graph.name)
                models[address].append(entry)
            if routing:
                name, value = routing.name_and_value
                other = headers.setdefault((*address, name.lower(), value), component.name)
                if other != component.name:
                    text = f"{other} already takes the requests with {name}: {value}"
                    yield application.document.finding(
                        component.at("customRouting", "header"), text
                    )
    for application in applications:
        for component in application.components:
            routing = getattr(component.properties, "customRouting", None)
            if routing and (application.namespace, routing.serviceName) not in deployments:
                text = f"no model-serving {routing.serviceName} is among these files"
                yield application.document.finding(
                    component.at("customRouting", "serviceName"), text, notice=True
                )
    for (_, address_name), entries in models.items():
        first = entries[0][3]
        for application, component, index, name in entries[1:]:
            if name != first:
                text = (
                    f"{name!r}, but another model behind {address_name} is {first!r}: the name is "
                    "part of the URL, so all must have the same"
                )
                yield application.document.finding(
                    component.at("predictors", index, "graph", "name"), text
                )

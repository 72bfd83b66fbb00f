"""What the cluster's templates would swallow in silence, and what this machine cannot run."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path as FilePath
from pathlib import PurePosixPath

from .applications import NotebookProperties, ServingProperties, TrainingProperties
from .findings import Finding, Path, known
from .images import COPIES_TO, GATEWAY, PUBLISHES_TO
from .load import LoadedApplication, LoadedComponent, cluster_only
from .model_folder import saved_models
from .volumes import Volumes

# Namespace, deployment and model of a predict URL at the gateway.
_PREDICT_URL = re.compile(r"/seldon/([^/]+)/([^/]+)/v1/models/([^/:]+):predict$")

Place = tuple[LoadedApplication, LoadedComponent]


def validate(applications: Sequence[LoadedApplication], volumes: Volumes) -> list[Finding]:
    """Errors and notices about Applications that shall run together, with these claims."""
    return [
        *_twice(applications),
        *_addresses(applications),
        *_models(applications, volumes),
        *_urls(applications),
        *(
            finding
            for application in applications
            for component in application.components
            for finding in _component(application, component)
        ),
    ]


def _at(place: Place, *path: str | int) -> Path:
    return (*place[1].path, "properties", *path)


def _twice(applications: Sequence[LoadedApplication]) -> Iterator[Finding]:
    """Two of one name would overwrite each other."""
    names: set[tuple[str, str]] = set()
    components: dict[tuple[str, str], str] = {}
    for application in applications:
        if application.name == GATEWAY:
            text = f"{GATEWAY} is the gateway's own name here; choose another"
            yield application.document.finding(("metadata", "name"), text)
        if (application.namespace, application.name) in names:
            text = f"there are two Applications {application.name}"
            yield application.document.finding(("metadata", "name"), text)
        names.add((application.namespace, application.name))
        for component in application.components:
            other = components.setdefault((application.namespace, component.name), application.name)
            if other != application.name:
                text = f"{component.name} is also a component of {other}; rename one of them"
                yield application.document.finding((*component.path, "name"), text)


def _component(application: LoadedApplication, component: LoadedComponent) -> Iterator[Finding]:
    document = application.document
    same = [each for each in application.components if each.name == component.name]
    if same[0] is not component:
        text = f"there are two components {component.name}"
        yield document.finding((*component.path, "name"), text)
    yield from _order(application, component)
    yield from cluster_only(document, (*component.path, "properties"), component.properties)
    place = (application, component)
    match component.properties:
        case ServingProperties():
            yield from _serving(place, component.properties)
        case TrainingProperties():
            yield from _training(place, component.properties)
    if component.image and component.image.models and COPIES_TO not in _mounted_at(component):
        text = f"{component.image.name} writes below {COPIES_TO}: mount a claim there (storage)"
        yield document.finding(_at(place, "image"), text)
    yield from _command(place)
    if component.replicas > 1:
        text = f"one process runs here, not {component.replicas}"
        yield document.finding((*component.path, "traits"), text, notice=True, here=True)
    for index, variable in enumerate(getattr(component.properties, "env", [])):
        if variable.valueFrom is not None:
            text = "there are no secrets and config maps on this machine: give a value"
            yield document.finding(_at(place, "env", index, "valueFrom"), text, here=True)


def _mounted_at(component: LoadedComponent) -> set[str]:
    return {mount.mountPath.rstrip("/") for mount in component.mounts}


def _order(application: LoadedApplication, component: LoadedComponent) -> Iterator[Finding]:
    by_name = {each.name: each for each in application.components}
    for index, name in enumerate(component.depends_on):
        at = (*component.path, "dependsOn", index)
        if name not in by_name:
            text = f"there is no component {name!r}; {known(name, by_name)}"
            yield application.document.finding(at, text)
        elif component.name in behind(by_name, name):
            text = f"{component.name} and {name} wait for each other"
            yield application.document.finding(at, text)


def behind(by_name: dict[str, LoadedComponent], name: str) -> set[str]:
    """`name` and all that it depends on."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each in by_name and each not in found:
            found.add(each)
            waiting += by_name[each].depends_on
    return found


def _serving(place: Place, properties: ServingProperties) -> Iterator[Finding]:
    document = place[0].document
    if properties.protocol != "tensorflow":
        text = (
            f"protocol {properties.protocol or 'seldon (the default)'} is not spoken here nor by "
            "the clients; write protocol: tensorflow"
        )
        at = _at(place, "protocol") if properties.protocol else _at(place)
        yield document.finding(at, text)
    shares = [predictor.traffic for predictor in properties.predictors]
    total = sum(share or 0 for share in shares)
    if total != 100 and (len(shares) > 1 or shares[0] is not None):
        text = f"the traffic of the predictors sums to {total}, not to 100"
        yield document.finding(_at(place, "predictors"), text)
    names = set()
    for index, predictor in enumerate(properties.predictors):
        graph = predictor.graph
        if predictor.name in names:
            text = f"there are two predictors {predictor.name}"
            yield document.finding(_at(place, "predictors", index, "name"), text)
        names.add(predictor.name)
        if graph.implementation != "tensorflow":
            text = f"{graph.implementation} is not served here; only tensorflow is"
            yield document.finding(_at(place, "predictors", index, "graph", "implementation"), text)
        scaler = predictor.autoscaler
        if scaler and scaler.minReplicas > scaler.maxReplicas:
            text = f"minReplicas {scaler.minReplicas} is above maxReplicas {scaler.maxReplicas}"
            yield document.finding(_at(place, "predictors", index, "autoscaler"), text)


def _training(place: Place, properties: TrainingProperties) -> Iterator[Finding]:
    document = place[0].document
    if properties.framework != "tensorflow":
        text = f"this image trains with tensorflow, not with {properties.framework}"
        yield document.finding(_at(place, "framework"), text)
    if properties.distribution:
        text = "one worker runs here, however many there are on a cluster"
        yield document.finding(_at(place, "distribution"), text, notice=True, here=True)
    if not properties.cmd and PUBLISHES_TO not in _mounted_at(place[1]):
        text = f"no claim is mounted at {PUBLISHES_TO}: what is trained would be lost with the pod"
        at = _at(place, "storage") if properties.storage else _at(place)
        yield document.finding(at, text)


def _command(place: Place) -> Iterator[Finding]:
    """`cmd` may run the image's own program with other arguments, and nothing else."""
    component = place[1]
    command = getattr(component.properties, "cmd", None)
    if not command or not component.image:
        return
    if component.image.models:
        text = "the image's own copying is done here, not this command"
        yield place[0].document.finding(_at(place, "cmd"), text, notice=True, here=True)
        return
    own = ["-m", component.image.module]
    program = PurePosixPath(command[0]).name
    if not program.startswith("python") or command[1:3] != own:
        text = f"only [python, -m, {component.image.module}, ...] can be run here for this image"
        yield place[0].document.finding(_at(place, "cmd"), text, here=True)


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
                        _at((application, component), *at),
                        f"{graph.modelUri}: {text}",
                        here=writer is None,
                    )


def _holds_no_version(path: str, claim: FilePath, writer: LoadedComponent | None) -> str:
    """What is wrong with a path of a claim, which `writer` will write or which is there."""
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
                at = _at((application, component), "env", index, "value")
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
    models: dict[tuple[str, str], list[tuple[Place, int, str]]] = defaultdict(list)
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
                entry = ((application, component), index, predictor.graph.name)
                models[address].append(entry)
            if routing:
                name, value = routing.name_and_value
                other = headers.setdefault((*address, name.lower(), value), component.name)
                if other != component.name:
                    text = f"{other} already takes the requests with {name}: {value}"
                    yield application.document.finding(
                        _at((application, component), "customRouting", "header"), text
                    )
    for application in applications:
        for component in application.components:
            routing = getattr(component.properties, "customRouting", None)
            if routing and (application.namespace, routing.serviceName) not in deployments:
                text = f"no model-serving {routing.serviceName} is among these files"
                yield application.document.finding(
                    _at((application, component), "customRouting", "serviceName"), text, notice=True
                )
    for (_, address_name), entries in models.items():
        first = entries[0][2]
        for place, index, name in entries[1:]:
            if name != first:
                text = (
                    f"{name!r}, but another model behind {address_name} is {first!r}: the name is "
                    "part of the URL, so all must have the same"
                )
                yield place[0].document.finding(
                    _at(place, "predictors", index, "graph", "name"), text
                )

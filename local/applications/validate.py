"""What the cluster's templates would silently accept, and what this machine cannot run."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from .claims import Volumes
from .cluster_only import cluster_only
from .findings import Finding, suggestion
from .images import COPIES_TO, GATEWAY, PUBLISHES_TO
from .loaded import LoadedApplication, LoadedComponent, with_dependencies
from .replaced_settings import replacement
from .source import Document
from .types import ServingProperties, StatefulsetProperties, TrainingProperties
from .validate_models import validate_models


def validate(applications: Sequence[LoadedApplication], volumes: Volumes) -> list[Finding]:
    """Errors and notices about Applications that shall run together, with these claims."""
    return [
        *_duplicates(applications),
        *validate_models(applications, volumes),
        *(
            finding
            for application in applications
            for component in application.components
            for finding in _component(application, component)
        ),
    ]


def _duplicates(applications: Sequence[LoadedApplication]) -> Iterator[Finding]:
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
    if isinstance(component.properties, StatefulsetProperties):
        return  # not run here
    yield from cluster_only(document, (*component.path, "properties"), component.properties)
    match component.properties:
        case ServingProperties():
            yield from _serving(document, component, component.properties)
        case TrainingProperties():
            yield from _training(document, component, component.properties)
    if component.image and component.image.models and COPIES_TO not in _mounted_at(component):
        text = f"{component.image.name} writes below {COPIES_TO}: mount a claim there (storage)"
        yield document.finding(component.at("image"), text)
    yield from _command(document, component)
    if component.type == "webservice" and component.mounts:
        text = "claims are not mounted here: its program sees this machine's own files"
        yield document.finding((*component.path, "traits"), text, notice=True, local_only=True)
    if component.replicas > 1:
        text = f"one process runs here, not {component.replicas}"
        yield document.finding((*component.path, "traits"), text, notice=True, local_only=True)
    for index, variable in enumerate(getattr(component.properties, "env", [])):
        if text := replacement(variable):
            yield document.finding(component.at("env", index), text, notice=True, local_only=True)
        elif variable.valueFrom is not None:
            text = "there are no secrets and config maps on this machine: give a value"
            yield document.finding(component.at("env", index, "valueFrom"), text, local_only=True)


def _mounted_at(component: LoadedComponent) -> set[str]:
    return {mount.mountPath.rstrip("/") for mount in component.mounts}


def _order(application: LoadedApplication, component: LoadedComponent) -> Iterator[Finding]:
    by_name = {each.name: each for each in application.components}
    for index, name in enumerate(component.depends_on):
        at = (*component.path, "dependsOn", index)
        if name not in by_name:
            text = f"there is no component {name!r}; {suggestion(name, by_name)}"
            yield application.document.finding(at, text)
        elif component.name in with_dependencies(by_name, name):
            text = f"{component.name} and {name} wait for each other"
            yield application.document.finding(at, text)


def _serving(
    document: Document, component: LoadedComponent, properties: ServingProperties
) -> Iterator[Finding]:
    if properties.protocol != "tensorflow":
        text = (
            f"protocol {properties.protocol or 'seldon (the default)'} is not spoken here nor by "
            "the clients; write protocol: tensorflow"
        )
        at = component.at("protocol") if properties.protocol else component.at()
        yield document.finding(at, text)
    shares = [predictor.traffic for predictor in properties.predictors]
    total = sum(share or 0 for share in shares)
    if total != 100 and (len(shares) > 1 or shares[0] is not None):
        text = f"the traffic of the predictors sums to {total}, not to 100"
        yield document.finding(component.at("predictors"), text)
    yield from _no_traffic(document, component, properties)
    names = set()
    for index, predictor in enumerate(properties.predictors):
        graph = predictor.graph
        if predictor.name in names:
            text = f"there are two predictors {predictor.name}"
            yield document.finding(component.at("predictors", index, "name"), text)
        names.add(predictor.name)
        if graph.implementation != "tensorflow":
            text = f"{graph.implementation} is not served here; only tensorflow is"
            yield document.finding(
                component.at("predictors", index, "graph", "implementation"), text
            )
        scaler = predictor.autoscaler
        if scaler and scaler.minReplicas > scaler.maxReplicas:
            text = f"minReplicas {scaler.minReplicas} is above maxReplicas {scaler.maxReplicas}"
            yield document.finding(component.at("predictors", index, "autoscaler"), text)


def _no_traffic(
    document: Document, component: LoadedComponent, properties: ServingProperties
) -> Iterator[Finding]:
    """A share of 0 is none on a cluster only for the first predictor, which takes the rest.

    Seldon 1.12 leaves a weight of 0 out of its Mapping, and Ambassador 1.14 lets a Mapping without
    weight share evenly.
    """
    for index, predictor in enumerate(properties.predictors[1:], 1):
        if not predictor.traffic:
            clause = "traffic: 0" if predictor.traffic == 0 else "without traffic"
            text = (
                f"{predictor.name} {clause} gets an even share of the requests on a cluster, not "
                "none: Seldon leaves a weight of 0 out. Leave this predictor out instead, or put "
                "it first"
            )
            field = ("traffic",) if predictor.traffic == 0 else ()
            yield document.finding(component.at("predictors", index, *field), text)


def _training(
    document: Document, component: LoadedComponent, properties: TrainingProperties
) -> Iterator[Finding]:
    if properties.framework != "tensorflow":
        text = f"this image trains with tensorflow, not with {properties.framework}"
        yield document.finding(component.at("framework"), text)
    if properties.distribution:
        text = "one worker runs here, however many there are on a cluster"
        yield document.finding(component.at("distribution"), text, notice=True, local_only=True)
    if not properties.cmd and PUBLISHES_TO not in _mounted_at(component):
        text = f"no claim is mounted at {PUBLISHES_TO}: what is trained would be lost with the pod"
        at = component.at("storage") if properties.storage else component.at()
        yield document.finding(at, text)


def _command(document: Document, component: LoadedComponent) -> Iterator[Finding]:
    """`cmd` may run the image's own program with other arguments, and nothing else."""
    command = getattr(component.properties, "cmd", None)
    if not command or not component.image:
        return
    if component.image.models:
        text = "the image's own copying is done here, not this command"
        yield document.finding(component.at("cmd"), text, notice=True, local_only=True)
        return
    own = ["-m", component.image.module]
    program = PurePosixPath(command[0]).name
    if not program.startswith("python") or command[1:3] != own:
        text = f"only [python, -m, {component.image.module}, ...] can be run here for this image"
        yield document.finding(component.at("cmd"), text, local_only=True)

"""An Application as plain objects of Kubernetes: no KubeVela, Seldon, Ambassador or operator.

Order needs no word of its own: TensorFlow Serving waits for a version in the claim, a client is
not ready before its model is, and nobody sends requests to what is not ready. Jobs that shall run
after something are the exception; the header says how to apply those in steps.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from ...applications.findings import Refused
from ...applications.loaded import LoadedApplication, LoadedComponent
from ...applications.types import (
    ClaimedVolume,
    NotebookProperties,
    ServingProperties,
    Storage,
    StorageTrait,
    TaskProperties,
    TrainingProperties,
    WebserviceProperties,
)
from ..common import Addresses, Manifest, joined, served, web_services
from ..yaml_text import as_comment, as_yaml
from .gateway import gateway
from .jobs import task, training
from .model_serving import serving
from .objects import LABEL, host, kubernetes_object
from .web import notebook, webservice

# What the addon asks for where a claim says nothing.
_ACCESS, _SIZE = ["ReadWriteOnce"], {"requests": {"storage": "1Gi"}}


def kubernetes(applications: Sequence[LoadedApplication]) -> str:
    """The objects as YAML documents, each with what a reader should know about it.

    Raises Refused for a value that names a service that is not among these files, and for two
    objects of one name.
    """
    manifests = _Objects(applications).manifests()
    parts = [_header(applications, manifests)]
    parts += [as_comment(each.comment) + as_yaml(each.value) for each in manifests]
    return "---\n".join(parts)


def _header(applications: Sequence[LoadedApplication], manifests: Sequence[Manifest]) -> str:
    names = ", ".join(application.name for application in applications)
    lines = [
        f"{names}, for any Kubernetes of today: no KubeVela, no addon, no operator.",
        "",
        "  kubectl apply -f THIS_FILE",
        "",
        "Made by `python -m local render --format kubernetes`: change the Application, not this.",
        "A Job cannot be changed once it is there: kubectl delete job NAME, then apply again.",
    ]
    missing = sorted(_claims_used(manifests) - _claims_made(manifests))
    if missing:
        lines += ["", f"It needs claims that are not made here: {', '.join(missing)}."]
    for application in applications:
        for component in application.components:
            if component.depends_on and _is_job(component):
                lines += ["", *_steps(application, component)]
    return as_comment("\n".join(lines))


def _steps(application: LoadedApplication, component: LoadedComponent) -> Iterator[str]:
    """What to type so that a job starts after what it depends on."""
    yield f"{component.name} starts at once, whatever it depends on. To have it wait, before the"
    yield "line above:"
    yield ""
    for name in component.depends_on:
        other = next(each for each in application.components if each.name == name)
        selector = f"-n {application.namespace} -l {LABEL}/component={name}"
        yield f"  kubectl apply -f THIS_FILE -l {LABEL}/component={name}"
        what = "complete job" if _is_job(other) else "available deployment"
        condition, kind = what.split()
        yield f"  kubectl wait --for=condition={condition} --timeout=24h {kind} {selector}"


def _is_job(component: LoadedComponent) -> bool:
    return isinstance(component.properties, (TrainingProperties, TaskProperties))


def _claims_made(manifests: Sequence[Manifest]) -> set[str]:
    return {
        each.value["metadata"]["name"]
        for each in manifests
        if each.value["kind"] == "PersistentVolumeClaim"
    }


def _claims_used(manifests: Sequence[Manifest]) -> set[str]:
    found = set()
    for each in manifests:
        template = each.value.get("spec", {}).get("template", {})
        for volume in template.get("spec", {}).get("volumes", []):
            if "persistentVolumeClaim" in volume:
                found.add(volume["persistentVolumeClaim"]["claimName"])
    return found


class _Objects:
    def __init__(self, applications: Sequence[LoadedApplication]):
        self.applications = applications
        self.served = served(applications)
        address = ""
        if self.served:
            first = self.served[0].application
            # Named after the Application: another one, applied later, shall not replace its routes.
            self.gateway = (joined(first.name, "gateway"), first.namespace)
            address = f"http://{host(*self.gateway)}"
        self.addresses = Addresses(address, dict.fromkeys(web_services(applications)))

    def manifests(self) -> list[Manifest]:
        made = [*self._claims()]
        for application in self.applications:
            for component in application.components:
                made += self._component(application, component)
        if self.served:
            made += gateway(self.applications, self.gateway[0])
        self._refuse_twins(made)
        return made

    def _refuse_twins(self, manifests: Sequence[Manifest]) -> None:
        seen = set()
        for each in manifests:
            metadata = each.value["metadata"]
            key = (each.value["kind"], metadata["namespace"], metadata["name"])
            if key in seen:
                document = self.applications[0].document
                text = f"two objects would be {key[0]} {key[2]}; rename a component or predictor"
                raise Refused([document.finding((), text)])
            if key[0] == "Service" and key[2][0].isdigit():
                document = self.applications[0].document
                text = f"a Service cannot be called {key[2]}: its name must begin with a letter"
                raise Refused([document.finding((), text)])
            seen.add(key)

    def _component(
        self, application: LoadedApplication, component: LoadedComponent
    ) -> Iterator[Manifest]:
        match component.properties:
            case ServingProperties():
                for each in self.served:
                    if each.component is component:
                        yield from serving(each)
            case WebserviceProperties() as properties:
                yield from webservice(self.addresses, application, component, properties)
            case TrainingProperties() as properties:
                yield from training(self.addresses, application, component, properties)
            case TaskProperties() as properties:
                yield task(self.addresses, application, component, properties)
            case NotebookProperties() as properties:
                yield from notebook(application, component, properties)

    def _claims(self) -> Iterator[Manifest]:
        made = set()
        for application in self.applications:
            for component in application.components:
                for name, wanted in _own_claims(component):
                    if (application.namespace, name) in made:
                        continue
                    made.add((application.namespace, name))
                    yield kubernetes_object(
                        "v1",
                        "PersistentVolumeClaim",
                        application,
                        component,
                        name,
                        spec=_claim(wanted),
                    )


def _own_claims(component: LoadedComponent) -> Iterator[tuple[str, Storage | ClaimedVolume]]:
    """The claims that the component makes, by name."""
    for item in getattr(component.properties, "storage", []):
        if isinstance(item, Storage) and not item.pvcRef:
            yield item.mount.name, item
    for trait in component.traits:
        if isinstance(trait, StorageTrait):
            yield from ((volume.name, volume) for volume in trait.pvc if not volume.mountOnly)


def _claim(wanted: Storage | ClaimedVolume) -> dict[str, Any]:
    said = wanted.model_dump(
        exclude_none=True, exclude={"name", "mountPath", "pvcRef", "mountOnly"}
    )
    return {"accessModes": _ACCESS, "resources": _SIZE, **said}

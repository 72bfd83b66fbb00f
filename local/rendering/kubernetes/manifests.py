"""An Application as plain objects of Kubernetes: no KubeVela, Seldon, Ambassador or operator.

Order needs no word of its own: TensorFlow Serving waits for a version in the claim, a client is
not ready before its model is, and nobody sends requests to what is not ready. Jobs that shall run
after something are the exception; the header says how to apply those in steps.
"""

from collections.abc import Iterator, Sequence

from ...applications.findings import Refused
from ...applications.hosts import AMBASSADOR
from ...applications.loaded import LoadedApplication, LoadedComponent
from ...applications.types import (
    JOBS,
    NotebookProperties,
    ServiceProperties,
    ServingProperties,
    TaskProperties,
    TrainingProperties,
)
from ..common import Addresses, Manifest, join_name, served_predictors, web_services
from ..yaml_text import as_comment, as_yaml
from .claims import claims, claims_made, claims_used, colocate
from .gateway import gateway
from .http_routes import Gateway, http_routes
from .jobs import task, training
from .model_serving import serving
from .objects import LABEL, host
from .policies import disruption_budgets, network_policies
from .traits import with_traits
from .web import notebook, webservice

# The least version of Kubernetes that takes all of it.
LEAST_VERSION = "1.25"


def kubernetes(
    applications: Sequence[LoadedApplication], their_gateway: Gateway | None = None
) -> str:
    """The objects as YAML documents, each with what a reader should know about it.

    The routes are for `their_gateway`, if the cluster has one, and else for an Envoy among these.
    Raises Refused for a value that names a service that is not among these files, and for two
    objects of one name.
    """
    manifests = _Objects(applications, their_gateway).manifests()
    parts = [_header(applications, manifests, their_gateway)]
    parts += [as_comment(each.comment) + as_yaml(each.value) for each in manifests]
    return "---\n".join(parts)


def _header(
    applications: Sequence[LoadedApplication],
    manifests: Sequence[Manifest],
    their_gateway: Gateway | None,
) -> str:
    names = ", ".join(application.name for application in applications)
    lines = [
        f"{names}, for Kubernetes {LEAST_VERSION} and newer: no KubeVela, no addon, no operator.",
        "",
        "  kubectl apply -f THIS_FILE",
        "",
        "Made by `python -m local render --format kubernetes`: change the Application, not this.",
        "A Job cannot be changed once it is there: kubectl delete job NAME, then apply again.",
    ]
    missing = sorted(claims_used(manifests) - claims_made(manifests))
    if missing:
        lines += ["", f"It needs claims that are not made here: {', '.join(missing)}."]
    if their_gateway:
        lines += ["", *_gateway_steps(their_gateway)]
    for application in applications:
        for component in application.components:
            if component.depends_on and isinstance(component.properties, JOBS):
                lines += ["", *_steps(application, component)]
    return as_comment("\n".join(lines))


def _gateway_steps(gateway: Gateway) -> Iterator[str]:
    """What to type so that the clients find the gateway."""
    name, namespace = AMBASSADOR
    yield f"The routes are for the Gateway {gateway.name}, which must take those of this namespace."
    yield f"Clients look for it at {host(name, namespace)}. Where that name is not there"
    yield "yet, have it lead to the Service of the Gateway, which its implementation names:"
    yield ""
    yield f"  kubectl create namespace {namespace}"
    create = f"kubectl create service externalname {name} -n {namespace}"
    yield f"  {create} --external-name HOST"


def _steps(application: LoadedApplication, component: LoadedComponent) -> Iterator[str]:
    """What to type so that a job starts after what it depends on."""
    yield f"{component.name} starts at once, whatever it depends on. To have it wait, before the"
    yield "line above:"
    yield ""
    for name in component.depends_on:
        other = next(each for each in application.components if each.name == name)
        selector = f"-n {application.namespace} -l {LABEL}/component={name}"
        yield f"  kubectl apply -f THIS_FILE -l {LABEL}/component={name}"
        job = isinstance(other.properties, JOBS)
        condition, kind = ("complete", "job") if job else ("available", "deployment")
        yield f"  kubectl wait --for=condition={condition} --timeout=24h {kind} {selector}"


class _Objects:
    def __init__(self, applications: Sequence[LoadedApplication], their_gateway: Gateway | None):
        self.applications = applications
        self.their_gateway = their_gateway
        self.served = served_predictors(applications)
        address = ""
        if their_gateway:
            address = f"http://{host(*AMBASSADOR)}"
        elif self.served:
            first = self.served[0].application
            # Named after the Application: another one, applied later, shall not replace its routes.
            self.gateway = (join_name(first.name, "gateway"), first.namespace)
            address = f"http://{host(*self.gateway)}"
        self.addresses = Addresses(address, dict.fromkeys(web_services(applications)))

    def manifests(self) -> list[Manifest]:
        made = [*claims(self.applications)]
        for application in self.applications:
            for component in application.components:
                objects = [*self._component(application, component)]
                made += with_traits(application, component, objects)
        if self.their_gateway:
            made += http_routes(self.applications, self.their_gateway)
        elif self.served:
            made += gateway(self.applications, self.gateway[0])
        colocate(made)
        made += disruption_budgets(made)
        made += network_policies(
            made, {(each.application.namespace, each.name) for each in self.served}
        )
        self._refuse_duplicates(made)
        return made

    def _refuse_duplicates(self, manifests: Sequence[Manifest]) -> None:
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
                        yield from serving(each, our_gateway=self.their_gateway is None)
            case ServiceProperties() as properties:
                yield from webservice(self.addresses, application, component, properties)
            case TrainingProperties() as properties:
                yield from training(self.addresses, application, component, properties)
            case TaskProperties() as properties:
                yield task(self.addresses, application, component, properties)
            case NotebookProperties() as properties:
                yield from notebook(application, component, properties)

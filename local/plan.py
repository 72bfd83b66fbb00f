"""From Applications to what runs on this machine: copies, programs, ports and their order."""

import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import yaml

from . import envoy
from .addresses import reachable, shown
from .applications import (
    NotebookProperties,
    ServingProperties,
    TrainingProperties,
    WebserviceProperties,
)
from .findings import Refused
from .hosts import AMBASSADOR, NoSuchService, redirected
from .images import COPIES_TO, GATEWAY, PUBLISHES_TO
from .load import LoadedApplication, LoadedComponent
from .ports import ADMIN_PORT, CLIENT_PORT, GATEWAY_PORT, MODEL_PORT, Ports
from .program import Program
from .routes import address, cluster_name, routes
from .shipped_models import CannotPrepare, ShippedModels
from .validate import behind
from .volumes import ModelCopy, Volumes

# A status request that was answered well: the gateway asks twice a second.
_HEALTH_CHECK = r"GET /v1/models/[^/ ]+ 200 "


class Step(Protocol):
    """Something done once before a component's programs start."""

    def run(self, say: Callable[[str], None]) -> None:
        """Do it. Raises CannotPrepare."""


@dataclass(frozen=True)
class Endpoint:
    """Where something answers, in the words of `vela status --endpoint`."""

    reference: str
    url: str


@dataclass(frozen=True)
class PlannedComponent:
    """What runs for a component: `steps` in order, then all `programs` at once.

    A job is done when its programs have ended well, and is not done again while `fingerprint`
    stays; a service is to run until it is stopped. `depends_on` are (application, component).
    """

    application: str
    name: str
    type: str
    namespace: str = "default"
    programs: tuple[Program, ...] = ()
    steps: tuple[Step, ...] = ()
    job: bool = False
    depends_on: tuple[tuple[str, str], ...] = ()
    fingerprint: str = ""
    writes: tuple[Path, ...] = ()
    restarts_on_failure: bool = False
    endpoints: tuple[Endpoint, ...] = ()
    module: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Its application and name."""
        return self.application, self.name


@dataclass(frozen=True)
class Plan:
    """Everything that one `up` runs, in the order in which it is shown and started."""

    components: tuple[PlannedComponent, ...]
    notices: tuple[str, ...] = ()
    gateway: dict[str, Any] | None = None


@dataclass(frozen=True)
class Wishes:
    """What the command line says: first ports to try, and arguments added to components."""

    host: str = "127.0.0.1"
    port: int | None = None
    gateway_port: int = GATEWAY_PORT
    model_port: int = MODEL_PORT
    arguments: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class WriteConfiguration:
    """Put the gateway's configuration where it is read."""

    path: Path
    configuration: dict[str, Any]

    def __str__(self) -> str:
        return f"write the gateway's configuration to {self.path}"

    def run(self, say: Callable[[str], None]) -> None:
        """Write it. Raises CannotPrepare."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            scratch = self.path.with_suffix(".new")
            scratch.write_text(yaml.safe_dump(self.configuration, sort_keys=False))
            scratch.rename(self.path)
        except OSError as error:
            raise CannotPrepare(f"{self.path}: {error.strerror}") from None


def make_plan(applications: Sequence[LoadedApplication], state: Path, wishes: Wishes) -> Plan:
    """The plan for Applications that `validate` found no error in, with state in that folder.

    Raises Refused for a host name that leads nowhere, NoEnvoy, and OSError for a bad host.
    """
    return _Planner(applications, state, wishes).plan()


class _Planner:
    def __init__(self, applications: Sequence[LoadedApplication], state: Path, wishes: Wishes):
        self.applications = applications
        self.state = state
        self.wishes = wishes
        self.volumes = Volumes(state / "volumes")
        self.ports = Ports(wishes.host)
        # Ports of the replicas of each predictor, of each web service, of the gateway.
        self.models: dict[str, tuple[int, ...]] = {}
        self.services: dict[tuple[str, str], int] = {}
        self.gateway_port = 0
        self.admin_port = 0

    def plan(self) -> Plan:
        self._give_ports()
        components = [
            self._component(application, component)
            for application in self.applications
            for component in application.components
            if not isinstance(component.properties, NotebookProperties)
        ]
        configuration = None
        if self.gateway_port:
            gateway, configuration = self._gateway()
            components.insert(0, gateway)
        return Plan(tuple(components), tuple(self.ports.notices), configuration)

    def _give_ports(self) -> None:
        first = self.wishes.model_port
        for application in self.applications:
            for component in application.components:
                properties = component.properties
                if not isinstance(properties, ServingProperties):
                    continue
                if not self.gateway_port:
                    wish = self.wishes.gateway_port
                    self.gateway_port = self.ports.give(wish, "the gateway", "127.0.0.1")
                    # Elsewhere the admin page goes with it: a gateway that died needs the same two
                    # ports again, and another `up` would have taken this one meanwhile.
                    beside = wish != GATEWAY_PORT and wish < 65535
                    first_admin = wish + 1 if beside else ADMIN_PORT
                    admin = "the gateway's admin page"
                    self.admin_port = self.ports.give(first_admin, admin, "127.0.0.1")
                for predictor in properties.predictors:
                    name = cluster_name(application.namespace, component.name, predictor.name)
                    self.models[name] = tuple(
                        self.ports.give(first, name, "127.0.0.1") for _ in range(predictor.replicas)
                    )
        for application in self.applications:
            for component in application.components:
                properties = component.properties
                if isinstance(properties, WebserviceProperties):
                    wish = self.wishes.port or service_port(properties)
                    key = (application.namespace, component.name)
                    self.services[key] = self.ports.give(wish, component.name)

    def _component(
        self, application: LoadedApplication, component: LoadedComponent
    ) -> PlannedComponent:
        match component.properties:
            case ServingProperties() as serving:
                return self._serving(application, component, serving)
            case TrainingProperties() as training:
                return self._training(application, component, training)
            case WebserviceProperties() as service:
                return self._webservice(application, component, service)
        return self._task(application, component)

    def _gateway(self) -> tuple[PlannedComponent, dict[str, Any]]:
        configuration = envoy.configuration(
            *routes(self.applications, self.models), self.gateway_port, self.admin_port
        )
        path = self.state / GATEWAY / "envoy.yaml"
        component = PlannedComponent(
            GATEWAY,
            GATEWAY,
            "envoy",
            namespace="vela-system",
            programs=(envoy.gateway_program(envoy.find_envoy(), path, self.admin_port),),
            steps=(WriteConfiguration(path, configuration),),
        )
        return component, configuration

    def _training(
        self,
        application: LoadedApplication,
        component: LoadedComponent,
        properties: TrainingProperties,
    ) -> PlannedComponent:
        def here(text: str) -> str:
            """`text` with the path in it, of an argument or option, as it is on this machine."""
            option, equals, path = text.rpartition("=")
            inside = self.volumes.inside(path, application.namespace, component.mounts)
            return f"{option}{equals}{inside}" if inside else text

        own = [here(argument) for argument in (properties.cmd or [])[3:]]
        if not any(argument.startswith("--export-root") for argument in own):
            own = ["--export-root", here(PUBLISHES_TO), *own]
        arguments = (*own, *self.wishes.arguments.get(component.name, ()))
        environment = {each.name: here(each.value or "") for each in properties.env}
        command = (sys.executable, "-m", "training", *arguments)
        return PlannedComponent(
            application.name,
            component.name,
            component.type,
            application.namespace,
            programs=(Program(component.name, command, environment),),
            job=True,
            depends_on=self._depends_on(application, component),
            fingerprint=_fingerprint(properties.model_dump(), arguments),
            writes=tuple(
                self.volumes.folder(application.namespace, mount.name) for mount in component.mounts
            ),
            restarts_on_failure=properties.restartPolicy != "Never",
        )

    def _task(self, application: LoadedApplication, component: LoadedComponent) -> PlannedComponent:
        claim = self.volumes.inside(COPIES_TO, application.namespace, component.mounts)
        assert claim is not None and component.image is not None  # by validate
        return PlannedComponent(
            application.name,
            component.name,
            component.type,
            application.namespace,
            # No fingerprint: what is there is not copied again, and what is new is.
            steps=(ShippedModels(component.image.models, claim),),
            job=True,
            depends_on=self._depends_on(application, component),
            writes=(claim,),
        )

    def _serving(
        self,
        application: LoadedApplication,
        component: LoadedComponent,
        properties: ServingProperties,
    ) -> PlannedComponent:
        steps, programs = [], []
        for predictor in properties.predictors:
            graph = predictor.graph
            copy = self.state.joinpath(
                "served", application.namespace, component.name, predictor.name
            )
            claim = self.volumes.folder(application.namespace, graph.claim)
            steps.append(ModelCopy(graph.modelUri, claim, graph.path, copy))
            name = cluster_name(application.namespace, component.name, predictor.name)
            for number, port in enumerate(self.models[name]):
                replica = f"/{number}" if predictor.replicas > 1 else ""
                # As Seldon's init container: what it copied is all there is.
                options = ("--file_system_poll_wait_seconds", "0")
                command = (sys.executable, "-m", "serving", "--model_base_path", str(copy))
                at = ("--model_name", graph.name, "--rest_api_port", str(port))
                programs.append(
                    Program(
                        f"{component.name}/{predictor.name}{replica}",
                        (*command, *at, *options),
                        ready_url=f"http://127.0.0.1:{port}/v1/models/{graph.name}",
                        gateway_admin_port=self.admin_port,
                        quiet=_HEALTH_CHECK,
                    )
                )
        routing = properties.customRouting
        path = address(application.namespace, routing.serviceName if routing else component.name)
        note = f" with {': '.join(routing.name_and_value)}" if routing else ""
        url = f"http://localhost:{self.gateway_port}{path.rstrip('/')}{note}"
        return PlannedComponent(
            application.name,
            component.name,
            component.type,
            application.namespace,
            programs=tuple(programs),
            steps=tuple(steps),
            depends_on=self._depends_on(application, component),
            endpoints=(Endpoint("Service/vela-system/ambassador", url),),
        )

    def _webservice(
        self,
        application: LoadedApplication,
        component: LoadedComponent,
        properties: WebserviceProperties,
    ) -> PlannedComponent:
        assert component.image is not None  # by load
        environment = {}
        for index, variable in enumerate(properties.env):
            at = (*component.path, "properties", "env", index, "value")
            environment[variable.name] = self._reachable(application, at, variable.value or "")
        port = self.services[application.namespace, component.name]
        host = self.wishes.host
        program = Program(
            component.name,
            (sys.executable, "-m", component.image.module),
            {**environment, "HOST": host, "PORT": str(port)},
            ready_url=f"http://{reachable(host)}:{port}/readyz",
            quiet=r'"path":"/readyz","status":200',
        )
        endpoint = Endpoint(
            f"Service/{application.namespace}/{component.name}", f"http://{shown(host)}:{port}"
        )
        return PlannedComponent(
            application.name,
            component.name,
            component.type,
            application.namespace,
            programs=(program,),
            depends_on=self._depends_on(application, component),
            endpoints=(endpoint,),
            module=component.image.module,
        )

    def _depends_on(
        self, application: LoadedApplication, component: LoadedComponent
    ) -> tuple[tuple[str, str], ...]:
        """What the file says, and whatever else writes the claims that a model comes from."""
        found = [(application.name, name) for name in component.depends_on]
        if not isinstance(component.properties, ServingProperties):
            return tuple(found)
        claims = {predictor.graph.claim for predictor in component.properties.predictors}
        for other in self.applications:
            for each in other.components:
                if isinstance(each.properties, NotebookProperties):
                    continue
                mounted = {mount.name for mount in each.mounts}
                same = other.namespace == application.namespace
                # One that comes after this component by the file's own word does not come before.
                later = other is application and component.name in behind(
                    {one.name: one for one in other.components}, each.name
                )
                key = (other.name, each.name)
                if same and mounted & claims and not later and key not in found:
                    found.append(key)
        return tuple(found)

    def _reachable(self, application: LoadedApplication, at: Any, text: str) -> str:
        """`text` with the cluster's host names pointed at this machine."""

        services: dict[tuple[str, str], str | None] = {
            (name, namespace): f"http://127.0.0.1:{port}"
            for (namespace, name), port in self.services.items()
        }
        if self.gateway_port:
            services[AMBASSADOR] = f"http://127.0.0.1:{self.gateway_port}"
        try:
            return redirected(text, application.namespace, services)
        except NoSuchService as host:
            names = ", ".join(f"{n}.{ns}.svc.cluster.local" for n, ns in services) or "none"
            said = f"no service {host} is among these files; known here: {names}"
            raise Refused([application.document.finding(at, said)]) from None


def service_port(properties: WebserviceProperties) -> int:
    """Where a web service listens by its properties."""
    if properties.ports:
        return properties.ports[0].port
    return properties.port or CLIENT_PORT


def _fingerprint(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def described(plan: Plan) -> list[dict[str, Any]]:
    """The plan as plain values, for `local render`; what is empty is left out."""
    return [_described(component) for component in plan.components]


def _described(component: PlannedComponent) -> dict[str, Any]:
    programs = [
        _filled(
            name=program.name,
            command=list(program.command),
            environment=dict(program.environment),
            ready=program.ready_url,
        )
        for program in component.programs
    ]
    return _filled(
        application=component.application,
        component=component.name,
        type=component.type,
        after=["/".join(key) for key in component.depends_on],
        steps=[str(step) for step in component.steps],
        programs=programs,
        endpoints=[endpoint.url for endpoint in component.endpoints],
    )


def _filled(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}

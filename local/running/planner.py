"""From Applications to a plan: copies, programs, ports and their order."""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..addresses import reachable, shown
from ..applications.claims import Volumes
from ..applications.images import COPIES_TO, GATEWAY, PUBLISHES_TO
from ..applications.loaded import LoadedApplication, LoadedComponent
from ..applications.order import depends_on
from ..applications.replaced_settings import replacement
from ..applications.types import (
    NOT_HERE,
    ServingProperties,
    TrainingProperties,
    WebserviceProperties,
)
from ..gateway.envoy import configuration
from ..gateway.routes import address, cluster_name, routes
from ..gateway.watched import ENVOY
from ..shipped_models import ShippedModels
from .feedback import with_feedback
from .gateway import WriteConfiguration, find_envoy, gateway_program
from .model_copy import ModelCopy
from .places import Places
from .plan import Endpoint, Plan, PlannedComponent, RunOptions
from .program import Program
from .state import StateFolder

# A status request that was answered well: the gateway asks twice a second.
_HEALTH_CHECK = r"GET /v1/models/[^/ ]+ 200 "


def make_plan(
    applications: Sequence[LoadedApplication],
    state: Path,
    run_options: RunOptions,
    held: Mapping[str, int] = MappingProxyType({}),
) -> Plan:
    """The plan for Applications that `validate` found no error in, with state in that folder.

    `held` are the ports of a plan that runs. Raises Refused for a host name that leads nowhere,
    NoEnvoy, and NoPort.
    """
    return _Planner(
        applications, state, run_options, Places(applications, run_options, held)
    ).plan()


@dataclass(frozen=True)
class _Planner:
    applications: Sequence[LoadedApplication]
    state: Path
    run_options: RunOptions
    places: Places

    @property
    def volumes(self) -> Volumes:
        return Volumes.under(self.state)

    def plan(self) -> Plan:
        components = [
            self._component(application, component)
            for application in self.applications
            for component in application.components
            if not isinstance(component.properties, NOT_HERE)
        ]
        # Nobody waits for what is not run here.
        run = {each.key for each in components}
        components = [
            replace(each, depends_on=tuple(key for key in each.depends_on if key in run))
            for each in components
        ]
        configuration = None
        if self.places.gateway:
            gateway, configuration = self._gateway()
            components.insert(0, gateway)
        return Plan(tuple(components), self.places.notices, configuration, self.places.ports)

    def _component(
        self, application: LoadedApplication, component: LoadedComponent
    ) -> PlannedComponent:
        match component.properties:
            case ServingProperties() as serving:
                planned = self._serving(application, component, serving)
            case TrainingProperties() as training:
                planned = self._training(application, component, training)
            case WebserviceProperties() as service:
                planned = self._webservice(application, component, service)
            case _:
                planned = self._task(application, component)
        return replace(
            planned,
            depends_on=depends_on(self.applications, application, component),
            properties=component.properties.model_dump(exclude_none=True),
        )

    def _gateway(self) -> tuple[PlannedComponent, dict[str, Any]]:
        written = configuration(
            *routes(self.applications, self.places.models), self.places.gateway, self.places.admin
        )
        folder = self.state / GATEWAY
        component = PlannedComponent(
            GATEWAY,
            GATEWAY,
            "envoy",
            namespace="vela-system",
            programs=(gateway_program(find_envoy(), folder / ENVOY, self.places.admin),),
            steps=(WriteConfiguration(folder, written),),
        )
        return component, written

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
        arguments = (*own, *self.run_options.arguments.get(component.name, ()))
        environment = {each.name: here(each.value or "") for each in properties.env}
        command = (sys.executable, "-m", "training", *arguments)
        return _planned(
            application,
            component,
            programs=(Program(component.name, command, environment),),
            job=True,
            fingerprint=_fingerprint(properties.model_dump(), arguments),
            writes=tuple(
                self.volumes.folder(application.namespace, mount.name) for mount in component.mounts
            ),
            restarts_on_failure=properties.restartPolicy != "Never",
        )

    def _task(self, application: LoadedApplication, component: LoadedComponent) -> PlannedComponent:
        claim = self.volumes.inside(COPIES_TO, application.namespace, component.mounts)
        assert claim is not None and component.image is not None  # by validate
        return _planned(
            application,
            component,
            # No fingerprint: what is there is not copied again, and what is new is.
            steps=(ShippedModels(component.image.models, claim),),
            job=True,
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
            # Of another path beside the one that is still served.
            model = graph.modelUri.removeprefix("pvc://").replace("/", "+")
            names = application.namespace, component.name, predictor.name, model
            copy = StateFolder(self.state).copy(*names)
            claim = self.volumes.folder(application.namespace, graph.claim)
            steps.append(ModelCopy(graph.modelUri, claim, graph.path, copy))
            name = cluster_name(application.namespace, component.name, predictor.name)
            for number, port in enumerate(self.places.models[name]):
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
                        gateway_admin_port=self.places.admin,
                        quiet=_HEALTH_CHECK,
                    )
                )
        routing = properties.customRouting
        path = address(application.namespace, routing.serviceName if routing else component.name)
        note = f" with {': '.join(routing.name_and_value)}" if routing else ""
        url = f"http://localhost:{self.places.gateway}{path.rstrip('/')}{note}"
        return _planned(
            application,
            component,
            programs=tuple(programs),
            steps=tuple(steps),
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
            if replacement(variable):
                continue
            at = (*component.path, "properties", "env", index, "value")
            environment[variable.name] = self.places.redirected(
                application, at, variable.value or ""
            )
        port = self.places.services[application.namespace, component.name]
        host = self.run_options.host
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
        client = _planned(
            application,
            component,
            programs=(program,),
            endpoints=(endpoint,),
            module=component.image.module,
        )
        return with_feedback(client, self.state)


def _planned(
    application: LoadedApplication, component: LoadedComponent, **more: Any
) -> PlannedComponent:
    return PlannedComponent(
        application.name, component.name, component.type, application.namespace, **more
    )


def _fingerprint(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()

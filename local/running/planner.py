"""From Applications to a plan: copies, programs, ports and their order."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..addresses import connect_host, display_host
from ..applications.claims import Volumes
from ..applications.images import GATEWAY
from ..applications.loaded import LoadedApplication, LoadedComponent
from ..applications.order import depends_on
from ..applications.replaced_settings import replacement
from ..applications.types import (
    CLUSTER_ONLY_TYPES,
    ServingProperties,
    TrainingProperties,
    WebserviceProperties,
)
from ..gateway.dynamic import ENVOY
from ..gateway.envoy import configuration
from ..gateway.routes import address, cluster_name, routes
from .feedback import with_feedback
from .gateway import WriteConfiguration, find_envoy, gateway_program
from .model_copy import ModelCopy
from .plan import Endpoint, Plan, PlannedComponent, RunOptions, planned_component
from .planned_jobs import planned_copy, planned_training
from .port_allocation import PortAllocation
from .program import Program
from .state import StateFolder


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
        applications, state, run_options, PortAllocation(applications, run_options, held)
    ).plan()


@dataclass(frozen=True)
class _Planner:
    applications: Sequence[LoadedApplication]
    state: Path
    run_options: RunOptions
    ports: PortAllocation

    @property
    def volumes(self) -> Volumes:
        return Volumes.under(self.state)

    def plan(self) -> Plan:
        components = [
            self._component(application, component)
            for application in self.applications
            for component in application.components
            if not isinstance(component.properties, CLUSTER_ONLY_TYPES)
        ]
        # Nobody waits for what is not run here.
        run = {each.key for each in components}
        components = [
            replace(each, depends_on=tuple(key for key in each.depends_on if key in run))
            for each in components
        ]
        configuration = None
        if self.ports.gateway:
            gateway, configuration = self._gateway()
            components.insert(0, gateway)
        return Plan(tuple(components), self.ports.notices, configuration, self.ports.ports)

    def _component(
        self, application: LoadedApplication, component: LoadedComponent
    ) -> PlannedComponent:
        match component.properties:
            case ServingProperties() as serving:
                planned = self._serving(application, component, serving)
            case TrainingProperties() as training:
                planned = planned_training(
                    application,
                    component,
                    training,
                    self.volumes,
                    self.run_options.arguments.get(component.name, ()),
                )
            case WebserviceProperties() as service:
                planned = self._webservice(application, component, service)
            case _:
                planned = planned_copy(application, component, self.volumes)
        return replace(
            planned,
            depends_on=depends_on(self.applications, application, component),
            properties=component.properties.model_dump(exclude_none=True),
        )

    def _gateway(self) -> tuple[PlannedComponent, dict[str, Any]]:
        written = configuration(
            *routes(self.applications, self.ports.models), self.ports.gateway, self.ports.admin
        )
        folder = self.state / GATEWAY
        component = PlannedComponent(
            GATEWAY,
            GATEWAY,
            "envoy",
            namespace="vela-system",
            programs=(gateway_program(find_envoy(), folder / ENVOY, self.ports.admin),),
            steps=(WriteConfiguration(folder, written),),
        )
        return component, written

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
            copy = StateFolder(self.state).copy_path(*names)
            claim = self.volumes.folder(application.namespace, graph.claim)
            steps.append(ModelCopy(graph.modelUri, claim, graph.path, copy))
            name = cluster_name(application.namespace, component.name, predictor.name)
            for number, port in enumerate(self.ports.models[name]):
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
                        gateway_admin_port=self.ports.admin,
                    )
                )
        routing = properties.customRouting
        path = address(application.namespace, routing.serviceName if routing else component.name)
        note = f" with {': '.join(routing.name_and_value)}" if routing else ""
        url = f"http://localhost:{self.ports.gateway}{path.rstrip('/')}{note}"
        return planned_component(
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
            environment[variable.name] = self.ports.redirect_hosts(
                application, at, variable.value or ""
            )
        port = self.ports.services[application.namespace, component.name]
        host = self.run_options.host
        program = Program(
            component.name,
            (sys.executable, "-m", component.image.module),
            {**environment, "HOST": host, "PORT": str(port)},
            ready_url=f"http://{connect_host(host)}:{port}/readyz",
        )
        url = f"http://{display_host(host)}:{port}"
        endpoint = Endpoint(f"Service/{application.namespace}/{component.name}", url)
        client = planned_component(
            application,
            component,
            programs=(program,),
            endpoints=(endpoint,),
            module=component.image.module,
        )
        return with_feedback(client, self.state)

"""An Application as a compose file: for a machine with Docker or Podman, no Kubernetes.

https://github.com/compose-spec/compose-spec; the gateway's routes stand in the file itself
(`configs.content`), which Docker Compose takes from 2.23.1 on.
"""

from collections.abc import Sequence
from typing import Any

from ...applications.findings import Refused
from ...applications.images import GATEWAY
from ...applications.loaded import LoadedApplication, LoadedComponent
from ...applications.order import depends_on
from ...applications.types import (
    JOBS,
    NotebookProperties,
    ServiceProperties,
    ServingProperties,
    TaskProperties,
    TrainingProperties,
    WebserviceProperties,
)
from ..common import (
    GATEWAY_PORT,
    Addresses,
    Manifest,
    gateway_configuration,
    own_claims,
    served_predictors,
    web_services,
)
from ..yaml_text import as_comment, as_yaml
from .services import (
    gateway_service,
    model_service,
    notebook_service,
    task_service,
    training_service,
    web_service,
)


def compose(applications: Sequence[LoadedApplication]) -> str:
    """The compose file. Raises Refused for what cannot be in one file together."""
    return _Composed(applications).text()


class _Composed:
    def __init__(self, applications: Sequence[LoadedApplication]):
        self.applications = applications
        self.served = served_predictors(applications)
        self.services: dict[str, Manifest] = {}
        gateway = f"http://{GATEWAY}:{GATEWAY_PORT}" if self.served else ""
        names = {
            (name, namespace): f"http://{name}:{self._port(name)}"
            for name, namespace in web_services(applications)
        }
        self.addresses = Addresses(gateway, {**names})

    def text(self) -> str:
        for application in self.applications:
            for component in application.components:
                self._component(application, component)
        rest: dict[str, Any] = {}
        claims = self._claims()
        if claims:
            rest["volumes"] = {claim: {} for claim in claims}
        if self.served:
            self._add(
                self.applications[0],
                GATEWAY,
                gateway_service(),
                "What ambassador.vela-system is under KubeVela; for the other services only.",
            )
            content = gateway_configuration(self.applications, lambda each: each.name)
            # A dollar sign would be taken for a variable's.
            rest["configs"] = {GATEWAY: {"content": content.replace("$", "$$")}}
        names = ", ".join(application.name for application in self.applications)
        head = [
            f"{names}, for Docker or Podman on one machine.",
            "",
            "  docker compose -f THIS_FILE up",
            "",
            "Made by `python -m local render --format compose`: change the Application, not this.",
        ]
        made = {
            name
            for application in self.applications
            for component in application.components
            for name, _ in own_claims(component)
        }
        for claim in sorted(set(claims) - made):
            volume = f"{self.applications[0].name}_{claim}"
            copy = f"docker run --rm -v {volume}:/to -v FOLDER:/from:ro busybox cp -R /from/. /to"
            head += ["", f"Nothing here fills the volume {claim}. Fill it first:", "", f"  {copy}"]
        parts = [as_comment("\n".join(head)), f"name: {self.applications[0].name}\n", "services:\n"]
        for name, each in self.services.items():
            body = as_yaml({name: each.value})
            indented = "".join(f"  {line}" if line.strip() else line
                               for line in body.splitlines(keepends=True))  # fmt: skip
            parts.append(as_comment(each.comment, "  ") + indented)
        return "".join(parts) + (as_yaml(rest) if rest else "")

    def _port(self, name: str) -> int:
        return next(
            component.properties.main_port
            for application in self.applications
            for component in application.components
            if component.name == name and isinstance(component.properties, WebserviceProperties)
        )

    def _claims(self) -> list[str]:
        """Every volume. Claims of one name in two namespaces would be one volume here."""
        owners: dict[str, str] = {}
        for application in self.applications:
            for component in application.components:
                names = [mount.name for mount in component.mounts]
                if isinstance(component.properties, ServingProperties):
                    names += [each.graph.claim for each in component.properties.predictors]
                for name in names:
                    other = owners.setdefault(name, application.namespace)
                    if other != application.namespace:
                        text = f"the claim {name} is in {other} and in {application.namespace}"
                        at = (*component.path, "name")
                        raise Refused([application.document.finding(at, text)])
        return list(owners)

    def _add(
        self, application: LoadedApplication, name: str, value: dict[str, Any], comment: str = ""
    ) -> None:
        if name in self.services:
            text = f"two services would be called {name}; rename a component or predictor"
            raise Refused([application.document.finding((), text)])
        self.services[name] = Manifest(value, comment)

    def _component(self, application: LoadedApplication, component: LoadedComponent) -> None:
        environment, remarks = self.addresses.environment(application, component)
        values = {entry["name"]: entry.get("value", "") for entry in environment}
        for entry in environment:
            if "valueFrom" in entry:
                remarks.append(f"{entry['name']} comes from a secret or config map: give it here.")
        waits = self._waits_for(application, component)
        volumes = [f"{mount.name}:{mount.mountPath}" for mount in component.mounts]
        match component.properties:
            case ServingProperties():
                for each in self.served:
                    if each.component is component:
                        self._add(application, each.name, model_service(each, waits))
            case TrainingProperties() as training:
                if training.distribution and training.distribution.worker > 1:
                    remarks.append("One worker, however many there are on a cluster.")
                value = training_service(training, values, volumes, waits)
                self._add(application, component.name, value, "\n".join(remarks))
            case TaskProperties() as task:
                value = task_service(task, values, volumes, waits)
                self._add(application, component.name, value, "\n".join(remarks))
            case ServiceProperties() as service:
                value = web_service(service, values, volumes, waits, component.image is not None)
                self._add(application, component.name, value, "\n".join(remarks))
            case NotebookProperties() as notebook:
                value = notebook_service(notebook)
                self._add(
                    application,
                    component.name,
                    value,
                    f"Only with: docker compose --profile notebook up {component.name}",
                )

    def _waits_for(
        self, application: LoadedApplication, component: LoadedComponent
    ) -> dict[str, dict[str, str]]:
        """`depends_on`: what the file says, what fills the claims, and the gateway."""
        done, healthy = "service_completed_successfully", "service_healthy"
        waits: dict[str, dict[str, str]] = {}
        needed = depends_on(self.applications, application, component)
        for other in self.applications:
            for each in other.components:
                if (other.name, each.name) not in needed:
                    continue
                if isinstance(each.properties, ServingProperties):
                    for predictor in self.served:
                        if predictor.component is each:
                            waits[predictor.name] = {"condition": healthy}
                elif isinstance(each.properties, JOBS):
                    waits[each.name] = {"condition": done}
                else:
                    waits[each.name] = {"condition": "service_started"}
        if self.served and isinstance(component.properties, WebserviceProperties):
            waits[GATEWAY] = {"condition": "service_started"}
        return waits

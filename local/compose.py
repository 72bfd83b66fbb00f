"""An Application as a compose file: for a machine with Docker or Podman, no Kubernetes.

https://github.com/compose-spec/compose-spec; the gateway's routes stand in the file itself
(`configs.content`), which Docker Compose takes from 2.23.1 on.
"""

from collections.abc import Sequence
from typing import Any

from .applications import (
    NotebookProperties,
    ServingProperties,
    TaskProperties,
    TrainingProperties,
    WebserviceProperties,
)
from .findings import Refused
from .images import GATEWAY_IMAGE, NOTEBOOK_IMAGE, SERVING_IMAGE
from .load import LoadedApplication, LoadedComponent
from .plan import service_port
from .pods import CLIENT_GRACE_S, ENVOY_USER, USER
from .rendered import (
    CLAIM_AT,
    GATEWAY_PORT,
    NOTEBOOK_PORT,
    SERVING_PORT,
    Addresses,
    Manifest,
    Served,
    as_comment,
    as_yaml,
    gateway_configuration,
    served,
    web_services,
)

_GATEWAY = "gateway"


def compose(applications: Sequence[LoadedApplication]) -> str:
    """The compose file. Raises Refused for what cannot be in one file together."""
    return _Composed(applications).text()


class _Composed:
    def __init__(self, applications: Sequence[LoadedApplication]):
        self.applications = applications
        self.served = served(applications)
        self.services: dict[str, Manifest] = {}
        gateway = f"http://{_GATEWAY}:{GATEWAY_PORT}" if self.served else ""
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
                _GATEWAY,
                _gateway(),
                "What ambassador.vela-system is under KubeVela; for the other services only.",
            )
            content = gateway_configuration(self.applications, lambda each: each.name)
            # A dollar sign would be taken for a variable's.
            rest["configs"] = {_GATEWAY: {"content": content.replace("$", "$$")}}
        names = ", ".join(application.name for application in self.applications)
        head = [
            f"{names}, for Docker or Podman on one machine.",
            "",
            "  docker compose -f THIS_FILE up",
            "",
            "Made by `python -m local render --format compose`: change the Application, not this.",
        ]
        parts = [as_comment("\n".join(head)), f"name: {self.applications[0].name}\n", "services:\n"]
        for name, each in self.services.items():
            body = as_yaml({name: each.value})
            indented = "".join(f"  {line}" if line.strip() else line
                               for line in body.splitlines(keepends=True))  # fmt: skip
            parts.append(as_comment(each.comment, "  ") + indented)
        return "".join(parts) + (as_yaml(rest) if rest else "")

    def _port(self, name: str) -> int:
        return next(
            service_port(component.properties)
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
                        self._add(application, each.name, _serving(each, waits))
            case TrainingProperties() as training:
                if training.distribution and training.distribution.worker > 1:
                    remarks.append("One worker, however many there are on a cluster.")
                value = _service(
                    image=training.image,
                    entrypoint=training.cmd,
                    environment={"HOME": "/tmp", **values},
                    volumes=volumes,
                    depends_on=waits,
                    restart="no" if training.restartPolicy == "Never" else "on-failure",
                    deploy=_limits(training.cpu, training.memory, training.gpu),
                )
                self._add(application, component.name, value, "\n".join(remarks))
            case TaskProperties() as task:
                value = _service(
                    image=task.image,
                    entrypoint=task.cmd,
                    environment=values,
                    volumes=volumes,
                    depends_on=waits,
                    restart="on-failure" if task.restart == "OnFailure" else "no",
                    deploy=_limits(task.cpu, task.memory),
                )
                self._add(application, component.name, value, "\n".join(remarks))
            case WebserviceProperties() as service:
                value = _web(service, values, waits)
                self._add(application, component.name, value, "\n".join(remarks))
            case NotebookProperties() as notebook:
                value = _notebook(notebook)
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
        needed = set(component.depends_on)
        if isinstance(component.properties, ServingProperties):
            claims = {predictor.graph.claim for predictor in component.properties.predictors}
            needed |= {
                each.name
                for other in self.applications
                for each in other.components
                if isinstance(each.properties, (TrainingProperties, TaskProperties))
                and claims & {mount.name for mount in each.mounts}
                and component.name not in each.depends_on
            }
        for other in self.applications:
            for each in other.components:
                if each.name not in needed:
                    continue
                if isinstance(each.properties, ServingProperties):
                    for predictor in self.served:
                        if predictor.component is each:
                            waits[predictor.name] = {"condition": healthy}
                elif isinstance(each.properties, (TrainingProperties, TaskProperties)):
                    waits[each.name] = {"condition": done}
                else:
                    waits[each.name] = {"condition": "service_started"}
        if self.served and isinstance(component.properties, WebserviceProperties):
            waits[_GATEWAY] = {"condition": "service_started"}
        return waits


def _service(**values: Any) -> dict[str, Any]:
    """A service that may do little: no capabilities, and nothing to write to but mounts and /tmp.

    Images of this project have a user of their own, whose folders a new volume takes on.
    """
    return {
        **{name: value for name, value in values.items() if value},
        "read_only": True,
        "tmpfs": ["/tmp"],
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
    }


def _limits(
    cpu: str | None = None,
    memory: str | None = None,
    gpu: str | None = None,
    replicas: int = 1,
) -> dict[str, Any]:
    """`deploy`: Kubernetes' quantities in the words of compose."""
    limits = {}
    if cpu:
        limits["cpus"] = f"{int(cpu[:-1]) / 1000:g}" if cpu.endswith("m") else cpu
    if memory:
        # Ki, Mi and Gi are k, m and g there: powers of 1024, too.
        limits["memory"] = memory.removesuffix("i").lower()
    resources: dict[str, Any] = {"limits": limits} if limits else {}
    if gpu:
        device = {"driver": "nvidia", "count": int(gpu), "capabilities": ["gpu"]}
        resources["reservations"] = {"devices": [device]}
    deploy: dict[str, Any] = {"replicas": replicas} if replicas > 1 else {}
    return {**deploy, **({"resources": resources} if resources else {})}


def _serving(each: Served, waits: dict[str, dict[str, str]]) -> dict[str, Any]:
    asked = each.predictor.resources
    # There is no curl in the image; bash speaks TCP.
    ask = (
        f"exec 3<>/dev/tcp/127.0.0.1/{SERVING_PORT} && "
        f"printf 'GET {each.status_path} HTTP/1.1\\r\\nHost: localhost\\r\\n"
        "Connection: close\\r\\n\\r\\n' >&3 && grep -q AVAILABLE <&3"
    )
    return _service(
        image=SERVING_IMAGE,
        entrypoint=["tensorflow_model_server"],
        command=each.arguments,
        user=f"{USER}:{USER}",
        volumes=[f"{each.predictor.graph.claim}:{CLAIM_AT}:ro"],
        depends_on=waits,
        healthcheck={
            "test": ["CMD", "bash", "-c", ask],
            "interval": "5s",
            "timeout": "5s",
            "retries": 5,
            "start_period": "120s",
        },
        restart="unless-stopped",
        deploy=_limits(
            *((asked.cpu, asked.memory, asked.gpu) if asked else (None, None, None)),
            replicas=each.predictor.replicas,
        ),
    )


def _web(
    properties: WebserviceProperties, values: dict[str, str], waits: dict[str, dict[str, str]]
) -> dict[str, Any]:
    port = service_port(properties)
    exposed = [each.port for each in properties.ports if each.expose]
    return _service(
        image=properties.image,
        entrypoint=properties.cmd,
        command=properties.args,
        environment={**({"PORT": str(port)} if port != 3333 else {}), **values},
        ports=[f"{each}:{each}" for each in exposed],
        depends_on=waits,
        restart="unless-stopped",
        stop_grace_period=f"{CLIENT_GRACE_S}s",
        deploy=_limits(properties.cpu, properties.memory),
    )


def _notebook(properties: NotebookProperties) -> dict[str, Any]:
    value = _service(
        image=NOTEBOOK_IMAGE,
        profiles=["notebook"],
        ports=[f"127.0.0.1:{NOTEBOOK_PORT}:{NOTEBOOK_PORT}"],
        volumes=[f"{mount.name}:/home/jovyan{mount.mountPath}" for mount in properties.storage],
        deploy=_limits(properties.cpu, properties.memory, properties.gpu),
    )
    # Who works there installs things.
    del value["read_only"]
    return value


def _gateway() -> dict[str, Any]:
    return _service(
        image=GATEWAY_IMAGE,
        entrypoint=["envoy", "-c", "/etc/envoy/envoy.yaml", "--disable-hot-restart"],
        command=["--log-level", "warning"],
        user=f"{ENVOY_USER}:{ENVOY_USER}",
        configs=[{"source": _GATEWAY, "target": "/etc/envoy/envoy.yaml"}],
        restart="unless-stopped",
    )

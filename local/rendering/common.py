"""What the renderings for Kubernetes and for Compose share: names, addresses, the gateway."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from ..applications.findings import Refused
from ..applications.hosts import AMBASSADOR, NoSuchService, redirect_hosts
from ..applications.loaded import LoadedApplication, LoadedComponent
from ..applications.types import (
    ClaimedVolume,
    Predictor,
    ServingProperties,
    Storage,
    StorageTrait,
    WebserviceProperties,
)
from ..gateway.envoy import configuration
from ..gateway.routes import cluster_name, routes

# TensorFlow Serving's own port for REST, and Envoy's where nobody has to be root for it.
SERVING_PORT, GATEWAY_PORT, ADMIN_PORT, NOTEBOOK_PORT = 8501, 8080, 9901, 8888
# Of Envoy: whether it is ready, and its metrics.
METRICS_PORT = 9902
_MAX_NAME = 63


@dataclass(frozen=True)
class Manifest:
    """One YAML document, or one entry of one, and what a reader should know about it."""

    value: dict[str, Any]
    comment: str = ""


@dataclass(frozen=True)
class ServedPredictor:
    """One predictor, and how it is called where it runs."""

    application: LoadedApplication
    component: LoadedComponent
    predictor: Predictor
    name: str

    @property
    def arguments(self) -> list[str]:
        """TensorFlow Serving's, with the claim mounted at /mnt/claim."""
        graph = self.predictor.graph
        return [
            f"--model_name={graph.name}",
            f"--model_base_path={'/'.join(filter(None, (CLAIM_MOUNT, graph.path)))}",
            f"--rest_api_port={SERVING_PORT}",
        ]

    @property
    def status_path(self) -> str:
        """Where the model's status is asked for."""
        return f"/v1/models/{self.predictor.graph.name}"


CLAIM_MOUNT = "/mnt/claim"


def join_name(*parts: str) -> str:
    """One name of several, as long as Kubernetes allows."""
    name = "-".join(parts)
    if len(name) <= _MAX_NAME:
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: _MAX_NAME - 9].rstrip('-')}-{mark}"


def served_predictors(applications: Iterable[LoadedApplication]) -> list[ServedPredictor]:
    """Every predictor."""
    return [
        ServedPredictor(
            application, component, predictor, join_name(component.name, predictor.name)
        )
        for application in applications
        for component in application.components
        if isinstance(component.properties, ServingProperties)
        for predictor in component.properties.predictors
    ]


def gateway_configuration(
    applications: Sequence[LoadedApplication], host: Callable[[ServedPredictor], str]
) -> str:
    """Envoy's, as YAML: the routes that `local up` gives, to `host(predictor)`."""
    hosts = {
        cluster_name(each.application.namespace, each.component.name, each.predictor.name): host(
            each
        )
        for each in served_predictors(applications)
    }
    found, clusters = routes(applications, dict.fromkeys(hosts, (SERVING_PORT,)))
    elsewhere = [replace(cluster, host=hosts[cluster.name]) for cluster in clusters]
    value = configuration(
        found, elsewhere, GATEWAY_PORT, ADMIN_PORT, "0.0.0.0", metrics_port=METRICS_PORT
    )
    return yaml.safe_dump(value, sort_keys=False)


@dataclass(frozen=True)
class Addresses:
    """Where the services of these Applications answer, for values that name them.

    `gateway` is an address (`http://HOST`), empty if there is none. `services` are addresses by
    (name, namespace); None where the cluster's own name holds.
    """

    gateway: str
    services: dict[tuple[str, str], str | None]

    def environment(
        self, application: LoadedApplication, component: LoadedComponent
    ) -> tuple[list[dict[str, Any]], list[str]]:
        """The component's `env`, and a remark on every value that is changed.

        Raises Refused for a name that leads nowhere.
        """
        services = dict(self.services)
        if self.gateway:
            services[AMBASSADOR] = self.gateway
        entries, remarks = [], []
        for index, variable in enumerate(getattr(component.properties, "env", [])):
            entry = variable.model_dump(exclude_none=True)
            text = variable.value or ""
            try:
                redirected = redirect_hosts(text, application.namespace, services)
            except NoSuchService as host:
                at = (*component.path, "properties", "env", index, "value")
                message = f"no service {host} is among these files; render all of them together"
                raise Refused([application.document.finding(at, message)]) from None
            if redirected != text:
                entry["value"] = redirected
                remarks.append(f"{variable.name} leads to the gateway below; it was\n  {text}")
            entries.append(entry)
        return entries, remarks


def web_services(applications: Iterable[LoadedApplication]) -> list[tuple[str, str]]:
    """(name, namespace) of every web service."""
    return [
        (component.name, application.namespace)
        for application in applications
        for component in application.components
        if isinstance(component.properties, WebserviceProperties)
    ]


def own_claims(component: LoadedComponent) -> Iterator[tuple[str, Storage | ClaimedVolume]]:
    """The claims that the component makes, by name."""
    for item in getattr(component.properties, "storage", []):
        if isinstance(item, Storage) and not item.pvcRef:
            yield item.mount.name, item
    for trait in component.traits:
        if isinstance(trait, StorageTrait):
            yield from ((volume.name, volume) for volume in trait.pvc if not volume.mountOnly)

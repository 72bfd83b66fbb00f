"""What the renderings for Kubernetes and for Compose share: names, addresses, values."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from . import envoy
from .applications import Predictor, ServingProperties, WebserviceProperties
from .findings import Finding, Path, Refused
from .hosts import AMBASSADOR, NoSuchService, redirected
from .load import LoadedApplication, LoadedComponent
from .routes import cluster_name, routes

# TensorFlow Serving's own port for REST, and Envoy's where nobody has to be root for it.
SERVING_PORT, GATEWAY_PORT, ADMIN_PORT, NOTEBOOK_PORT = 8501, 8080, 9901, 8888
_LONGEST_NAME = 63


@dataclass(frozen=True)
class Manifest:
    """One YAML document, or one entry of one, and what a reader should know about it."""

    value: dict[str, Any]
    comment: str = ""


@dataclass(frozen=True)
class Served:
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
            f"--model_base_path={'/'.join(filter(None, (CLAIM_AT, graph.path)))}",
            f"--rest_api_port={SERVING_PORT}",
        ]

    @property
    def status_path(self) -> str:
        """Where the model's status is asked for."""
        return f"/v1/models/{self.predictor.graph.name}"


CLAIM_AT = "/mnt/claim"


def joined(*parts: str) -> str:
    """One name of several, as long as Kubernetes allows."""
    name = "-".join(parts)
    if len(name) <= _LONGEST_NAME:
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: _LONGEST_NAME - 9].rstrip('-')}-{mark}"


def served(applications: Iterable[LoadedApplication]) -> list[Served]:
    """Every predictor."""
    return [
        Served(application, component, predictor, joined(component.name, predictor.name))
        for application in applications
        for component in application.components
        if isinstance(component.properties, ServingProperties)
        for predictor in component.properties.predictors
    ]


def gateway_configuration(
    applications: Sequence[LoadedApplication], host: Callable[[Served], str]
) -> str:
    """Envoy's, as YAML: the routes that `local up` gives, to `host(predictor)`."""
    hosts = {
        cluster_name(each.application.namespace, each.component.name, each.predictor.name): host(
            each
        )
        for each in served(applications)
    }
    found, clusters = routes(applications, dict.fromkeys(hosts, (SERVING_PORT,)))
    elsewhere = [replace(cluster, host=hosts[cluster.name]) for cluster in clusters]
    value = envoy.configuration(found, elsewhere, GATEWAY_PORT, ADMIN_PORT, "0.0.0.0")
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
                there = redirected(text, application.namespace, services)
            except NoSuchService as host:
                at = (*component.path, "properties", "env", index, "value")
                said = f"no service {host} is among these files; render all of them together"
                raise Refused([application.document.finding(at, said)]) from None
            if there != text:
                entry["value"] = there
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


# What no rendering has a word for.
_KUBEVELAS_OWN = ("volumes", "volumeMounts", "addRevisionLabel")
_RENDERED_TRAITS = ("storage", "scaler", "cpuscaler")


def not_rendered(applications: Iterable[LoadedApplication]) -> list[Finding]:
    """A notice for everything in the files that the renderings leave out."""

    def notice(application: LoadedApplication, path: Path, what: str) -> Finding:
        text = f"{what} not part of what is rendered; KubeVela knows what it means"
        return application.document.finding(path, text, notice=True)

    found = []
    for application in applications:
        specification = application.document.value["spec"]
        for name in ("policies", "workflow"):
            if specification.get(name):
                found.append(notice(application, ("spec", name), f"{name} is"))
        for component in application.components:
            for name in sorted(component.properties.model_fields_set & set(_KUBEVELAS_OWN)):
                found.append(
                    notice(application, (*component.path, "properties", name), f"{name} is")
                )
            raw = specification["components"][component.path[-1]]
            for index, trait in enumerate(raw.get("traits") or ()):
                if trait["type"] not in _RENDERED_TRAITS:
                    at = (*component.path, "traits", index)
                    found.append(notice(application, at, f"the trait {trait['type']} is"))
    return found


class _Dumper(yaml.SafeDumper):
    """YAML for people: texts of several lines as blocks, lists indented, nothing by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def as_yaml(value: Any) -> str:
    """`value` as YAML for people."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=1000, allow_unicode=True)


def as_comment(text: str, indent: str = "") -> str:
    """`text` as lines of a comment; empty if there is none."""
    return "".join(f"{indent}# {line}".rstrip() + "\n" for line in text.splitlines())

"""A service or a notebook in plain Kubernetes: what runs it, Service, autoscaler."""

from collections.abc import Iterator
from typing import Any

from ...applications.images import NOTEBOOK_IMAGE
from ...applications.loaded import LoadedApplication, LoadedComponent
from ...applications.types import NotebookProperties, ServiceProperties, StatefulsetProperties
from ...ports import CLIENT_PORT
from ..common import NOTEBOOK_PORT, Addresses, Manifest
from .objects import autoscaler, deployment, service, without_none
from .pods import (
    CLIENT_GRACE_S,
    PRE_STOP,
    USER,
    container,
    pod,
    pod_options,
    probes,
    resources,
    scrape_annotations,
)


def webservice(
    addresses: Addresses,
    application: LoadedApplication,
    component: LoadedComponent,
    properties: ServiceProperties,
) -> Iterator[Manifest]:
    """A Deployment, of a statefulset a StatefulSet; Service if a port is exposed, autoscaler if
    it has one.
    """
    environment, remarks = addresses.environment(application, component)
    port = properties.main_port
    named = {entry["name"] for entry in environment}
    ours = component.image is not None
    if ours and "PORT" not in named and port != CLIENT_PORT:
        environment.append({"name": "PORT", "value": str(port)})
    if not ours:
        remarks.append("No image of this project: its user, probes and file system are its own.")
    probing: dict[str, Any] = probes(port, "/readyz", "/healthz") if ours else {}
    if properties.livenessProbe:
        probing.pop("startupProbe", None)
        probing["livenessProbe"] = properties.livenessProbe
    if properties.readinessProbe:
        probing["readinessProbe"] = properties.readinessProbe
    wanted = resources("client", properties.cpu, properties.memory)
    for name, limit in (properties.limit or {}).items():
        wanted.setdefault("limits", {})[name] = limit
        if getattr(properties, name, None) is None:
            # The cluster asks for as much; our own request might be above the limit.
            wanted["requests"].pop(name, None)
    main = container(
        component.name,
        properties.image,
        "client",
        ours=ours,
        imagePullPolicy=properties.imagePullPolicy,
        command=properties.cmd,
        args=properties.args,
        env=environment,
        ports=[
            without_none(containerPort=each.port, name=each.name, protocol=each.protocol)
            for each in properties.ports
        ]
        or [{"containerPort": port}],
        resources=wanted,
        lifecycle=PRE_STOP if ours else None,
        **probing,
    )
    scaler = component.autoscaler
    yield deployment(
        application,
        component,
        component.name,
        pod(
            [main],
            user=USER if ours else None,
            **pod_options(properties),
            hostAliases=properties.hostAliases,
            terminationGracePeriodSeconds=CLIENT_GRACE_S if ours else None,
        ),
        None if scaler else component.replicas,
        "\n".join(remarks),
        labels=properties.labels,
        annotations={
            **(scrape_annotations(port) if ours else {}),
            **(properties.annotations or {}),
        },
        # Which stops the old pod before the new one starts: two would ruin the data they share.
        kind="StatefulSet" if isinstance(properties, StatefulsetProperties) else "Deployment",
    )
    if scaler:
        metrics = [("cpu", "Utilization", scaler.cpuUtil)]
        yield autoscaler(application, component, component.name, scaler.min, scaler.max, metrics)
    exposed = [each for each in properties.ports if each.expose]
    if exposed:
        ports = [
            without_none(
                name=each.name or f"port-{each.port}",
                port=each.port,
                targetPort=each.port,
                protocol=each.protocol,
                nodePort=each.nodePort,
            )
            for each in exposed
        ]
        yield service(
            application,
            component,
            component.name,
            {"type": properties.exposeType or "ClusterIP", "ports": ports},
        )


def notebook(
    application: LoadedApplication, component: LoadedComponent, properties: NotebookProperties
) -> Iterator[Manifest]:
    """A notebook: Deployment and Service."""
    home = "/home/jovyan"
    mounts = [
        {"name": mount.name, "mountPath": f"{home}{mount.mountPath}"}
        for mount in properties.storage
    ]
    main = container(
        "jupyter",
        NOTEBOOK_IMAGE,
        "notebook",
        mounts=mounts,
        ports=[{"name": "http", "containerPort": NOTEBOOK_PORT}],
        resources=resources("notebook", properties.cpu, properties.memory, properties.gpu),
    )
    # Who works there installs things.
    main["securityContext"]["readOnlyRootFilesystem"] = False
    pod_spec = pod([main], claims=(mount.name for mount in properties.storage), user=1000)
    pod_spec["securityContext"]["runAsGroup"] = 100
    yield deployment(
        application,
        component,
        component.name,
        pod_spec,
        1,
        "It asks for a token (kubectl logs shows it); under the addon it asks for none.",
    )
    yield service(
        application,
        component,
        component.name,
        {
            "type": properties.serviceType,
            "ports": [{"name": "http", "port": NOTEBOOK_PORT, "targetPort": "http"}],
        },
    )

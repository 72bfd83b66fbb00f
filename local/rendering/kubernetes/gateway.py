"""The gateway in plain Kubernetes: Envoy with all routes."""

import hashlib
from collections.abc import Iterator, Sequence

from ...applications.images import GATEWAY_IMAGE
from ...applications.loaded import LoadedApplication
from ..common import GATEWAY_PORT, Manifest, gateway_configuration, served
from .objects import deployment, host, kubernetes_object, service
from .pods import ENVOY_USER, LINGER, container, pod


def gateway(applications: Sequence[LoadedApplication], name: str) -> Iterator[Manifest]:
    """Envoy as `name`, with the routes of all Applications."""
    first = served(applications)[0]
    application, component = first.application, first.component
    configuration = gateway_configuration(
        applications, lambda each: host(each.name, each.application.namespace)
    )
    yield kubernetes_object(
        "v1",
        "ConfigMap",
        application,
        component,
        name,
        comment="The routes that Seldon and Ambassador would give these Applications.",
        part="gateway",
        data={"envoy.yaml": configuration},
    )
    main = container(
        "envoy",
        GATEWAY_IMAGE,
        "gateway",
        mounts=[{"name": "configuration", "mountPath": "/etc/envoy", "readOnly": True}],
        command=["envoy", "-c", "/etc/envoy/envoy.yaml", "--disable-hot-restart"],
        args=["--log-level", "warning"],
        ports=[{"name": "http", "containerPort": GATEWAY_PORT}],
        lifecycle=LINGER,
        readinessProbe={"tcpSocket": {"port": "http"}},
        livenessProbe={"tcpSocket": {"port": "http"}, "periodSeconds": 10},
    )
    inside = pod(
        [main],
        volumes=[{"name": "configuration", "configMap": {"name": name}}],
        user=ENVOY_USER,
    )
    # Other routes, other pods: Envoy reads the file once.
    mark = hashlib.sha256(configuration.encode()).hexdigest()
    yield deployment(
        application,
        component,
        name,
        inside,
        1,
        part="gateway",
        annotations={"checksum/configuration": mark},
    )
    yield service(
        application,
        component,
        name,
        {"ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
        comment="What ambassador.vela-system is under KubeVela; inside the cluster only.",
        part="gateway",
    )

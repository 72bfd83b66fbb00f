"""The gateway in plain Kubernetes: Envoy with all routes."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from ...applications.images import GATEWAY_IMAGE
from ...applications.loaded import LoadedApplication
from ...gateway.metrics import METRICS, READY
from ..common import GATEWAY_PORT, METRICS_PORT, Manifest, gateway_configuration, served
from .objects import LABEL, budget, deployment, host, kubernetes_object, only_from, service
from .pods import ENVOY_USER, LINGER, container, pod

_PART = "gateway"
# So that one may go.
_REPLICAS = 2


def gateway_pods(name: str, namespace: str) -> dict[str, Any]:
    """The pods of the gateway `name`, as a NetworkPolicy of any namespace calls them."""
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "podSelector": {"matchLabels": {f"{LABEL}/name": name}},
    }


def gateway(applications: Sequence[LoadedApplication], name: str) -> Iterator[Manifest]:
    """Envoy as `name`, with the routes of all Applications."""
    first = served(applications)[0]
    application, component = first.application, first.component
    configuration = gateway_configuration(
        applications, lambda each: host(each.name, each.application.namespace), METRICS_PORT
    )
    yield kubernetes_object(
        "v1",
        "ConfigMap",
        application,
        component,
        name,
        comment="The routes that Seldon and Ambassador would give these Applications.",
        part=_PART,
        data={"envoy.yaml": configuration},
    )
    main = container(
        "envoy",
        GATEWAY_IMAGE,
        "gateway",
        mounts=[{"name": "configuration", "mountPath": "/etc/envoy", "readOnly": True}],
        command=["envoy", "-c", "/etc/envoy/envoy.yaml", "--disable-hot-restart"],
        args=["--log-level", "warning"],
        ports=[
            {"name": "http", "containerPort": GATEWAY_PORT},
            {"name": "metrics", "containerPort": METRICS_PORT},
        ],
        lifecycle=LINGER,
        readinessProbe={"httpGet": {"path": READY, "port": "metrics"}},
        livenessProbe={"httpGet": {"path": READY, "port": "metrics"}, "periodSeconds": 10},
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
        _REPLICAS,
        part=_PART,
        annotations={
            "checksum/configuration": mark,
            # What a Prometheus with the usual rules for pods goes by.
            "prometheus.io/scrape": "true",
            "prometheus.io/port": str(METRICS_PORT),
            "prometheus.io/path": METRICS,
        },
    )
    yield budget(application, component, name, part=_PART)
    yield only_from(
        application, component, name, ["http", "metrics"], [{"namespaceSelector": {}}], part=_PART
    )
    yield service(
        application,
        component,
        name,
        {"ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
        comment="What ambassador.vela-system is under KubeVela; inside the cluster only.",
        part=_PART,
    )

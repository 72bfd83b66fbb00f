"""The gateway in plain Kubernetes: Envoy with all routes."""

import hashlib
from collections.abc import Iterator, Sequence

from ...applications.images import GATEWAY_IMAGE
from ...applications.loaded import LoadedApplication
from ..common import GATEWAY_PORT, METRICS_PORT, Manifest, gateway_configuration, served_predictors
from .objects import LABEL, deployment, host, kubernetes_object, service
from .pods import ENVOY_USER, PRE_STOP, container, pod, scrape_annotations

REPLICAS = 2


def gateway(applications: Sequence[LoadedApplication], name: str) -> Iterator[Manifest]:
    """Envoy as `name`, with the routes of all Applications."""
    first = served_predictors(applications)[0]
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
    ready = {"path": "/ready", "port": "metrics"}
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
        lifecycle=PRE_STOP,
        readinessProbe={"httpGet": ready, "periodSeconds": 5},
        livenessProbe={"httpGet": ready, "periodSeconds": 10, "failureThreshold": 6},
    )
    pod_spec = pod(
        [main],
        volumes=[{"name": "configuration", "configMap": {"name": name}}],
        user=ENVOY_USER,
        topologySpreadConstraints=[
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {f"{LABEL}/name": name}},
            }
        ],
    )
    # Other routes, other pods: Envoy reads the file once.
    mark = hashlib.sha256(configuration.encode()).hexdigest()
    yield deployment(
        application,
        component,
        name,
        pod_spec,
        REPLICAS,
        "Two, so that one may go; on two nodes where there are two.",
        part="gateway",
        annotations={
            "checksum/configuration": mark,
            **scrape_annotations(METRICS_PORT, "/stats/prometheus"),
        },
    )
    yield service(
        application,
        component,
        name,
        {"ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
        comment="What ambassador.vela-system is under KubeVela; inside the cluster only.",
        part="gateway",
    )

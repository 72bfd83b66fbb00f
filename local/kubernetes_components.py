"""What each type of component is in plain Kubernetes."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from .applications import (
    NotebookProperties,
    TaskProperties,
    TrainingProperties,
    WebserviceProperties,
)
from .images import GATEWAY_IMAGE, NOTEBOOK_IMAGE, SERVING_IMAGE
from .kubernetes_objects import (
    autoscaler,
    deployment,
    host,
    job,
    kubernetes_object,
    service,
    without_none,
)
from .load import LoadedApplication, LoadedComponent
from .plan import service_port
from .pods import (
    CLIENT_GRACE_S,
    ENVOY_USER,
    LINGER,
    PATIENCE_S,
    container,
    pod,
    probes,
    resources,
)
from .rendered import (
    CLAIM_AT,
    GATEWAY_PORT,
    NOTEBOOK_PORT,
    SERVING_PORT,
    Addresses,
    Manifest,
    Served,
    gateway_configuration,
    served,
)

_TRAINING_PORT = 2222  # as in a TFJob's TF_CONFIG


def webservice(
    addresses: Addresses,
    application: LoadedApplication,
    component: LoadedComponent,
    properties: WebserviceProperties,
) -> Iterator[Manifest]:
    """A web service: Deployment, Service if a port is exposed, and autoscaler if it has one."""
    environment, remarks = addresses.environment(application, component)
    port = service_port(properties)
    named = {entry["name"] for entry in environment}
    if "PORT" not in named and port != 3333:
        environment.append({"name": "PORT", "value": str(port)})
    probing: dict[str, Any] = probes(port, "/readyz", "/healthz")
    if properties.livenessProbe:
        probing.pop("startupProbe")
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
        lifecycle=LINGER,
        **probing,
    )
    scaler = component.autoscaler
    yield deployment(
        application,
        component,
        component.name,
        pod(
            [main],
            **_pod_options(properties),
            hostAliases=properties.hostAliases,
            terminationGracePeriodSeconds=CLIENT_GRACE_S,
        ),
        None if scaler else component.replicas,
        "\n".join(remarks),
        labels=properties.labels,
        annotations=properties.annotations,
    )
    if scaler:
        metrics = [("cpu", scaler.cpuUtil)]
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


def training(
    addresses: Addresses,
    application: LoadedApplication,
    component: LoadedComponent,
    properties: TrainingProperties,
) -> Iterator[Manifest]:
    """A training: a Job; with several workers an Indexed Job, and a Service for their names."""
    environment, remarks = addresses.environment(application, component)
    workers = properties.distribution.worker if properties.distribution else 1
    spec: dict[str, Any] = {"backoffLimit": 0 if properties.restartPolicy == "Never" else 6}
    if workers > 1:
        spec |= {"completionMode": "Indexed", "completions": workers, "parallelism": workers}
        environment = [*_tf_config(application, component, workers), *environment]
        remarks.append(
            f"{workers} workers find one another by TF_CONFIG, as in a TFJob; unlike there, "
            "the Job is\ncomplete when all of them are."
        )
        yield service(
            application,
            component,
            component.name,
            {
                "clusterIP": "None",
                # They look for one another before any of them could be ready.
                "publishNotReadyAddresses": True,
                "ports": [{"name": "training", "port": _TRAINING_PORT}],
            },
            comment="Gives each worker a name of its own.",
        )
    main = container(
        "tensorflow",
        properties.image,
        "training",
        mounts=_mounts(component),
        imagePullPolicy=properties.imagePullPolicy,
        command=properties.cmd,
        # Caches go to /tmp; the image is read-only.
        env=[{"name": "HOME", "value": "/tmp"}, *environment],
        resources=resources("training", properties.cpu, properties.memory, properties.gpu),
    )
    policy = "Never" if properties.restartPolicy == "Never" else "OnFailure"
    inside = pod(
        [main],
        claims=(mount.name for mount in component.mounts),
        restartPolicy=policy,
        subdomain=component.name if workers > 1 else None,
        **_pod_options(properties),
    )
    yield job(application, component, inside, spec, "\n".join(remarks), properties)


def task(
    addresses: Addresses,
    application: LoadedApplication,
    component: LoadedComponent,
    properties: TaskProperties,
) -> Manifest:
    """A task: a Job."""
    environment, remarks = addresses.environment(application, component)
    main = container(
        component.name,
        properties.image,
        "copy",
        mounts=_mounts(component),
        imagePullPolicy=properties.imagePullPolicy,
        command=properties.cmd,
        env=environment,
        resources=resources("copy", properties.cpu, properties.memory),
    )
    inside = pod(
        [main],
        claims=(mount.name for mount in component.mounts),
        restartPolicy=properties.restart or "Never",
        **_pod_options(properties),
    )
    count = properties.count or 1
    spec = {"completions": count, "parallelism": count, "backoffLimit": 6}
    return job(application, component, inside, spec, "\n".join(remarks), properties)


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


def serving(each: Served) -> Iterator[Manifest]:
    """A predictor: TensorFlow Serving on the claim, its name, and autoscaler if it has one."""
    application, component, predictor = each.application, each.component, each.predictor
    graph, asked = predictor.graph, predictor.resources
    main = container(
        graph.name,
        SERVING_IMAGE,
        "serving",
        mounts=[{"name": graph.claim, "mountPath": CLAIM_AT, "readOnly": True}],
        command=["tensorflow_model_server"],
        args=each.arguments,
        ports=[{"name": "http", "containerPort": SERVING_PORT}],
        resources=resources(
            "serving", *((asked.cpu, asked.memory, asked.gpu) if asked else (None, None, None))
        ),
        lifecycle=LINGER,
        **probes("http", each.status_path, each.status_path),
    )
    scaler = predictor.autoscaler
    yield deployment(
        application,
        component,
        each.name,
        pod([main], claims=[graph.claim]),
        None if scaler else predictor.replicas,
        f"Serves {graph.modelUri}, once there is a version, and a new one as soon as it is there.",
        patience_s=PATIENCE_S,
    )
    yield service(
        application,
        component,
        each.name,
        {
            "clusterIP": "None",
            "ports": [{"name": "http", "port": SERVING_PORT, "targetPort": "http"}],
        },
        comment="A name for all replicas; the gateway chooses among them.",
    )
    if scaler:
        metrics = [(metric.type, metric.targetAverageUtilization) for metric in scaler.metrics]
        yield autoscaler(
            application, component, each.name, scaler.minReplicas, scaler.maxReplicas, metrics
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
    inside = pod([main], claims=(mount.name for mount in properties.storage), user=1000)
    inside["securityContext"]["runAsGroup"] = 100
    yield deployment(
        application,
        component,
        component.name,
        inside,
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


def _tf_config(
    application: LoadedApplication, component: LoadedComponent, workers: int
) -> list[dict[str, Any]]:
    """What a TFJob tells its workers; the index is known only in the pod."""
    hosts = [
        f"{component.name}-{index}.{host(component.name, application.namespace)}:{_TRAINING_PORT}"
        for index in range(workers)
    ]
    cluster = json.dumps({"worker": hosts})
    value = (
        f'{{"cluster": {cluster}, '
        '"task": {"type": "worker", "index": $(TASK_INDEX)}, "environment": "cloud"}'
    )
    path = "metadata.annotations['batch.kubernetes.io/job-completion-index']"
    return [
        {"name": "TASK_INDEX", "valueFrom": {"fieldRef": {"fieldPath": path}}},
        {"name": "TF_CONFIG", "value": value},
    ]


def _mounts(component: LoadedComponent) -> list[dict[str, Any]]:
    return [{"name": mount.name, "mountPath": mount.mountPath} for mount in component.mounts]


def _pod_options(properties: Any) -> dict[str, Any]:
    secrets = [{"name": name} for name in properties.imagePullSecrets or ()]
    return {"imagePullSecrets": secrets}

"""An Application as plain objects of Kubernetes: no KubeVela, Seldon, Ambassador or operator.

Order needs no word of its own: TensorFlow Serving waits for a version in the claim, a client is
not ready before its model is, and nobody sends requests to what is not ready. Jobs that shall run
after something are the exception; the header says how to apply those in steps.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .applications import (
    ClaimedVolume,
    NotebookProperties,
    ServingProperties,
    Storage,
    StorageTrait,
    TaskProperties,
    TrainingProperties,
    WebserviceProperties,
)
from .findings import Refused
from .images import GATEWAY_IMAGE, NOTEBOOK_IMAGE, SERVING_IMAGE
from .load import LoadedApplication, LoadedComponent
from .plan import service_port
from .pods import ENVOY_USER, PATIENCE_S, container, pod, probes, resources
from .rendered import (
    CLAIM_AT,
    GATEWAY_PORT,
    SERVING_PORT,
    Addresses,
    Manifest,
    Served,
    as_comment,
    as_yaml,
    gateway_configuration,
    joined,
    served,
    web_services,
)

_TRAINING_PORT = 2222  # as in a TFJob's TF_CONFIG
_NOTEBOOK_PORT = 8888
# What the addon asks for where a claim says nothing.
_ACCESS, _SIZE = ["ReadWriteOnce"], {"requests": {"storage": "1Gi"}}
_LABEL = "app.kubernetes.io"


def kubernetes(applications: Sequence[LoadedApplication]) -> str:
    """The objects as YAML documents, each with what a reader should know about it.

    Raises Refused for a value that names a service that is not among these files, and for two
    objects of one name.
    """
    manifests = _Objects(applications).manifests()
    parts = [_header(applications, manifests)]
    parts += [as_comment(each.comment) + as_yaml(each.value) for each in manifests]
    return "---\n".join(parts)


def _header(applications: Sequence[LoadedApplication], manifests: Sequence[Manifest]) -> str:
    names = ", ".join(application.name for application in applications)
    lines = [
        f"{names}, for any Kubernetes of today: no KubeVela, no addon, no operator.",
        "",
        "  kubectl apply -f THIS_FILE",
        "",
        "Made by `python -m local render --format kubernetes`: change the Application, not this.",
        "A Job cannot be changed once it is there: kubectl delete job NAME, then apply again.",
    ]
    missing = sorted(_claims_used(manifests) - _claims_made(manifests))
    if missing:
        lines += ["", f"It needs claims that are not made here: {', '.join(missing)}."]
    for application in applications:
        for component in application.components:
            if component.depends_on and _is_job(component):
                lines += ["", *_steps(application, component)]
    return as_comment("\n".join(lines))


def _steps(application: LoadedApplication, component: LoadedComponent) -> Iterator[str]:
    """What to type so that a job starts after what it depends on."""
    yield f"{component.name} starts at once, whatever it depends on. To have it wait, before the"
    yield "line above:"
    yield ""
    for name in component.depends_on:
        other = next(each for each in application.components if each.name == name)
        selector = f"-n {application.namespace} -l {_LABEL}/component={name}"
        yield f"  kubectl apply -f THIS_FILE -l {_LABEL}/component={name}"
        what = "complete job" if _is_job(other) else "available deployment"
        condition, kind = what.split()
        yield f"  kubectl wait --for=condition={condition} --timeout=24h {kind} {selector}"


def _is_job(component: LoadedComponent) -> bool:
    return isinstance(component.properties, (TrainingProperties, TaskProperties))


def _claims_made(manifests: Sequence[Manifest]) -> set[str]:
    return {
        each.value["metadata"]["name"]
        for each in manifests
        if each.value["kind"] == "PersistentVolumeClaim"
    }


def _claims_used(manifests: Sequence[Manifest]) -> set[str]:
    found = set()
    for each in manifests:
        template = each.value.get("spec", {}).get("template", {})
        for volume in template.get("spec", {}).get("volumes", []):
            if "persistentVolumeClaim" in volume:
                found.add(volume["persistentVolumeClaim"]["claimName"])
    return found


class _Objects:
    def __init__(self, applications: Sequence[LoadedApplication]):
        self.applications = applications
        self.served = served(applications)
        gateway = ""
        if self.served:
            first = self.served[0].application
            # Named after the Application: another one, applied later, shall not replace its routes.
            self.gateway = (joined(first.name, "gateway"), first.namespace)
            gateway = f"http://{_host(*self.gateway)}"
        self.addresses = Addresses(gateway, dict.fromkeys(web_services(applications)))

    def manifests(self) -> list[Manifest]:
        made = [*self._claims()]
        for application in self.applications:
            for component in application.components:
                made += self._component(application, component)
        if self.served:
            made += self._gateway()
        self._refuse_twins(made)
        return made

    def _refuse_twins(self, manifests: Sequence[Manifest]) -> None:
        seen = set()
        for each in manifests:
            metadata = each.value["metadata"]
            key = (each.value["kind"], metadata["namespace"], metadata["name"])
            if key in seen:
                document = self.applications[0].document
                text = f"two objects would be {key[0]} {key[2]}; rename a component or predictor"
                raise Refused([document.finding((), text)])
            if key[0] == "Service" and key[2][0].isdigit():
                document = self.applications[0].document
                text = f"a Service cannot be called {key[2]}: its name must begin with a letter"
                raise Refused([document.finding((), text)])
            seen.add(key)

    def _component(
        self, application: LoadedApplication, component: LoadedComponent
    ) -> Iterator[Manifest]:
        match component.properties:
            case ServingProperties():
                for each in self.served:
                    if each.component is component:
                        yield from _serving(each)
            case WebserviceProperties() as service:
                yield from self._webservice(application, component, service)
            case TrainingProperties() as training:
                yield from self._training(application, component, training)
            case TaskProperties() as task:
                yield self._task(application, component, task)
            case NotebookProperties() as notebook:
                yield from _notebook(application, component, notebook)

    def _claims(self) -> Iterator[Manifest]:
        made = set()
        for application in self.applications:
            for component in application.components:
                for name, wanted in _own_claims(component):
                    if (application.namespace, name) in made:
                        continue
                    made.add((application.namespace, name))
                    yield _object(
                        "v1",
                        "PersistentVolumeClaim",
                        application,
                        component,
                        name,
                        spec=_claim(wanted),
                    )

    def _webservice(
        self,
        application: LoadedApplication,
        component: LoadedComponent,
        properties: WebserviceProperties,
    ) -> Iterator[Manifest]:
        environment, remarks = self.addresses.environment(application, component)
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
        limits = properties.limit or {}
        wanted = resources("client", properties.cpu, properties.memory)
        if limits:
            wanted["limits"] = {**wanted.get("limits", {}), **limits}
        main = container(
            component.name,
            properties.image,
            "client",
            imagePullPolicy=properties.imagePullPolicy,
            command=properties.cmd,
            args=properties.args,
            env=environment,
            ports=[
                _without_none(containerPort=each.port, name=each.name, protocol=each.protocol)
                for each in properties.ports
            ]
            or [{"containerPort": port}],
            resources=wanted,
            **probing,
        )
        scaler = component.autoscaler
        yield _deployment(
            application,
            component,
            component.name,
            pod([main], **_pod_options(properties), hostAliases=properties.hostAliases),
            None if scaler else component.replicas,
            "\n".join(remarks),
            labels=properties.labels,
            annotations=properties.annotations,
        )
        if scaler:
            metrics = [("cpu", scaler.cpuUtil)]
            yield _autoscaler(
                application, component, component.name, scaler.min, scaler.max, metrics
            )
        exposed = [each for each in properties.ports if each.expose]
        if exposed:
            ports = [
                _without_none(
                    name=each.name or f"port-{each.port}",
                    port=each.port,
                    targetPort=each.port,
                    protocol=each.protocol,
                    nodePort=each.nodePort,
                )
                for each in exposed
            ]
            yield _service(
                application,
                component,
                component.name,
                {"type": properties.exposeType or "ClusterIP", "ports": ports},
            )

    def _training(
        self,
        application: LoadedApplication,
        component: LoadedComponent,
        properties: TrainingProperties,
    ) -> Iterator[Manifest]:
        environment, remarks = self.addresses.environment(application, component)
        workers = properties.distribution.worker if properties.distribution else 1
        spec: dict[str, Any] = {"backoffLimit": 0 if properties.restartPolicy == "Never" else 6}
        if workers > 1:
            spec |= {"completionMode": "Indexed", "completions": workers, "parallelism": workers}
            environment = [*_tf_config(application, component, workers), *environment]
            remarks.append(
                f"{workers} workers find one another by TF_CONFIG, as in a TFJob; unlike there, "
                "the Job is\ncomplete when all of them are."
            )
            yield _service(
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
        yield _job(application, component, inside, spec, "\n".join(remarks), properties)

    def _task(
        self, application: LoadedApplication, component: LoadedComponent, properties: TaskProperties
    ) -> Manifest:
        environment, remarks = self.addresses.environment(application, component)
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
        return _job(application, component, inside, spec, "\n".join(remarks), properties)

    def _gateway(self) -> Iterator[Manifest]:
        name, _ = self.gateway
        application, component = self.served[0].application, self.served[0].component
        configuration = gateway_configuration(
            self.applications, lambda each: _host(each.name, each.application.namespace)
        )
        yield _object(
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
        yield _deployment(
            application,
            component,
            name,
            inside,
            1,
            part="gateway",
            annotations={"checksum/configuration": mark},
        )
        yield _service(
            application,
            component,
            name,
            {"ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
            comment="What ambassador.vela-system is under KubeVela; inside the cluster only.",
            part="gateway",
        )


def _serving(each: Served) -> Iterator[Manifest]:
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
        # Requests still come while the gateway has not heard of the end.
        lifecycle={"preStop": {"sleep": {"seconds": 10}}},
        **probes("http", each.status_path, each.status_path),
    )
    scaler = predictor.autoscaler
    yield _deployment(
        application,
        component,
        each.name,
        pod([main], claims=[graph.claim]),
        None if scaler else predictor.replicas,
        f"Serves {graph.modelUri}, once there is a version, and a new one as soon as it is there.",
        patience_s=PATIENCE_S,
    )
    yield _service(
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
        yield _autoscaler(
            application, component, each.name, scaler.minReplicas, scaler.maxReplicas, metrics
        )


def _notebook(
    application: LoadedApplication, component: LoadedComponent, properties: NotebookProperties
) -> Iterator[Manifest]:
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
        ports=[{"name": "http", "containerPort": _NOTEBOOK_PORT}],
        resources=resources("notebook", properties.cpu, properties.memory, properties.gpu),
    )
    # Who works there installs things.
    main["securityContext"]["readOnlyRootFilesystem"] = False
    inside = pod([main], claims=(mount.name for mount in properties.storage), user=1000)
    inside["securityContext"]["runAsGroup"] = 100
    yield _deployment(
        application,
        component,
        component.name,
        inside,
        1,
        "It asks for a token (kubectl logs shows it); under the addon it asks for none.",
    )
    yield _service(
        application,
        component,
        component.name,
        {
            "type": properties.serviceType,
            "ports": [{"name": "http", "port": _NOTEBOOK_PORT, "targetPort": "http"}],
        },
    )


def _tf_config(
    application: LoadedApplication, component: LoadedComponent, workers: int
) -> list[dict[str, Any]]:
    """What a TFJob tells its workers; the index is known only in the pod."""
    hosts = [
        f"{component.name}-{index}.{_host(component.name, application.namespace)}:{_TRAINING_PORT}"
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


def _own_claims(component: LoadedComponent) -> Iterator[tuple[str, Storage | ClaimedVolume]]:
    """The claims that the component makes, by name."""
    for item in getattr(component.properties, "storage", []):
        if isinstance(item, Storage) and not item.pvcRef:
            yield item.mount.name, item
    for trait in component.traits:
        if isinstance(trait, StorageTrait):
            yield from ((volume.name, volume) for volume in trait.pvc if not volume.mountOnly)


def _claim(wanted: Storage | ClaimedVolume) -> dict[str, Any]:
    said = wanted.model_dump(
        exclude_none=True, exclude={"name", "mountPath", "pvcRef", "mountOnly"}
    )
    return {"accessModes": _ACCESS, "resources": _SIZE, **said}


def _mounts(component: LoadedComponent) -> list[dict[str, Any]]:
    return [{"name": mount.name, "mountPath": mount.mountPath} for mount in component.mounts]


def _pod_options(properties: Any) -> dict[str, Any]:
    secrets = [{"name": name} for name in properties.imagePullSecrets or ()]
    return {"imagePullSecrets": secrets}


def _host(name: str, namespace: str) -> str:
    return f"{name}.{namespace}.svc.cluster.local"


def _without_none(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _labels(application: LoadedApplication, component: str, name: str) -> dict[str, str]:
    return {
        f"{_LABEL}/name": name,
        f"{_LABEL}/component": component,
        f"{_LABEL}/part-of": application.name,
    }


def _object(
    version: str,
    kind: str,
    application: LoadedApplication,
    component: LoadedComponent,
    name: str,
    *,
    comment: str = "",
    part: str = "",
    **content: Any,
) -> Manifest:
    metadata = {
        "name": name,
        "namespace": application.namespace,
        "labels": _labels(application, part or component.name, name),
    }
    value = {"apiVersion": version, "kind": kind, "metadata": metadata, **content}
    return Manifest(value, comment)


def _template(
    application: LoadedApplication,
    component: str,
    name: str,
    inside: dict[str, Any],
    labels: Mapping[str, str] | None,
    annotations: Mapping[str, str] | None,
) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "labels": {**(labels or {}), **_labels(application, component, name)}
    }
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"metadata": metadata, "spec": inside}


def _deployment(
    application: LoadedApplication,
    component: LoadedComponent,
    name: str,
    inside: dict[str, Any],
    replicas: int | None,
    comment: str = "",
    *,
    part: str = "",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    patience_s: int | None = None,
) -> Manifest:
    """A Deployment; without `replicas` an autoscaler decides how many."""
    spec = _without_none(
        replicas=replicas,
        progressDeadlineSeconds=patience_s,
        selector={"matchLabels": {f"{_LABEL}/name": name}},
        template=_template(application, part or component.name, name, inside, labels, annotations),
    )
    return _object(
        "apps/v1",
        "Deployment",
        application,
        component,
        name,
        comment=comment,
        part=part,
        spec=spec,
    )


def _job(
    application: LoadedApplication,
    component: LoadedComponent,
    inside: dict[str, Any],
    spec: dict[str, Any],
    comment: str,
    properties: TrainingProperties | TaskProperties,
) -> Manifest:
    template = _template(
        application,
        component.name,
        component.name,
        inside,
        properties.labels,
        properties.annotations,
    )
    return _object(
        "batch/v1",
        "Job",
        application,
        component,
        component.name,
        comment=comment,
        spec={**spec, "template": template},
    )


def _service(
    application: LoadedApplication,
    component: LoadedComponent,
    name: str,
    spec: dict[str, Any],
    *,
    comment: str = "",
    part: str = "",
) -> Manifest:
    chosen = {"selector": {f"{_LABEL}/name": name}, **spec}
    return _object(
        "v1", "Service", application, component, name, comment=comment, part=part, spec=chosen
    )


def _autoscaler(
    application: LoadedApplication,
    component: LoadedComponent,
    name: str,
    least: int,
    most: int,
    metrics: Sequence[tuple[str, int]],
) -> Manifest:
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicas": least,
        "maxReplicas": most,
        "metrics": [
            {
                "type": "Resource",
                "resource": {
                    "name": metric,
                    "target": {"type": "Utilization", "averageUtilization": percent},
                },
            }
            for metric, percent in metrics
        ],
    }
    return _object(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        application,
        component,
        name,
        comment="Percent of what the pods request; needs a metrics server in the cluster.",
        spec=spec,
    )

"""A training or a task in plain Kubernetes: a Job, Indexed where there are several workers."""

import json
from collections.abc import Iterator
from typing import Any

from ...applications.loaded import LoadedApplication, LoadedComponent
from ...applications.types import TaskProperties, TrainingProperties
from ..common import Addresses, Manifest
from .objects import host, job, service
from .pods import USER, container, mounts_of, pod, pod_options, resources

_TRAINING_PORT = 2222  # as in a TFJob's TF_CONFIG


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
        mounts=mounts_of(component),
        ours=component.image is not None,
        imagePullPolicy=properties.imagePullPolicy,
        command=properties.cmd,
        # Caches go to /tmp; the image is read-only.
        env=[{"name": "HOME", "value": "/tmp"}, *environment],
        resources=resources("training", properties.cpu, properties.memory, properties.gpu),
    )
    policy = "Never" if properties.restartPolicy == "Never" else "OnFailure"
    pod_spec = pod(
        [main],
        claims=(mount.name for mount in component.mounts),
        user=USER if component.image else None,
        restartPolicy=policy,
        subdomain=component.name if workers > 1 else None,
        **pod_options(properties),
    )
    yield job(application, component, pod_spec, spec, "\n".join(remarks), properties)


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
        ours=component.image is not None,
        imagePullPolicy=properties.imagePullPolicy,
        command=properties.cmd,
        env=environment,
        resources=resources("copy", properties.cpu, properties.memory),
    )
    pod_spec = pod(
        [main],
        user=USER if component.image else None,
        restartPolicy=properties.restart or "Never",
        **pod_options(properties),
    )
    count = properties.count or 1
    spec = {"completions": count, "parallelism": count, "backoffLimit": 6}
    return job(application, component, pod_spec, spec, "\n".join(remarks), properties)


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

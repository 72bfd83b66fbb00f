"""A predictor in plain Kubernetes: TensorFlow Serving on its claim."""

from collections.abc import Iterator
from typing import Any

from ...applications.images import SERVING_IMAGE
from ..common import CLAIM_AT, SERVING_PORT, Manifest, Served
from .objects import autoscaler, budget, deployment, only_from, service
from .pods import LINGER, PATIENCE_S, container, pod, probes, resources


def serving(each: Served, callers: dict[str, Any] | None) -> Iterator[Manifest]:
    """A predictor: TensorFlow Serving on the claim, its name, and autoscaler if it has one.

    `callers` are the gateway's pods; None if only the gateway's own maker knows them.
    """
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
            # With a gateway of ours, a name for all replicas: it chooses among them.
            **({"clusterIP": "None"} if callers else {}),
            "ports": [{"name": "http", "port": SERVING_PORT, "targetPort": "http"}],
        },
    )
    if (scaler.minReplicas if scaler else predictor.replicas) > 1:
        yield budget(application, component, each.name)
    if callers:
        yield only_from(application, component, each.name, ["http"], [callers])
    if scaler:
        metrics = [(metric.type, metric.targetAverageUtilization) for metric in scaler.metrics]
        yield autoscaler(
            application, component, each.name, scaler.minReplicas, scaler.maxReplicas, metrics
        )

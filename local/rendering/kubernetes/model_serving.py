"""A predictor in plain Kubernetes: TensorFlow Serving on its claim."""

from collections.abc import Iterator

from ...applications.images import SERVING_IMAGE
from ..common import CLAIM_AT, SERVING_PORT, Manifest, Served
from .objects import autoscaler, deployment, service
from .pods import LINGER, PATIENCE_S, container, pod, probes, resources


def serving(each: Served, our_gateway: bool) -> Iterator[Manifest]:
    """A predictor: TensorFlow Serving on the claim, its Service, and autoscaler if it has one."""
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
            # A gateway of ours chooses among the replicas itself.
            **({"clusterIP": "None"} if our_gateway else {}),
            "ports": [{"name": "http", "port": SERVING_PORT, "targetPort": "http"}],
        },
    )
    if scaler:
        metrics = [
            (metric.type, "Utilization", metric.targetAverageUtilization)
            for metric in scaler.metrics
        ]
        yield autoscaler(
            application, component, each.name, scaler.minReplicas, scaler.maxReplicas, metrics
        )

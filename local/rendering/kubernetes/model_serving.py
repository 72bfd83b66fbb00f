"""A predictor in plain Kubernetes: TensorFlow Serving on its claim."""

from collections.abc import Iterator

from ...applications.images import SERVING_IMAGE
from ..common import CLAIM_MOUNT, SERVING_PORT, Manifest, ServedPredictor
from .objects import autoscaler, deployment, service
from .pods import PRE_STOP, STARTUP_DEADLINE_S, container, pod, probes, resources


def serving(served: ServedPredictor, our_gateway: bool) -> Iterator[Manifest]:
    """A predictor: TensorFlow Serving on the claim, its Service, and autoscaler if it has one."""
    application, component, predictor = served.application, served.component, served.predictor
    graph, requested = predictor.graph, predictor.resources
    main = container(
        graph.name,
        SERVING_IMAGE,
        "serving",
        mounts=[{"name": graph.claim, "mountPath": CLAIM_MOUNT, "readOnly": True}],
        command=["tensorflow_model_server"],
        args=served.arguments,
        ports=[{"name": "http", "containerPort": SERVING_PORT}],
        resources=resources(
            "serving",
            *(
                (requested.cpu, requested.memory, requested.gpu)
                if requested
                else (None, None, None)
            ),
        ),
        lifecycle=PRE_STOP,
        **probes("http", served.status_path, served.status_path),
    )
    scaler = predictor.autoscaler
    yield deployment(
        application,
        component,
        served.name,
        pod([main], claims=[graph.claim]),
        None if scaler else predictor.replicas,
        f"Serves {graph.modelUri}, once there is a version, and a new one as soon as it is there.",
        progress_deadline_s=STARTUP_DEADLINE_S,
    )
    yield service(
        application,
        component,
        served.name,
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
            application, component, served.name, scaler.minReplicas, scaler.maxReplicas, metrics
        )

"""What each program is as a service of a compose file."""

from typing import Any

from ...applications.images import GATEWAY, GATEWAY_IMAGE, NOTEBOOK_IMAGE, SERVING_IMAGE
from ...applications.types import (
    NotebookProperties,
    ServiceProperties,
    StatefulsetProperties,
    TaskProperties,
    TrainingProperties,
)
from ...ports import CLIENT_PORT
from ..common import CLAIM_MOUNT, NOTEBOOK_PORT, SERVING_PORT, ServedPredictor
from ..kubernetes.pods import CLIENT_GRACE_S, ENVOY_USER, USER

# `depends_on`: the condition for each service.
Waits = dict[str, dict[str, str]]


def _service(**values: Any) -> dict[str, Any]:
    """A service that may do little: no capabilities, and nothing to write to but mounts and /tmp.

    Images of this project have a user of their own, whose folders a new volume takes on.
    """
    return {
        **{name: value for name, value in values.items() if value},
        "read_only": True,
        "tmpfs": ["/tmp"],
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
    }


def _limits(
    cpu: str | None = None, memory: str | None = None, gpu: str | None = None, replicas: int = 1
) -> dict[str, Any]:
    """`deploy`: Kubernetes' quantities in the words of compose."""
    limits = {}
    if cpu:
        limits["cpus"] = f"{float(cpu[:-1]) / 1000:g}" if cpu.endswith("m") else cpu
    if memory:
        # Ki, Mi and Gi are k, m and g there: powers of 1024, too.
        limits["memory"] = memory.removesuffix("i").lower()
    resources: dict[str, Any] = {"limits": limits} if limits else {}
    if gpu:
        device = {"driver": "nvidia", "count": int(gpu), "capabilities": ["gpu"]}
        resources["reservations"] = {"devices": [device]}
    deploy: dict[str, Any] = {"replicas": replicas} if replicas > 1 else {}
    return {**deploy, **({"resources": resources} if resources else {})}


def model_service(served: ServedPredictor, waits: Waits) -> dict[str, Any]:
    """A predictor: TensorFlow Serving on its claim."""
    requested = served.predictor.resources
    # There is no curl in the image; bash speaks TCP.
    ask = (
        f"exec 3<>/dev/tcp/127.0.0.1/{SERVING_PORT} && "
        f"printf 'GET {served.status_path} HTTP/1.1\\r\\nHost: localhost\\r\\n"
        "Connection: close\\r\\n\\r\\n' >&3 && grep -q AVAILABLE <&3"
    )
    return _service(
        image=SERVING_IMAGE,
        entrypoint=["tensorflow_model_server"],
        command=served.arguments,
        user=f"{USER}:{USER}",
        volumes=[f"{served.predictor.graph.claim}:{CLAIM_MOUNT}:ro"],
        depends_on=waits,
        healthcheck={
            "test": ["CMD", "bash", "-c", ask],
            "interval": "5s",
            "timeout": "5s",
            "retries": 5,
            "start_period": "120s",
        },
        restart="unless-stopped",
        deploy=_limits(
            *(
                (requested.cpu, requested.memory, requested.gpu)
                if requested
                else (None, None, None)
            ),
            replicas=served.predictor.replicas,
        ),
    )


def training_service(
    properties: TrainingProperties, values: dict[str, str], volumes: list[str], waits: Waits
) -> dict[str, Any]:
    """A training."""
    return _service(
        image=properties.image,
        entrypoint=properties.cmd,
        environment={"HOME": "/tmp", **values},
        volumes=volumes,
        depends_on=waits,
        restart="no" if properties.restartPolicy == "Never" else "on-failure",
        deploy=_limits(properties.cpu, properties.memory, properties.gpu),
    )


def task_service(
    properties: TaskProperties, values: dict[str, str], volumes: list[str], waits: Waits
) -> dict[str, Any]:
    """A task."""
    return _service(
        image=properties.image,
        entrypoint=properties.cmd,
        environment=values,
        volumes=volumes,
        depends_on=waits,
        restart="on-failure" if properties.restart == "OnFailure" else "no",
        deploy=_limits(properties.cpu, properties.memory),
    )


def web_service(
    properties: ServiceProperties,
    values: dict[str, str],
    volumes: list[str],
    waits: Waits,
    ours: bool,
) -> dict[str, Any]:
    """A web service, at the ports that are exposed."""
    port = properties.main_port
    # A database is for the other services only.
    outside = not isinstance(properties, StatefulsetProperties)
    exposed = [each.port for each in properties.ports if each.expose and outside]
    value = _service(
        image=properties.image,
        entrypoint=properties.cmd,
        command=properties.args,
        environment={**({"PORT": str(port)} if ours and port != CLIENT_PORT else {}), **values},
        volumes=volumes,
        ports=[f"{each}:{each}" for each in exposed],
        depends_on=waits,
        restart="unless-stopped",
        stop_grace_period=f"{CLIENT_GRACE_S}s",
        deploy=_limits(properties.cpu, properties.memory),
    )
    if not ours:
        # Nobody here knows what another image needs.
        for name in ("read_only", "tmpfs", "cap_drop", "security_opt"):
            del value[name]
    return value


def notebook_service(properties: NotebookProperties) -> dict[str, Any]:
    """A notebook, for those who ask for its profile."""
    value = _service(
        image=NOTEBOOK_IMAGE,
        profiles=["notebook"],
        ports=[f"127.0.0.1:{NOTEBOOK_PORT}:{NOTEBOOK_PORT}"],
        volumes=[f"{mount.name}:/home/jovyan{mount.mountPath}" for mount in properties.storage],
        deploy=_limits(properties.cpu, properties.memory, properties.gpu),
    )
    # Who works there installs things.
    del value["read_only"]
    return value


def gateway_service() -> dict[str, Any]:
    """Envoy, with the configuration that the file itself holds."""
    return _service(
        image=GATEWAY_IMAGE,
        entrypoint=["envoy", "-c", "/etc/envoy/envoy.yaml", "--disable-hot-restart"],
        command=["--log-level", "warning"],
        user=f"{ENVOY_USER}:{ENVOY_USER}",
        configs=[{"source": GATEWAY, "target": "/etc/envoy/envoy.yaml"}],
        restart="unless-stopped",
    )

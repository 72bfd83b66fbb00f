"""What is in a pod: containers that may do little, their probes, claims and resources."""

from collections.abc import Iterable, Sequence
from typing import Any

from ...applications.loaded import LoadedComponent

# No image of ours needs to be a certain user, or root; files in a claim belong to this group.
USER = 10001
ENVOY_USER = 101

# A model server and a client answer when the model is there, and that may take a training: so long
# they are not killed for it, and their Deployments not called stuck.
STARTUP_DEADLINE_S = 24 * 3600
_PROBE_PERIOD_S = 5

# What a scheduler sets aside where the Application says nothing; starting points, not measured.
_REQUESTS = {
    "serving": {"cpu": "500m", "memory": "1Gi"},
    "client": {"cpu": "250m", "memory": "512Mi"},
    "training": {"cpu": "1", "memory": "4Gi"},
    "copy": {"cpu": "100m", "memory": "128Mi"},
    "gateway": {"cpu": "100m", "memory": "128Mi"},
    "notebook": {"cpu": "500m", "memory": "1Gi"},
}


def resources(
    kind: str, cpu: str | None = None, memory: str | None = None, gpu: str | None = None
) -> dict[str, Any]:
    """What a container may use: what the Application says is asked for and is the limit, as the
    addon does it; for the rest there is only a request.
    """
    values = {"cpu": cpu, "memory": memory, "nvidia.com/gpu": gpu}
    limits = {name: value for name, value in values.items() if value}
    return {"requests": {**_REQUESTS[kind], **limits}, **({"limits": limits} if limits else {})}


def container(
    name: str,
    image: str,
    kind: str,
    *,
    mounts: Sequence[dict[str, Any]] = (),
    ours: bool = True,
    **more: Any,
) -> dict[str, Any]:
    """A container that writes to its mounts and to /tmp, and nowhere else.

    One that is not `ours` is as its image has it: nobody here knows what it needs.
    """
    value = {
        "name": name,
        "image": image,
        **{key: value for key, value in more.items() if value},
        "resources": more.get("resources") or resources(kind),
    }
    if not ours:
        return {**value, **({"volumeMounts": [*mounts]} if mounts else {})}
    return {
        **value,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [*mounts, {"name": "tmp", "mountPath": "/tmp"}],
    }


def pod(
    containers: Sequence[dict[str, Any]],
    *,
    claims: Iterable[str] = (),
    volumes: Sequence[dict[str, Any]] = (),
    user: int | None = USER,
    **more: Any,
) -> dict[str, Any]:
    """A pod's `spec`: nobody in it is root, or has a key to the cluster.

    Without a `user` it has that of its image.
    """
    mounted = [
        {"name": claim, "persistentVolumeClaim": {"claimName": claim}}
        for claim in dict.fromkeys(claims)
    ]
    security: dict[str, Any] = {"seccompProfile": {"type": "RuntimeDefault"}}
    if user is not None:
        security = {
            "runAsNonRoot": True,
            "runAsUser": user,
            "runAsGroup": user,
            "fsGroup": user,
            # Do not walk through a claim full of photos at every start.
            "fsGroupChangePolicy": "OnRootMismatch",
            **security,
        }
        volumes = [*volumes, {"name": "tmp", "emptyDir": {}}]
    return {
        "automountServiceAccountToken": False,
        "securityContext": security,
        **{key: value for key, value in more.items() if value},
        "containers": list(containers),
        **({"volumes": [*mounted, *volumes]} if mounted or volumes else {}),
    }


def probes(port: int | str, ready: str, alive: str) -> dict[str, Any]:
    """A container's probes. It is not killed for being unready until it was ready once."""

    def get(path: str, **more: int) -> dict[str, Any]:
        request = {"path": path, "port": port}
        return {"httpGet": request, "timeoutSeconds": 5, "periodSeconds": _PROBE_PERIOD_S, **more}

    return {
        "startupProbe": get(alive, failureThreshold=STARTUP_DEADLINE_S // _PROBE_PERIOD_S),
        "readinessProbe": get(ready),
        "livenessProbe": get(alive, periodSeconds=10, failureThreshold=6),
    }


# Requests still come to a pod while others have not heard of its end.
PRE_STOP = {"preStop": {"exec": {"command": ["sleep", "10"]}}}

# A client that stops answers every request that it has, one that is slow to send and to take, too:
# twice CLIENT_TIMEOUT_S, twice TIMEOUT_S and the lingering, as they are unless they are set.
CLIENT_GRACE_S = 180


def scrape_annotations(port: int, path: str = "/metrics") -> dict[str, str]:
    """Annotations by which the usual configurations of Prometheus find a pod's metrics."""
    named = {"scrape": "true", "port": str(port), "path": path}
    return {f"prometheus.io/{name}": value for name, value in named.items()}


def mounts_of(component: LoadedComponent) -> list[dict[str, Any]]:
    """Where a container has the claims of its component."""
    return [{"name": mount.name, "mountPath": mount.mountPath} for mount in component.mounts]


def pod_options(properties: Any) -> dict[str, Any]:
    """What the Application says of the pod itself."""
    secrets = [{"name": name} for name in properties.imagePullSecrets or ()]
    return {"imagePullSecrets": secrets}

"""The names of KubeVela 1.10's built-in definitions, from its documentation and source.

`types` has those that are run or validated here; the others are known so that they are not reported
as typos.
"""

from collections.abc import Iterable

from .findings import nearest, suggestion

TYPES = frozenset(
    ("cron-task", "daemon", "k8s-objects", "raw", "ref-objects", "statefulset", "task",
     "webservice", "worker")
)  # fmt: skip
TRAITS = frozenset(
    ("affinity", "annotations", "command", "configmap", "container-image", "container-ports",
     "cpuscaler", "env", "expose", "gateway", "hostalias", "hpa", "import-grafana-dashboard",
     "ingress", "ingress-1-20", "init-container", "json-merge-patch", "json-patch",
     "k8s-update-strategy", "kruise-rollout", "labels", "lifecycle", "nocalhost", "node-affinity",
     "podsecuritycontext", "pure-ingress", "pvc", "register-grafana-datasource", "resource",
     "rollout", "scaler", "securitycontext", "service-account", "service-binding", "sidecar",
     "startup-probe", "storage", "topologyspreadconstraints", "volumes")
)  # fmt: skip
POLICIES = frozenset(
    ("apply-once", "env-binding", "envbinding", "garbage-collect", "health", "override",
     "read-only", "replication", "resource-update", "shared-resource", "take-over", "topology")
)  # fmt: skip
STEPS = frozenset(
    ("addon-operation", "apply-app", "apply-application", "apply-application-in-parallel",
     "apply-component", "apply-deployment", "apply-object", "apply-remaining",
     "apply-terraform-config", "apply-terraform-provider", "build-push-image", "build-source-code",
     "chat-gpt", "check-metrics", "clean-jobs", "collect-service-endpoints", "create-config",
     "delete-config", "depends-on-app", "deploy", "deploy-cloud-resource", "deploy-components",
     "deploy2env", "deploy2runtime", "export-data", "export-service", "export2config",
     "export2secret", "generate-jdbc-connection", "list-config", "notification",
     "print-message-in-status", "read-app", "read-config", "read-object", "request",
     "restart-workflow", "share-cloud-resource", "step-group", "suspend", "upload-to-bucket",
     "vela-cli", "webhook")
)  # fmt: skip


def unsupported_text(name: str, kubevelas: Iterable[str], ours: Iterable[str]) -> str:
    """What to say of a name that is not `ours`: KubeVela's own, or nobody's and which is near."""
    if name in kubevelas:
        return f"{name} is KubeVela's, not run here; known here: {', '.join(sorted(ours))}"
    near = nearest(name, {*kubevelas, *ours})
    if near and near not in ours:
        return f"did you mean {near}? That is KubeVela's, not run here"
    return suggestion(name, ours)

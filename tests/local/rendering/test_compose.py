"""Applications as a compose file: by the specification, and what is in it."""

import subprocess

import pytest
import yaml
from compose_spec import PyCompose

from local.applications.findings import Refused
from local.applications.load import load
from local.rendering.compose.file import compose
from local.running.gateway import find_envoy
from tests.local.running_applications import ARTICLE
from tests.running import ROOT

TRAINING = (ARTICLE / "training-serving.yaml").read_text()
AB = (ARTICLE / "color-style-ab-serving.yaml").read_text()
FILES = [*sorted(ARTICLE.glob("*.yaml")), *sorted((ROOT / "deploy").glob("*.yaml"))]


@pytest.fixture
def render(loaded):
    """Renders Applications given as texts."""
    return lambda *texts: compose(loaded(*texts))


def check(text: str) -> None:
    PyCompose.from_yaml(text).validate()


@pytest.mark.parametrize("file", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_file_is_valid(file):
    text = compose(load([file])[0])
    check(text)
    with pytest.raises(ValueError):
        check(text.replace("cap_drop:", "drop_caps:", 1))
    value = yaml.safe_load(text)
    for service in value["services"].values():
        assert service.get("cap_drop") == ["ALL"] or service["image"] == "postgres:17"
        for name in service.get("depends_on", {}):
            assert name in value["services"]
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in value["volumes"]


def test_a_job_that_comes_after_a_server_is_not_waited_for(render):
    """Docker Compose starts nothing where services wait for one another."""
    text = TRAINING.replace("    dependsOn:\n      - demo-training\n", "").replace(
        "    type: model-training\n",
        "    type: model-training\n    dependsOn: [demo-rest-serving]\n",
    )
    services = yaml.safe_load(render(text))["services"]
    assert services["demo-training"]["depends_on"].keys() == {"demo-rest-serving"}
    assert services["demo-rest-serving"]["depends_on"].keys() == {"demo-serving-model", "gateway"}
    assert "depends_on" not in services["demo-serving-model"]


def test_order_and_addresses(render):
    services = yaml.safe_load(render(TRAINING))["services"]
    assert services["demo-serving-model"]["depends_on"] == {
        "demo-training": {"condition": "service_completed_successfully"}
    }
    client = services["demo-rest-serving"]
    assert client["depends_on"]["demo-serving-model"] == {"condition": "service_healthy"}
    assert client["environment"]["URL"] == (
        "http://gateway:8080/seldon/default/demo-serving/v1/models/my-model:predict"
    )
    assert client["ports"] == ["3333:3333"]
    assert client["stop_grace_period"] == "180s"
    assert "ports" not in services["gateway"]


def test_writer_of_a_shared_claim_comes_first(render):
    model = (ROOT / "deploy" / "color-model.yaml").read_text()
    services = yaml.safe_load(render((ARTICLE / "color-serving.yaml").read_text(), model))[
        "services"
    ]
    for name in ("color-model-serving-model1", "color-model-serving-model2"):
        assert services[name]["depends_on"] == {
            "color-model": {"condition": "service_completed_successfully"}
        }


def test_envoy_accepts_the_gateway_configuration(render, tmp_path):
    content = yaml.safe_load(render(AB))["configs"]["gateway"]["content"]
    file = tmp_path / "envoy.yaml"
    file.write_text(content.replace("$$", "$"))
    done = subprocess.run(
        [find_envoy(), "--mode", "validate", "-c", file], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "address: color-ab-serving-model1" in content


def test_replicas_resources_and_a_gpu(render):
    scaled = (ROOT / "deploy" / "autoscaling-serving.yaml").read_text()
    text = render(scaled.replace("replicas: 1", "replicas: 3"))
    deploy = yaml.safe_load(text)["services"]["scaled-model-serving-model"]["deploy"]
    assert deploy == {"replicas": 3, "resources": {"limits": {"cpus": "1", "memory": "1g"}}}
    client = yaml.safe_load(text)["services"]["scaled-rest-serving"]["deploy"]
    assert client["resources"]["limits"] == {"cpus": "0.5", "memory": "512m"}
    gpu = render((ROOT / "deploy" / "training-gpu.yaml").read_text())
    training = yaml.safe_load(gpu)["services"]["gpu-training"]
    (device,) = training["deploy"]["resources"]["reservations"]["devices"]
    assert device["count"] == 1
    assert training["entrypoint"][:3] == ["python", "-m", "training"]


def test_a_notebook_starts_only_when_it_is_asked_for(render):
    services = yaml.safe_load(render((ROOT / "deploy" / "notebook.yaml").read_text()))["services"]
    assert services["color-notebook"]["profiles"] == ["notebook"]
    # There is nobody between it and other machines.
    assert services["color-notebook"]["ports"] == ["127.0.0.1:8888:8888"]


def test_one_claim_in_two_namespaces_is_refused(render):
    model = (ROOT / "deploy" / "color-model.yaml").read_text()
    other = model.replace("namespace: default", "namespace: other")
    with pytest.raises(Refused, match="the claim color-model is in default and in other"):
        render(model, other.replace("name: color-model\n      type", "name: second\n      type"))


def test_the_head_says_which_volumes_must_be_filled_first(render):
    deploy = ROOT / "deploy"
    canary = (deploy / "color-canary-serving.yaml").read_text()
    assert "fills the volume color-model. Fill it first" in render(canary)
    assert "color-serving_color-model:/to -v FOLDER:/from" in render(canary)
    assert "Fill it first" not in render((deploy / "color-model.yaml").read_text(), canary)
    # A claim that is there already, by pvcRef.
    assert "the volume photos-pvc." in render((deploy / "training-gpu.yaml").read_text())


def test_a_database_is_for_the_other_services_only(render):
    text = render((ROOT / "deploy" / "color-canary-feedback.yaml").read_text())
    services = yaml.safe_load(text)["services"]
    assert "ports" not in services["color-feedback-db"]
    assert services["color-feedback-client"]["ports"] == ["3333:3333"]
    assert "# POSTGRES_PASSWORD comes from a secret or config map: give it here." in text

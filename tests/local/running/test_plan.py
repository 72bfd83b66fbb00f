"""What is made of Applications: programs, order, routes, and a configuration that Envoy takes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from local.applications.findings import Refused
from local.applications.load import load
from local.gateway.routes import routes
from local.ports import free_port
from local.running.gateway import find_envoy
from local.running.plan import Plan, RunOptions
from local.running.planner import make_plan
from tests.local.running_applications import ARTICLE
from tests.running import ROOT

TRAINING = (ARTICLE / "training-serving.yaml").read_text()
AB = (ARTICLE / "color-style-ab-serving.yaml").read_text()


@pytest.fixture
def plan(loaded, tmp_path):
    """Plans Applications given as texts."""

    def make(*texts: str, **run_options: object) -> Plan:
        ports = {"port": free_port(), "gateway_port": free_port(), "model_port": free_port()}
        return make_plan(loaded(*texts), tmp_path / "state", RunOptions(**{**ports, **run_options}))

    return make


def component(plan: Plan, name: str):
    return next(each for each in plan.components if each.name == name)


def port_of(place: dict) -> int:
    """The port of a listener, an endpoint or the admin page, as Envoy is told it."""
    return place["address"]["socket_address"]["port_value"]


def test_training_then_serving_then_the_client(plan, tmp_path):
    made = plan(TRAINING)
    claim = tmp_path / "state" / "volumes" / "default" / "my-pvc"
    training, serving, client = made.components[1:]
    assert training.job
    assert training.programs[0].command[1:] == ("-m", "training", "--export-root", str(claim))
    assert serving.depends_on == (("training-serving", "demo-training"),)
    assert serving.steps[0].claim == claim
    (server,) = serving.programs
    assert server.name == "demo-serving/model"
    assert server.command[server.command.index("--model_name") + 1] == "my-model"
    assert client.depends_on == (("training-serving", "demo-serving"),)
    assert client.programs[0].command[1:] == ("-m", "color_client")
    gateway = component(made, "gateway")
    port = port_of(made.gateway["static_resources"]["listeners"][0])
    assert client.programs[0].environment["URL"] == (
        f"http://127.0.0.1:{port}/seldon/default/demo-serving/v1/models/my-model:predict"
    )
    assert "--disable-hot-restart" in gateway.programs[0].command


def test_arguments_and_paths_of_training(plan, tmp_path):
    text = TRAINING.replace(
        "      framework: tensorflow",
        "      framework: tensorflow\n"
        "      cmd: [python3, -m, training, --export-root=/model/x, --data, /model/photos, --seed,"
        " '1']\n      env: [{name: CACHE, value: /model/cache}, {name: OTHER, value: /models}]",
    )
    made = component(plan(text, arguments={"demo-training": ["--samples", "64"]}), "demo-training")
    claim = tmp_path / "state" / "volumes" / "default" / "my-pvc"
    (program,) = made.programs
    assert program.command[3:] == (
        f"--export-root={claim}/x", "--data", f"{claim}/photos", "--seed", "1", "--samples", "64",
    )  # fmt: skip
    assert program.environment == {"CACHE": f"{claim}/cache", "OTHER": "/models"}


def test_a_job_is_the_same_while_its_properties_and_arguments_are(plan):
    def fingerprint(text: str = TRAINING, **run_options: object) -> str:
        return component(plan(text, **run_options), "demo-training").fingerprint

    assert fingerprint() == fingerprint()
    assert fingerprint(arguments={"demo-training": ["--samples", "64"]}) != fingerprint()
    assert fingerprint(TRAINING.replace("train-color:v1", "train-color:v2")) != fingerprint()


def test_reader_of_a_claim_waits_for_its_writer(plan):
    texts = [(ROOT / "deploy" / f"{name}.yaml").read_text()
             for name in ("color-style-ab-serving", "color-model", "style-model")]  # fmt: skip
    made = plan(*texts)
    assert component(made, "color-ab-serving").depends_on == (("color-model", "color-model"),)
    assert component(made, "style-ab-serving").depends_on == (("style-model", "style-model"),)
    assert component(made, "style-model").job


def test_a_model_server_does_not_wait_for_a_client_that_mounts_its_claim(plan):
    text = (ROOT / "deploy" / "color-canary-serving.yaml").read_text()
    text = text.replace("      dependsOn:\n        - color-model-serving\n", "")
    claim = "pvc: [{name: color-model, mountPath: /models}]"
    made = plan(f"{text}      traits: [{{type: storage, properties: {{{claim}}}}}]\n")
    assert component(made, "color-model-serving").depends_on == ()


def test_training_can_depend_on_serving(plan):
    text = TRAINING.replace("    dependsOn:\n      - demo-training\n", "").replace(
        "    type: model-training\n", "    type: model-training\n    dependsOn: [demo-serving]\n"
    )
    made = plan(text)
    assert component(made, "demo-serving").depends_on == ()
    assert component(made, "demo-training").depends_on == (("training-serving", "demo-serving"),)


@pytest.mark.parametrize("wish", [18080, 65535])
def test_admin_port_follows_the_gateway_port(plan, monkeypatch, wish):
    # Two with ports of their own do not take each other's while one of them is down.
    monkeypatch.setattr("local.ports.check_free", lambda *_: None)
    made = plan(TRAINING, gateway_port=wish).gateway
    assert port_of(made["static_resources"]["listeners"][0]) == wish
    assert port_of(made["admin"]) == {18080: 18081, 65535: 9901}[wish]


def test_each_replica_has_a_port_of_its_own(plan):
    made = plan(TRAINING.replace("replicas: 1", "replicas: 3"))
    programs = component(made, "demo-serving").programs
    assert [each.name for each in programs] == [f"demo-serving/model/{n}" for n in range(3)]
    ports = {each.ready_url.split(":")[2].partition("/")[0] for each in programs}
    assert len(ports) == 3
    admin = port_of(made.gateway["admin"])
    assert {each.gateway_admin_port for each in programs} == {admin}
    (cluster,) = made.gateway["static_resources"]["clusters"]
    endpoints = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
    assert {str(port_of(each["endpoint"])) for each in endpoints} == ports


@pytest.mark.parametrize(
    ("value", "leads_to"),
    [
        ("http://ambassador.vela-system.svc.cluster.local/x:predict", "gateway"),
        ("http://ambassador.vela-system.svc.cluster.local:80/x:predict", "gateway"),
        ("https://ambassador.vela-system.svc/x:predict", "gateway"),
        ("http://ambassador.vela-system/x:predict", "gateway"),
        ("http://demo-rest-serving.default.svc.cluster.local:3333/x:predict", "client"),
        ("http://demo-rest-serving:3333/x:predict", "client"),
        ("http://example.org:80/x:predict", None),
        ("http://localhost:8501/x:predict", None),
        ("ambassador", None),
    ],
)
def test_cluster_host_names_are_redirected(plan, value, leads_to):
    address = TRAINING.partition("value: ")[2].partition("\n")[0]
    made = plan(TRAINING.replace(address, value))
    client = component(made, "demo-rest-serving").programs[0].environment
    listener = made.gateway["static_resources"]["listeners"][0]
    ports = {"gateway": port_of(listener), "client": client["PORT"]}
    expected = f"http://127.0.0.1:{ports[leads_to]}/x:predict" if leads_to else value
    assert client["URL"] == expected


def test_unknown_cluster_host_name_is_refused(plan):
    text = TRAINING.replace("//ambassador.vela-system", "//istio.vela-system")
    with pytest.raises(Refused, match="no service istio.vela-system.svc.cluster.local is among"):
        plan(text)


def test_routes_are_seldons_and_ambassadors():
    applications, _ = load(
        [ARTICLE / "color-style-ab-serving.yaml", ARTICLE / "color-serving.yaml"]
    )
    ports = {
        "default/color-ab-serving/model1": [1],
        "default/style-ab-serving/model2": [2],
        "default/color-model-serving/model1": [3],
        "default/color-model-serving/model2": [4, 5],
    }
    style, color, canary = routes(applications, ports)[0]
    assert style.prefix == color.prefix == "/seldon/default/color-ab-serving/"
    assert style.header == ("style", "transfer")
    assert style.timeout_ms == 10_000
    assert color.header is None
    assert color.timeout_ms == 3_000
    assert canary.shares == (
        ("default/color-model-serving/model1", 50),
        ("default/color-model-serving/model2", 50),
    )
    assert [each.ports for each in routes(applications, ports)[1]] == [(1,), (2,), (3,), (4, 5)]


def test_the_first_predictor_takes_the_rest(plan):
    text = (ARTICLE / "color-serving.yaml").read_text()
    text = text.replace("traffic: 50", "traffic: 90", 1).replace("traffic: 50", "traffic: 10")
    listener = plan(text).gateway["static_resources"]["listeners"][0]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    (route,) = manager["route_config"]["virtual_hosts"][0]["routes"]
    weights = [each["weight"] for each in route["route"]["weighted_clusters"]["clusters"]]
    assert weights == [90, 10]


@pytest.mark.parametrize("names", [["training-serving"], ["color-serving"],
                                   ["color-style-ab-serving", "color-serving"]])  # fmt: skip
def test_envoy_accepts_the_configuration(plan, tmp_path, names):
    made = plan(*((ARTICLE / f"{name}.yaml").read_text() for name in names))
    file = tmp_path / "envoy.yaml"
    file.write_text(yaml.safe_dump(made.gateway))
    done = subprocess.run(
        [find_envoy(), "--mode", "validate", "-c", file], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def local(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local", *map(str, arguments)],
        capture_output=True, text=True, cwd=ROOT, timeout=120,
    )  # fmt: skip


def test_render_prints_both_and_starts_nothing(tmp_path):
    state = tmp_path / "state"
    done = local("render", ARTICLE / "color-style-ab-serving.yaml", "--state", state)
    assert done.returncode == 0, done.stderr
    plan, gateway = yaml.safe_load_all(done.stdout)
    names = [each["component"] for each in plan["components"]]
    assert names == ["gateway", "color-ab-serving", "style-ab-serving", "ab-rest-serving"]
    assert "admin" in gateway
    assert not state.exists()
    only = local("render", "--format", "envoy", ARTICLE / "color-serving.yaml", "--state", state)
    assert "static_resources" in yaml.safe_load(only.stdout)


def test_validate_exit_codes(tmp_path):
    good = local("validate", ARTICLE / "training-serving.yaml", "--state", tmp_path)
    assert (good.returncode, good.stdout) == (0, "training-serving: no errors\n")
    (tmp_path / "bad.yaml").write_text(TRAINING.replace("replicas: 1", "replica: 1"))
    bad = local("validate", tmp_path / "bad.yaml", "--state", tmp_path)
    assert bad.returncode == 1
    assert "spec.components[1].properties.predictors[0].replica: replica is not known" in bad.stdout


def test_up_refuses_before_anything_starts(tmp_path):
    (tmp_path / "bad.yaml").write_text(TRAINING.replace("replicas: 1", "replica: 1"))
    state = tmp_path / "state"
    done = local("up", tmp_path / "bad.yaml", "--state", state)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "bad.yaml:30: spec.components[1].properties.predictors[0].replica: " in done.stderr
    assert not state.exists()
    done = local("up", ARTICLE / "training-serving.yaml", "--args", "demo-trainin=--samples 1")
    assert done.returncode == 2
    assert "no such training; did you mean demo-training?" in done.stderr


def test_the_registry_is_changed_by_one_command(tmp_path):
    for path in (ROOT / "deploy").iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    command = [sys.executable, str(tmp_path / "set_registry.py")]
    for registry in ("registry.example.org:5000/team", "other"):
        assert subprocess.run([*command, registry], capture_output=True).returncode == 0
        texts = [path.read_text() for path in tmp_path.glob("*.yaml")]
        images = [line.split()[-1] for text in texts for line in text.splitlines()
                  if "image:" in line]  # fmt: skip
        assert len(images) == 13
        images.remove("postgres:17")  # which is none of ours
        assert all(image.startswith(f"{registry}/") and ":v1" in image for image in images)
    assert subprocess.run([*command, "a b"], capture_output=True).returncode == 2


def test_state_is_json(tmp_path):
    from local.running.state import Row, StateFolder

    folder = StateFolder(tmp_path)
    with folder.own(["a"]):
        folder.write_rows([Row("a", "default", "c", "webservice", "running", True, "Ready:1/1")])
        assert json.loads((tmp_path / "state.json").read_text())[0]["phase"] == "running"

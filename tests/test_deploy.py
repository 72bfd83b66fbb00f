"""The Applications in deploy/ that teach, the notebook, and what is wrong in environments."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest
import yaml

from local.applications.claims import Volumes
from local.applications.findings import Refused
from local.applications.load import load
from local.applications.validate import validate
from local.commands.usage_text import usage_text
from local.ports import free_port
from local.rendering.kubernetes.manifests import kubernetes
from local.running.plan import RunOptions
from local.running.planner import make_plan

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = sorted((ROOT / "deploy").glob("*.yaml"))
ENVIRONMENTS = (ROOT / "deploy" / "environments.yaml").read_text()
NOTEBOOK = ROOT / "notebooks" / "colorize.ipynb"


def errors(folder: Path, text: str) -> list[str]:
    """What is wrong with an Application, without notices."""
    file = folder / "a.yaml"
    file.write_text(text)
    try:
        applications, found = load([file])
        found += validate(applications, Volumes(folder / "volumes"))
    except Refused as refused:
        found = refused.findings
    return [str(each).replace(f"{folder}/", "") for each in found if not each.notice]


@pytest.mark.parametrize("file", DEPLOY, ids=lambda path: path.stem)
def test_every_application_is_sound(file, tmp_path):
    assert errors(tmp_path, file.read_text()) == []


def test_all_of_them_together(tmp_path):
    applications, found = load(DEPLOY)
    found += validate(applications, Volumes(tmp_path))
    assert [str(each) for each in found if not each.notice] == []


def test_yamllint_passes():
    done = subprocess.run(
        [sys.executable, "-m", "yamllint", "--strict", "deploy", ".yamllint"],
        capture_output=True, text=True, cwd=ROOT, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")


def test_yamllint_detects_problems(tmp_path):
    (tmp_path / "bad.yaml").write_text("a:   1\n")
    done = subprocess.run(
        [sys.executable, "-m", "yamllint", "-c", str(ROOT / ".yamllint"), str(tmp_path)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert "too many spaces" in done.stdout


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("            - to-test\n", "            - to-tests\n"),
         "spec.workflow.steps[0].properties.policies[0]: there is no policy 'to-tests'; did you "
         "mean to-test?"),
        (("        namespace: test\n", "        namespaces: test\n"),
         "spec.policies[0].properties.namespaces: namespaces is not known; did you mean "
         "namespace?"),
        (("name: as-test", "name: to-test"), "there are two policies to-test"),
        (("name: delivered-serving\n            properties",
          "name: delivered-servin\n            properties"),
         "spec.policies[3].properties.components[0].name: there is no component "
         "'delivered-servin'; did you mean delivered-serving?"),
        # A list takes the place of a list, so this one lacks its graph.
        (("                  replicas: 2\n                  resources:",
          "                  replica: 2\n                  resources:"),
         "components[0].properties.predictors[0].replica: replica is not known; did you mean "
         "replicas?"),
        (("type: scaler", "type: scalar"), "trait 'scalar' is not known; did you mean scaler?"),
        (("          message:", "          massage:"),
         "spec.workflow.steps[1].properties.massage: massage is not known; did you mean message?"),
        (("      - name: approve", "      - name: deliver-to-test"),
         "there are two steps deliver-to-test"),
        (("        type: suspend", "        type: suspend\n        dependsOn: [later]"),
         "no step before this one is 'later'"),
        (("        clusters: [local]", "        clusters: [local]\n        clusterLabelSelector: "
          "{a: b}"), "they exclude one another"),
        (("    steps:", "    stepz:"), "spec.workflow.stepz: stepz is not known"),
    ],
)  # fmt: skip
def test_errors_in_environments_are_reported(tmp_path, change, says):
    assert change[0] in ENVIRONMENTS
    found = errors(tmp_path, ENVIRONMENTS.replace(*change, 1))
    assert any(says in line for line in found), found


def test_override_is_validated_with_its_component(tmp_path):
    """A mapping is merged: half of one is no fault."""
    value = yaml.safe_load(ENVIRONMENTS)
    patch = {"name": "delivered-rest-serving", "properties": {"exposeType": "NodePort"}}
    value["spec"]["policies"][2]["properties"]["components"] = [patch]
    assert errors(tmp_path, yaml.safe_dump(value)) == []
    wrong = copy.deepcopy(value)
    wrong["spec"]["policies"][2]["properties"]["components"][0]["properties"] = {"ports": [{}]}
    (found,) = errors(tmp_path, yaml.safe_dump(wrong))
    assert "components[0].properties.ports[0].port: this is missing" in found


def test_each_environment_asks_for_its_own_namespace():
    """The namespace is part of the predict URL; a copied one would send test to production."""
    spec = yaml.safe_load(ENVIRONMENTS)["spec"]
    policies = {each["name"]: each["properties"] for each in spec["policies"]}
    steps = [each for each in spec["workflow"]["steps"] if each["type"] == "deploy"]
    assert len(steps) == 2
    for step in steps:
        where, how = (policies[name] for name in step["properties"]["policies"])
        (client,) = (each for each in how["components"] if each["name"] == "delivered-rest-serving")
        (url,) = client["properties"]["env"]
        assert f"/seldon/{where['namespace']}/delivered-serving/" in url["value"]


def test_production_waits_for_approval():
    steps = yaml.safe_load(ENVIRONMENTS)["spec"]["workflow"]["steps"]
    assert [each["type"] for each in steps] == ["deploy", "suspend", "deploy"]
    assert "duration" not in steps[1]["properties"]  # or nobody would have to say yes


def test_the_notebook_is_committed_without_its_outputs():
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code)


def test_a_file_with_only_a_notebook_starts_nothing(tmp_path):
    file = ROOT / "deploy" / "notebook.yaml"
    done = subprocess.run(
        [sys.executable, "-m", "local", "up", str(file), "--state", str(tmp_path / "state")],
        capture_output=True, text=True, cwd=ROOT, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing in these files runs here" in done.stderr
    assert "jupyter lab" in done.stderr


def test_the_page_shows_what_is_printed(tmp_path, monkeypatch):
    """The boxes of docs/cluster.md that do not say `something like`."""
    monkeypatch.chdir(ROOT)
    page = (ROOT / "docs" / "cluster.md").read_text()
    file = ROOT / "deploy" / "training-serving.yaml"
    applications, _ = load([file])
    head = "".join(kubernetes(applications).splitlines(keepends=True)[:6])
    assert f"$ head -6 training-serving.k8s.yaml\n{head}```" in page
    run_options = RunOptions(port=free_port(), gateway_port=free_port(), model_port=free_port())
    ready = usage_text(make_plan(applications, tmp_path, run_options))
    for port, usual in ((run_options.port, 3333), (run_options.gateway_port, 8080)):
        ready = ready.replace(f":{port}", f":{usual}")
    assert f"```\n{ready}\n```" in page
    help_text = subprocess.run(
        [sys.executable, "-m", "local", "validate", "deploy/training-serving.yaml",
         "--state", str(tmp_path)],
        capture_output=True, text=True, cwd=ROOT, timeout=300,
    )  # fmt: skip
    assert (
        f"$ .venv/bin/python -m local validate deploy/training-serving.yaml\n{help_text.stdout}"
        in page
    )


@pytest.mark.long(1)
@pytest.mark.slow
def test_the_notebook_trains_shows_and_publishes(tmp_path, monkeypatch):
    """Every cell, in a kernel of its own, as a person would run them."""
    export_root = tmp_path / "models"
    monkeypatch.setenv("SAMPLES", "12")
    monkeypatch.setenv("EXPORT_ROOT", str(export_root))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    # The kernel of this interpreter, whatever kernels the machine has.
    kernels = tmp_path / "kernels" / "kernels" / "python3"
    kernels.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernels / "kernel.json").write_text(
        json.dumps({"argv": command, "display_name": "Python 3", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "kernels"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(
        notebook, timeout=1500, kernel_name="python3",
        resources={"metadata": {"path": str(NOTEBOOK.parent)}},
    ).execute()  # fmt: skip
    shown = [
        output
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    assert len(shown) == 3 + 1 + 3
    assert (export_root / "1" / "saved_model.pb").is_file()
    assert (export_root / "v1" / "1" / "saved_model.pb").is_file()
    printed = "".join(
        output.text
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream"
    )
    assert "published version 1" in printed
    assert f"--model {os.path.relpath(export_root / 'v1', ROOT)}" in printed

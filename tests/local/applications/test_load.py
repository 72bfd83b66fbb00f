"""Application files: what is taken, and what is refused with its place."""

import re
from pathlib import Path

import pytest

from local.applications import types
from local.applications.claims import Volumes
from local.applications.findings import Refused
from local.applications.images import last_name
from local.applications.load import load
from local.applications.parse import parse
from local.applications.source import Document
from local.applications.validate import validate
from tests.local.running_applications import ARTICLE
from tests.running import ROOT

AB = (ARTICLE / "color-style-ab-serving.yaml").read_text()
CANARY = (ARTICLE / "color-serving.yaml").read_text()
TRAINING = (ARTICLE / "training-serving.yaml").read_text()
P0 = "spec.components[0].properties"
P1 = "spec.components[1].properties"


def findings(folder: Path, *texts: str) -> list[str]:
    """What is said about Applications in files a.yaml, b.yaml ..., without the folder."""
    files = []
    for name, text in zip("abc", texts, strict=False):
        files.append(folder / f"{name}.yaml")
        files[-1].write_text(text)
    try:
        applications, found = load(files)
    except Refused as refused:
        found = refused.findings
    else:
        found += validate(applications, Volumes(folder / "volumes"))
    return [str(each).replace(f"{folder}/", "") for each in sorted(found)]


# The article's own, as this project has them; tests/test_deploy.py is about the others.
OURS = [ROOT / "deploy" / f"{name}.yaml"
        for name in ("color-canary-serving", "color-model", "color-style-ab-serving", "style-model",
                     "training-serving")]  # fmt: skip


@pytest.mark.parametrize("file", [*ARTICLE.glob("*.yaml"), *OURS],
                         ids=lambda path: f"{path.parent.name}-{path.stem}")  # fmt: skip
def test_articles_files_and_ours_have_no_findings(file, tmp_path):
    assert findings(tmp_path, file.read_text()) == []


def test_the_fixtures_are_the_article(shared):
    text = (shared / "seed" / "machine-learning-practice-with-kubevela.md").read_text()
    files = sorted(ARTICLE.glob("*.yaml"))
    assert len(files) == 3
    for file in files:
        assert f"```yaml\n{file.read_text()}```" in text


def test_all_five_of_ours_together(tmp_path):
    applications, notices = load(OURS)
    assert notices + validate(applications, Volumes(tmp_path)) == []


@pytest.mark.parametrize(
    ("text", "change", "says"),
    [
        # Names that nobody knows, with the nearest.
        (CANARY, ("traffic: 50", "trafic: 50"),
         f"a.yaml:16: {P0}.predictors[0].trafic: trafic is not known; did you mean traffic? Known "
         "here: autoscaler, graph, name, replicas, resources, traffic"),
        (CANARY, ("modelUri: pvc://color-model/model/v1", "modelURI: pvc://color-model/model/v1"),
         f"a.yaml:21: {P0}.predictors[0].graph.modelURI: modelURI is not known; did you mean "
         "modelUri? Known here: implementation, modelUri, name"),
        (AB, ("serviceName:", "servicename:"),
         "customRouting.servicename: servicename is not known; did you mean serviceName?"),
        (AB, ("type: webservice", "type: webservices"),
         "a.yaml:38: spec.components[2].type: 'webservices' is no component type; did you mean "
         "webservice? Known here: jupyter-notebook, model-serving, model-training, statefulset, "
         "task, webservice"),
        (TRAINING, ("fogdong/train-color:v1", "fogdong/train-colour:v1"),
         f"a.yaml:12: {P0}.image: image 'fogdong/train-colour:v1' is none of this project; did you "
         "mean train-color?"),
        (TRAINING, ("fogdong/train-color:v1", "fogdong/color-serving:v1"),
         f"{P0}.image: image color-serving is for a webservice, not for a model-training"),
        (TRAINING, ("type: model-training", "type: jupyter-notebook"),
         f"{P0}.image: image is not known; "),
        (TRAINING, ("    type: model-training", "    type: model-training\n    traits:\n"
                    "    - {type: sidecar}"),
         "a.yaml:12: spec.components[0].traits[0].type: sidecar is KubeVela's, not run here; "),
        # Values of another kind.
        (AB, ('timeout: "10000"', "timeout: 10000"),
         f"a.yaml:24: {P1}.timeout: 10000 must be a string: put it in quotes"),
        (AB, ('timeout: "10000"', 'timeout: "10s"'),
         f"a.yaml:24: {P1}.timeout: '10s' is no whole number of milliseconds, as in \"10000\""),
        (CANARY, ("replicas: 1", "replicas: one"), "replicas: 'one' must be a whole number"),
        # Which the rendering for Compose computes with.
        (TRAINING, ("framework: tensorflow", "framework: tensorflow\n      gpu: all"),
         f"a.yaml:14: {P0}.gpu: 'all' is no whole number, as in \"1\""),
        (TRAINING, ("framework: tensorflow", "framework: tensorflow\n      cpu: halfm"),
         f"a.yaml:14: {P0}.cpu: 'halfm' is no amount, such as 500m, 0.5 or 2Gi"),
        (CANARY, ("replicas: 1", "replicas: 1\n          resources: {memory: 2 GB}"),
         "resources.memory: '2 GB' is no amount"),
        (CANARY, ("protocol: tensorflow", "protocol: rest"),
         "'rest' must be 'seldon', 'tensorflow' or 'v2'"),
        (CANARY, ("apiVersion: core.oam.dev/v1beta1", "apiVersion: v1"), "a.yaml:1: apiVersion: "),
        (CANARY, ("name: color-serving", "name: Color_Serving"),
         "a.yaml:4: metadata.name: 'Color_Serving' is no name for Kubernetes"),
        (CANARY, ("name: color-serving", "name: ../../etc"), "is no name for Kubernetes"),
        (TRAINING, ("replicas: 1", "replicas: 0"), "replicas: 0 must be at least 1"),
        (CANARY, ("traffic: 50", "traffic: 101"), "traffic: 101 must be at most 100"),
        (CANARY, ("replicas: 1", "replicas: [1]"), "replicas: must be a whole number"),
        # Names that KubeVela has and this machine does not, and names that nobody has.
        (AB, ("type: webservice", "type: worker"),
         "a.yaml:38: spec.components[2].type: worker is KubeVela's, not run here; known here: "),
        (AB, ("type: webservice", "type: cron-tusk"),
         "'cron-tusk' is no component type; did you mean cron-task? That is KubeVela's, not run "),
        (AB, ("type: webservice", "type: webservice\n    traits:\n    - {type: init-containr}"),
         "trait 'init-containr' is not known; did you mean init-container? That is KubeVela's"),
        (AB, ("type: webservice", "type: webservice\n    traits:\n    - {type: gatway}"),
         "trait 'gatway' is not known; did you mean gateway? Known here: "),
        (CANARY, ("spec:", "spec:\n  policies:\n  - {name: x, type: garbage-colect}"),
         "'garbage-colect' is nothing that KubeVela has; did you mean garbage-collect?"),
        (CANARY, ("spec:", "spec:\n  workflow:\n    steps:\n    - {name: x, type: notifcation}"),
         "'notifcation' is nothing that KubeVela has; did you mean notification?"),
        # A share of 0 is none only for the first.
        (CANARY.replace("traffic: 50", "traffic: 100", 1), ("traffic: 50", "traffic: 0"),
         f"a.yaml:25: {P0}.predictors[1].traffic: model2 traffic: 0 gets an even share of the "
         "requests on a cluster, not none: Seldon leaves a weight of 0 out. Leave this predictor "
         "out instead, or put it first"),
        # What the templates swallow.
        (CANARY, ("traffic: 50", "traffic: 40"),
         f"a.yaml:12: {P0}.predictors: the traffic of the predictors sums to 90, not to 100"),
        (AB, ('"style: transfer"', '"style: transfer: now"'),
         f"a.yaml:27: {P1}.customRouting.header: 'style: transfer: now' must be `name: value` with "
         "exactly one colon: it is split at every one"),
        (AB, ('"style: transfer"', '"style transfer"'), "with exactly one colon"),
        (CANARY, ("Uri: pvc://color-model/model/v1", "Uri: pvc://color-model/model/v1/1"),
         f"{P0}.predictors[0].graph.modelUri: 'pvc://color-model/model/v1/1' names a version "
         "itself; a model's path holds folders that are named by an integer, so it is "
         "'pvc://color-model/model/v1'"),
        (CANARY, ("Uri: pvc://color-model/model/v1", "Uri: s3://models/v1"), "is no pvc://CLAIM/PATH"),
        (CANARY, ("Uri: pvc://color-model/model/v1", "Uri: pvc://color-model/../x"),
         "must name a folder"),
        (CANARY, ("protocol: tensorflow", "timeout: '1'"),
         "protocol seldon (the default) is not spoken here nor by the clients"),
        (CANARY, ("implementation: tensorflow", "implementation: sklearn"),
         "sklearn is not served here; only tensorflow is"),
        (TRAINING, ("framework: tensorflow", "framework: tensorflow\n      distribution: "
                    "{worker: 2, ps: 1}"),
         f"{P0}.distribution.launcher: this is missing"),
        (TRAINING, ('mountPath: "/model"', 'mountPath: "/models"'),
         f"a.yaml:14: {P0}.storage: no claim is mounted at /model: what is trained would be lost"),
        (TRAINING, ("modelUri: pvc://my-pvc", "modelUri: pvc://my-pvc/model"),
         "pvc://my-pvc/model: train-color writes its models elsewhere in the claim: its root"),
        (TRAINING, ("      framework: tensorflow", "      framework: tensorflow\n      cmd: "
                    "[bash, -c, ls]"),
         "cmd: only [python, -m, training, ...] can be run here for this image"),
        # Order and names.
        (CANARY, ("      - color-model-serving\n    properties", "      - color-model-servin\n"
                  "    properties"),
         "spec.components[1].dependsOn[0]: there is no component 'color-model-servin'; did you "
         "mean color-model-serving?"),
        (TRAINING, ("    type: model-training\n",
                    "    type: model-training\n    dependsOn: [demo-rest-serving]\n"),
         "wait for each other"),
        (CANARY, ("metadata:\n  name: color-serving", "metadata:\n  name: gateway"),
         "a.yaml:4: metadata.name: gateway is the gateway's own name here"),
        (AB, ("default/color-ab-serving/v1", "default/style-ab-serving/v1"),
         "env[0].value: style-ab-serving has no address of its own: it is behind color-ab-serving"),
        (CANARY, ("models/my-model:predict", "models/my-modle:predict"),
         "env[0].value: the model of color-model-serving is 'my-model', not 'my-modle'"),
        (CANARY, ("name: model2", "name: model1"), "there are two predictors model1"),
        (CANARY, ("  - name: color-rest-serving", "  - name: color-model-serving"),
         "there are two components color-model-serving"),
        # No YAML, and YAML that is none of ours.
        (CANARY, ("spec:", "spec: ["), "this is no YAML: "),
        (CANARY, ("traffic: 50", "traffic: 50\n          traffic: 60"),
         f"a.yaml:17: {P0}.predictors[0].traffic: traffic stands here twice"),
        ("a: &x [*x]", ("", ""), "a.yaml:1: a[0]: this repeats itself without end"),
        ("a: &x {b: 1}\nc: [" + "*x, " * 3 + "*x]", ("", ""), "apiVersion: this is missing"),
        # What no program can be given.
        (AB, ("- name: URL", '- name: "A=B"\n          value: x\n        - name: URL'),
         "env[0].name: 'A=B' is no name of an environment variable"),
        (AB, ("- name: URL", '- name: A\n          value: "a\\0"\n        - name: URL'),
         "env[0].value: a NUL or half a surrogate pair is in this"),
        (AB, ("- name: URL", '- name: A\n          value: "\\ud800"\n        - name: URL'),
         "env[0].value: a NUL or half a surrogate pair is in this"),
        (AB, ("- name: URL", '- "n\\0": A\n          value: a\n        - name: URL'),
         "a NUL or half a surrogate pair is in this"),
        # Values that YAML takes for something that they are not.
        (CANARY, ("namespace: default", "namespace: 2022-13-01"),
         "a.yaml:5: this is no YAML: '2022-13-01' is no timestamp that can be read: quote it"),
        (CANARY, ("traffic: 50", "traffic: !!int ''"), "'' is no int that can be read"),
        (CANARY, ("traffic: 50", "traffic: 0x" + "f" * 5000), "ffffff' is no int that can be read"),
        (CANARY, ("traffic: 50", "traffic: !!bool half"), "'half' is no bool that can be read"),
        ("- 1", ("", ""), "a.yaml:1: must be a mapping"),
        ("", ("", ""), "a.yaml:1: the file is empty"),
        ("\x00", ("", ""), "a.yaml:1: this is no YAML: "),
    ],
)  # fmt: skip
def test_errors_name_their_line(tmp_path, text, change, says):
    assert change[0] in text
    found = findings(tmp_path, text.replace(*change, 1))
    assert any(says in line and "notice: " not in line for line in found), found


def test_all_errors_are_reported(tmp_path):
    text = CANARY.replace("traffic:", "trafic:").replace("replicas: 1", 'replicas: "1"')
    assert len(findings(tmp_path, text)) == 4


def test_another_model_name_behind_the_same_address(tmp_path):
    style = AB.index("name: style-ab-serving")
    text = AB[:style] + AB[style:].replace("name: my-model", "name: style-model")
    (found,) = findings(tmp_path, text)
    assert found.startswith(
        f"a.yaml:34: {P1}.predictors[0].graph.name: 'style-model', but another "
    )
    assert "behind color-ab-serving is 'my-model'" in found


def test_two_files_with_one_component_between_them(tmp_path):
    other = CANARY.replace("name: color-serving", "name: color-serving-2")
    found = findings(tmp_path, CANARY, other)
    assert (
        "b.yaml:8: spec.components[0].name: color-model-serving is also a component of " in found[0]
    )
    assert any("there are two Applications" in line for line in findings(tmp_path, CANARY, CANARY))


def test_claim_without_a_version(tmp_path):
    (tmp_path / "volumes" / "default" / "color-model" / "model" / "v1").mkdir(parents=True)
    found = findings(tmp_path, CANARY)
    assert len(found) == 2
    assert found[0].endswith("the claim holds no folder named by an integer there")


@pytest.mark.parametrize(
    ("second", "folders"),
    [("my-own/v1", ()), ("my-own", ("3", "v3/3", "v1/1")), ("color-model/model/v1", ())],
)
def test_two_predictors_with_versions_of_one_number_get_a_notice(second, folders, tmp_path):
    """A picture names its model by the version's number: color/v1 of another claim, too."""
    for folder in folders:
        version = tmp_path / "volumes" / "default" / "my-own" / folder
        version.mkdir(parents=True)
        (version / "saved_model.pb").touch()
    text = CANARY.replace("color-model/model/v2", second)
    if folders:  # the highest version is served: 3
        assert findings(tmp_path, text) == []
        text = text.replace("model/v1", "model/v3")
    (found,) = findings(tmp_path, text)
    assert f"{P0}.predictors[1].graph.modelUri: notice: this is a version " in found
    assert "as model1 serves" in found


def test_cluster_only_properties_get_a_notice(tmp_path):
    text = TRAINING.replace(
        "      framework: tensorflow",
        "      framework: tensorflow\n      gpu: '1'\n      cpu: '2'\n      distribution: {ps: 0, "
        "master: 0, scheduler: 0, server: 0, launcher: 0, worker: 2}",
    ).replace(
        "          replicas: 1",
        "          replicas: 1\n          resources: {gpu: '1'}\n"
        "          autoscaler: {minReplicas: 1, maxReplicas: 3, metrics: "
        "[{type: cpu, targetAverageUtilization: 80}]}",
    )
    found = findings(tmp_path, text)
    assert all(": notice: " in line for line in found)
    for path in (f"{P0}.gpu", f"{P0}.cpu", f"{P0}.distribution", f"{P1}.predictors[0].resources",
                 f"{P1}.predictors[0].autoscaler"):  # fmt: skip
        assert any(f": {path}: " in line for line in found), found


def test_unknown_address_gets_a_notice(tmp_path):
    (found,) = findings(tmp_path, CANARY.replace("default/color-model-serving", "default/other"))
    assert found.endswith("env[0].value: notice: no model-serving other is among these files")


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(Refused, match="No such file or directory"):
        load([tmp_path / "missing.yaml"])
    (tmp_path / "latin.yaml").write_bytes("ä: 1".encode("latin-1"))
    with pytest.raises(Refused, match="no text in UTF-8"):
        load([tmp_path / "latin.yaml"])


@pytest.mark.parametrize(
    "reference",
    ["color-serving", "fogdong/color-serving:v1", "localhost:5000/a/b/color-serving:latest",
     "color-serving@sha256:0123", "registry.example.org/color-serving:v1@sha256:0123"],
)  # fmt: skip
def test_images_are_known_by_their_last_name(reference):
    assert last_name(reference) == "color-serving"


def test_first_predictor_may_have_no_traffic(tmp_path):
    text = CANARY.replace("traffic: 50", "traffic: 0", 1).replace("traffic: 50", "traffic: 100")
    assert findings(tmp_path, text) == []
    one, two, rest = CANARY.split("          traffic: 50\n")
    (found,) = findings(tmp_path, f"{one}          traffic: 100\n{two}{rest}")
    assert "model2 without traffic gets an even share" in found


def test_kubevelas_own_policies_and_steps_get_a_notice(tmp_path):
    text = CANARY.replace(
        "spec:",
        "spec:\n  policies:\n  - {name: a, type: apply-once}\n"
        "  workflow:\n    steps:\n    - {name: b, type: notification}",
    )
    found = findings(tmp_path, text)
    for name in ("apply-once", "notification"):
        assert any(f"notice: {name} is KubeVela's, not run here" in line for line in found), found
    assert all(": notice: " in line for line in found)


STORAGE = """    traits:
    - type: storage
      properties:
        pvc:
        - {name: a, mountPath: /a, subPath: b}
        - {name: c, mountPath: /c, volumeMode: Block}
        configMap: [{name: d, mountToEnv: {envName: D, configMapKey: d}}]
        secret: [{name: e, mountToEnvs: [{envName: E, secretKey: e}]}]
        emptyDir: [{name: f, mountPath: /f}]
        hostPath: [{name: g, mountPath: /g, path: /}]
"""


def test_cluster_only_storage(tmp_path):
    (tmp_path / "a.yaml").write_text(TRAINING + STORAGE)
    _, found = load([tmp_path / "a.yaml"])
    by_path = {each.path.rpartition("properties.")[2]: each for each in found}
    # What would run otherwise here is an error, of this machine only.
    errors = {path for path, each in by_path.items() if not each.notice}
    assert errors == {
        "pvc[0].subPath", "pvc[1].volumeMode", "configMap[0].mountToEnv", "secret[0].mountToEnvs",
    }  # fmt: skip
    assert all(by_path[path].local_only for path in errors)
    assert {"configMap", "secret", "emptyDir", "hostPath"} <= by_path.keys() - errors


def test_a_components_revision_is_known(tmp_path):
    text = CANARY.replace("type: webservice", "type: webservice\n    externalRevision: v1.0.0")
    assert findings(tmp_path, text) == []


def test_image_option_maps_another_image_to_ours(tmp_path):
    (tmp_path / "a.yaml").write_text(CANARY.replace("fogdong/color-serving:v1", "x/mine:v7"))
    applications, found = load([tmp_path / "a.yaml"])
    # Only a start on this machine needs to know it.
    (image,) = (each for each in found if "image" in each.path)
    assert image.local_only
    assert "To run it as one of these: --image mine=NAME" in image.text
    for name in ("mine", "x/mine:v7"):
        applications, found = load([tmp_path / "a.yaml"], {name: "color-serving"})
        assert found == []
        assert applications[0].components[1].image.module == "color_client"


WRONG = (None, True, 1, -1, 1.5, "", "x", [], [1], {}, {"x": 1})


@pytest.mark.parametrize("kind", sorted(
    {each for each in vars(types).values()
     if isinstance(each, type) and issubclass(each, types.Strict)},
    key=lambda each: each.__name__), ids=lambda each: each.__name__)  # fmt: skip
def test_errors_contain_no_pydantic_wording(kind):
    document = Document("a.yaml", {})
    texts = set()
    for name, field in kind.model_fields.items():
        for value in WRONG:
            _, found = parse(document, (), kind, {field.alias or name: value})
            texts |= {each.text for each in found}
    for text in texts:
        assert not re.search("[Ii]nput|valid |instance of|[Vv]alue error|something else", text), (
            text
        )

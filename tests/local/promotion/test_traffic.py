"""The traffic in the text of an Application: nothing else of it changes."""

from pathlib import Path

import pytest
import yaml

from local.applications.claims import Volumes
from local.applications.load import load_texts
from local.applications.validate import validate
from local.promotion import CannotPromote
from local.promotion.traffic import read_traffic, rewrite_traffic
from tests.running import ROOT

DEPLOY = (ROOT / "deploy" / "color-canary-serving.yaml").read_text()
HEAD = """\
apiVersion: core.oam.dev/v1beta1  # as ever
kind: Application
metadata: {name: 'app', namespace: default}
spec:
  components:
"""
MODEL = "implementation: tensorflow, modelUri: 'pvc://models/m{}'"
THREE = f"""\
{HEAD}\
    # the first
    - {{name: other, type: task, properties: {{image: color-model}},
       traits: [{{type: storage, properties: {{pvc: [{{name: c, mountPath: /mnt}}]}}}}]}}
    - name: "models"
      type: model-serving
      properties:
        protocol: tensorflow
        predictors:
          # the old one
          - name: a   # stays
            traffic: 60 # percent
            graph: {{name: m, {MODEL.format(1)}}}

          # the next
          - traffic:   30
            name: b
            graph:
              # its model
              name: m

              implementation: tensorflow
              modelUri: "pvc://models/m2"
          # the last
          - name: 'c'
            graph: {{name: m, {MODEL.format(3)}}}
            traffic: 10
    # the end
"""
IN_BRACES = f"""\
{THREE.partition("        predictors:")[0]}\
        predictors: [{{name: a, graph: {{name: m, {MODEL.format(1)}}}}},
          {{name: b, traffic: 100, graph: {{name: m, {MODEL.format(2)}}}}}]
"""


def sound(text: str) -> None:
    applications, found = load_texts([("a.yaml", text)])
    found += validate(applications, Volumes(Path("nowhere")))
    assert [str(each) for each in found if not (each.notice or each.local_only)] == []


def changed_lines(before: str, after: str) -> list[tuple[str, str]]:
    pairs = zip(before.splitlines(), after.splitlines(), strict=True)
    return [pair for pair in pairs if pair[0] != pair[1]]


def test_read_traffic_as_the_gateway_does():
    assert read_traffic(DEPLOY, "color-serving", "color-model-serving") == {
        "model1": 50,
        "model2": 50,
    }
    assert read_traffic(THREE, "app", "models") == {"a": 60, "b": 30, "c": 10}
    ab = (ROOT / "deploy" / "color-style-ab-serving.yaml").read_text()
    assert read_traffic(ab, "color-style-ab-serving", "color-ab-serving") == {"model1": 100}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_only_the_numbers_change(end):
    text = THREE.replace("\n", end)
    sound(text)
    after = rewrite_traffic(text, "app", "models", {"a": 6, "b": 3, "c": 91})
    assert changed_lines(text, after) == [
        ("            traffic: 60 # percent", "            traffic: 6 # percent"),
        ("          - traffic:   30", "          - traffic:   3"),
        ("            traffic: 10", "            traffic: 91"),
    ]
    assert after.count("\r\n") == text.count("\r\n")
    assert rewrite_traffic(after, "app", "models", {"a": 60, "b": 30, "c": 10}) == text
    sound(after)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_without_traffic_the_first_has_0_and_others_are_comments(end):
    text = THREE.replace("\n", end)
    after = rewrite_traffic(text, "app", "models", {"a": 0, "b": 0, "c": 100})
    assert changed_lines(text, after) == [
        ("            traffic: 60 # percent", "            traffic: 0 # percent"),
        ("          - traffic:   30", "          # - traffic:   30"),
        ("            name: b", "          #   name: b"),
        ("            graph:", "          #   graph:"),
        ("              # its model", "          #     # its model"),
        ("              name: m", "          #     name: m"),
        ("              implementation: tensorflow", "          #     implementation: tensorflow"),
        (
            '              modelUri: "pvc://models/m2"',
            '          #     modelUri: "pvc://models/m2"',
        ),
        ("            traffic: 10", "            traffic: 100"),
    ]
    sound(after)
    sound(rewrite_traffic(text, "app", "models", {"a": 100, "b": 0, "c": 0}))
    assert read_traffic(after, "app", "models") == {"a": 0, "c": 100}


def test_first_predictor_without_traffic_gets_a_line():
    text = THREE.replace("            traffic: 60 # percent\n", "").replace("  30", "  90")
    assert read_traffic(text, "app", "models") == {"a": 0, "b": 90, "c": 10}
    after = rewrite_traffic(text, "app", "models", {"a": 50, "b": 40, "c": 10})
    assert "# stays\n            traffic: 50\n            graph: {name: m" in after
    sound(after)
    after = rewrite_traffic(IN_BRACES, "app", "models", {"a": 75, "b": 25})
    assert "[{name: a, traffic: 75, graph: {" in after
    assert "{name: b, traffic: 25, graph: {" in after
    sound(after)


def test_aliases_are_refused():
    text = THREE.replace("traffic: 60", "traffic: &much 60").replace(": 10\n", ": *much\n")
    with pytest.raises(CannotPromote, match="change it by hand"):
        rewrite_traffic(text, "app", "models", {"a": 50, "b": 40, "c": 10})


def test_flow_style_entry_is_not_commented_out():
    with pytest.raises(CannotPromote, match="b would have no traffic, which only the first"):
        rewrite_traffic(IN_BRACES, "app", "models", {"a": 100, "b": 0})


@pytest.mark.parametrize(
    ("application", "component", "says"),
    [
        ("app", "model", "model is no component of app; did you mean models?"),
        ("app", "other", "other is no model-serving of app; Known here: models"),
        ("apps", "models", "there is no Application apps; did you mean app?"),
    ],
)
def test_unknown_names_are_refused(application, component, says):
    with pytest.raises(CannotPromote) as refused:
        read_traffic(THREE, application, component)
    assert says in str(refused.value)


def test_several_documents_and_a_missing_end_of_line():
    second = DEPLOY.replace("name: color-serving", "name: again")
    text = f"{DEPLOY}---\n{second}".rstrip("\n")
    shares = {"model1": 9, "model2": 91}
    after = rewrite_traffic(text, "again", "color-model-serving", shares)
    assert after.partition("---\n")[0] == DEPLOY
    assert not after.endswith("\n")
    assert read_traffic(after, "again", "color-model-serving") == shares
    assert list(yaml.safe_load_all(after))[0] == yaml.safe_load(DEPLOY)

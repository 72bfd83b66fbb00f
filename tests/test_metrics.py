"""The metrics that the docs and the alert rules name are the ones that /metrics exposes."""

import re
from pathlib import Path

import pytest
import requests
import yaml
from prometheus_client.parser import text_string_to_metric_families

from photo_client.admission import photo_admission
from photo_client.metrics import PhotoMetrics
from tests.color_client.pictures import file_of, scene
from tests.style_client.conftest import predictor, start_client  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"

# What is left of an expression without its metrics, labels, numbers and texts.
WORDS = {"absent", "by", "group_left", "histogram_quantile", "increase", "max", "min", "on", "or",
         "rate", "sum"}  # fmt: skip


@pytest.fixture
def exposed(start_client, tmp_path):  # noqa: F811
    """name: its labels, of every sample that /metrics has after a photo of each kind, a vote of
    each kind and a mistake.
    """
    client = start_client(feedback_db=f"sqlite:///{tmp_path / 'votes.db'}")

    def receipts() -> list[str]:
        both = client.paint(photo, photo), client.color(photo)
        return [reply.headers["X-Receipt"] for reply in both]

    photo = file_of(scene(60, 40))
    for vote in (
        {"receipts": receipts(), "choice": "first"},
        {"receipts": receipts(), "choice": "both"},
        {"receipt": receipts()[0], "rating": 1},
        {"receipt": receipts()[0], "downloaded": True},
    ):
        reply = requests.post(client.address + "/feedback", json=vote, timeout=60)
        assert reply.status_code == 200, reply.text
    assert client.color(b"hello").status_code == 415
    labels: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    return labels


def test_the_table_in_the_docs_is_what_metrics_exposes(exposed):
    text = (ROOT / "docs" / "metrics.md").read_text()
    table = re.search(r"<!-- metrics -->\n(.*?)<!-- /metrics -->", text, re.S)[1]
    assert table == PhotoMetrics(photo_admission(1, 1)).markdown_table()
    told = {}
    for name, kind, labels in re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \|", table, re.M):
        told[name + ("_count" if kind == "histogram" else "")] = set(re.findall(r"`(\w+)`", labels))
    # A histogram is three series, and prometheus_client tells when each began.
    real = {name: labels for name, labels in exposed.items()
            if not name.endswith(("_bucket", "_sum", "_created"))}  # fmt: skip
    assert told == real


def rules() -> list[dict]:
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    assert set(group) == {"name", "rules"}
    return group["rules"]


def test_the_codes_and_paths_that_the_rules_name_exist():
    rooms = ("web", "predict_url", "feedback", "photo_client", "pictures", "color_client")
    source = "".join(path.read_text() for room in rooms for path in (ROOT / room).glob("*.py"))
    for rule in rules():
        for label, match, value in re.findall(r'(\w+)(=~?)"([^"]+)"', rule["expr"]):
            if label == "code":
                found = re.findall(r'(?:Problem|Refused|_overloaded)\([^"]*"([a-z-]+)"', source)
                for code in value.split("|"):
                    assert [each for each in found if re.fullmatch(code, each)], code
            elif label == "path":
                assert match == "=" and f'@routes.post("{value}")' in source
            else:
                assert label == "status" and re.fullmatch(r"5\d\d(\|5\d\d)*", value)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_alert_rule(rule, exposed):
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"Colorway[A-Z]\w+", rule["alert"])
    assert re.fullmatch(r"\d+[smh]", rule.get("for", "0s"))
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert set(rule["annotations"]) == {"summary", "description"}

    expression = rule["expr"]
    for opening, closing in ("()", "{}", "[]"):
        assert expression.count(opening) == expression.count(closing)
    selectors = re.findall(r"(colorway_\w+)(?:\{(.*?)\})?(\[\d+[smh]\])?", expression)
    assert selectors
    kinds = dict.fromkeys(exposed)
    for name, matchers, window in selectors:
        assert name in kinds, f"{name} is not exposed"
        assert set(re.findall(r"(\w+)=", matchers)) <= exposed[name]
        # A counter is read over a time, a gauge as it is.
        assert bool(window) == name.endswith(("_total", "_bucket"))
    every = set().union(*(exposed[name] for name, _, _ in selectors))
    for group in re.findall(r"\b(?:by|on) \(([^)]*)\)", expression):
        assert {label.strip() for label in group.split(",")} <= every
    for label in re.findall(r"\$labels\.(\w+)", str(rule["annotations"])):
        assert label in every
    rest = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^]]*\]|colorway_\w+|\((?:\w+, )*\w+\)', " ", expression)
    assert set(re.findall(r"[A-Za-z_]\w*", rest)) <= WORDS

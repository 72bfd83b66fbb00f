"""The metrics that docs, rules and the dashboard name are those that the programs expose."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import requests
import yaml
from prometheus_client.parser import text_string_to_metric_families

from photo_client.admission import photo_admission
from photo_client.metrics import PhotoMetrics
from tests.color_client.pictures import file_of, scene
from tests.color_client.predictors import packed_prediction
from tests.local.running.test_change import CANARY, Running
from tests.style_client.conftest import predictor, start_client  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"
DASHBOARD = ROOT / "deploy" / "grafana" / "colorway.json"

# What is left of an expression without its metrics, labels, numbers and texts.
WORDS = {"absent", "and", "by", "group_left", "histogram_quantile", "increase", "label_replace",
         "max", "min", "on", "or", "rate", "sqrt", "sum"}  # fmt: skip
# Of the gateway, Envoy.
ENVOY = {
    "envoy_cluster_upstream_rq_xx": {"envoy_cluster_name", "envoy_response_code_class"},
    "envoy_cluster_upstream_rq_completed": {"envoy_cluster_name"},
}


@pytest.fixture
def exposed(start_client, predictor, tmp_path):  # noqa: F811
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
    predictor.behavior = lambda handler, request: handler.say(
        200, {"predictions": [{**packed_prediction(request["instances"][0]), "model": "color/v2"}]}
    )
    assert client.color(photo).headers["X-Model"] == "color/v2"
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
    documented = {}
    for name, kind, labels in re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \|", table, re.M):
        documented[name + ("_count" if kind == "histogram" else "")] = set(
            re.findall(r"`(\w+)`", labels)
        )
    # A histogram is three series, and prometheus_client tells when each began.
    real = {name: labels for name, labels in exposed.items()
            if not name.endswith(("_bucket", "_sum", "_created"))}  # fmt: skip
    assert documented == real


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
            elif label == "envoy_response_code_class":
                assert value == "5"
            else:
                assert label == "status" and re.fullmatch(r"5\d\d(\|5\d\d)*", value)


ALERTS = [rule for rule in rules() if "alert" in rule]
RECORDS = {rule["record"]: rule["expr"] for rule in rules() if "record" in rule}
# Of a metric, not of a label's name in quotes.
_SELECTOR = re.compile(r'(?<!")\b((?:colorway|envoy)[_:][\w:]+)(?:\{(.*?)\})?(\[[\w$]+\])?')
_GROUP = re.compile(r"\b(?:by|on) \(([^)]*)\)")


def grouped(expression: str) -> set[str]:
    """The labels that an expression groups by or joins on."""
    return {label.strip() for group in _GROUP.findall(expression) for label in group.split(",")}


def replaced(expression: str) -> set[str]:
    """The labels that it makes of others."""
    return set(re.findall(r'"(\w+)", "\$1"', expression))


def check(expression: str, exposed: dict[str, set[str]]) -> set[str]:
    """Whether a query can find anything, as far as names tell; its labels come back."""
    known = {
        **exposed,
        **ENVOY,
        **{name: grouped(each) | replaced(each) for name, each in RECORDS.items()},
    }
    for opening, closing in ("()", "{}", "[]"):
        assert expression.count(opening) == expression.count(closing)
    selectors = _SELECTOR.findall(_GROUP.sub("", expression))
    assert selectors
    for name, matchers, window in selectors:
        assert name in known, f"{name} is not exposed"
        assert set(re.findall(r"(\w+)=", matchers)) <= known[name]
        # A counter is read over a time, a gauge as it is.
        counters = ("_total", "_bucket", "_sum", "_count", "_xx", "_completed")
        assert bool(window) == name.endswith(counters)
    every = set().union(*(known[name] for name, _, _ in selectors)) | replaced(expression)
    assert grouped(expression) <= every
    rest = re.sub(
        r'"[^"]*"|\{[^}]*\}|\[[^]]*\]|(?:colorway|envoy)[_:][\w:]+|\((?:\w+, )*\w+\)',
        " ",
        expression,
    )
    assert set(re.findall(r"[A-Za-z_]\w*", rest)) <= WORDS
    return every


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_alert_rule(rule, exposed):
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"Colorway[A-Z]\w+", rule["alert"])
    assert re.fullmatch(r"\d+[smh]", rule.get("for", "0s"))
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert set(rule["annotations"]) == {"summary", "description"}
    every = check(rule["expr"], exposed)
    for label in re.findall(r"\$labels\.(\w+)", str(rule["annotations"])):
        assert label in every


def test_every_alert_is_in_the_docs():
    page = (ROOT / "docs" / "metrics.md").read_text()
    assert re.findall(r"^\| `(Colorway\w+)` \|", page, re.M) == [rule["alert"] for rule in ALERTS]


def panels() -> list[dict]:
    return [each for each in json.loads(DASHBOARD.read_text())["panels"] if each["type"] != "row"]


def queries() -> list[str]:
    """Those of the dashboard."""
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def test_records_and_the_dashboard(exposed):
    for expression in (*RECORDS.values(), *queries()):
        check(expression, exposed)


def test_the_dashboard_is_whole():
    dashboard = json.loads(DASHBOARD.read_text())
    ids = [each["id"] for each in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    (variable,) = dashboard["templating"]["list"]
    source = {"type": "prometheus", "uid": f"${{{variable['name']}}}"}
    taken = set()
    for panel in panels():
        for one in (panel, *panel["targets"]):
            assert one["datasource"] == source
        for label in re.findall(
            r"{{(\w+)}}", str([each["legendFormat"] for each in panel["targets"]])
        ):
            assert label in str([each["expr"] for each in panel["targets"]])
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        taken.add((place["x"], place["y"]))
    assert len(taken) == len(panels())


def test_gateway_exposes_the_named_metrics(tmp_path):
    with Running(tmp_path, CANARY) as up:
        assert up.ask().status_code == 200
        exposed_text = requests.get(
            f"http://127.0.0.1:{up.admin_port}/stats/prometheus", timeout=60
        ).text
    labels: dict[str, set[str]] = {}
    names = set()
    for name, named in re.findall(r"^(\w+)\{(.*)\} ", exposed_text, re.M):
        labels.setdefault(name, set()).update(re.findall(r'(\w+)="', named))
        names |= set(re.findall(r'envoy_cluster_name="([^"]+)"', named))
    assert {name: labels[name] for name in ENVOY} == ENVOY
    # What the component is told by.
    assert any(re.fullmatch("default/color-model-serving/model1#[0-9a-f]+", each) for each in names)


promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool")


@promtool
def test_prometheus_takes_the_rules_and_the_queries(tmp_path):
    ranges = {"$__rate_interval": "5m", "$__range": "6h"}
    rules = []
    for number, query in enumerate(queries()):
        for name, value in ranges.items():
            query = query.replace(name, value)
        rules.append({"record": f"query:{number}", "expr": query})
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = subprocess.run(
        ["promtool", "check", "rules", str(RULES), str(file)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@promtool
def test_the_alerts_of_a_canary_fire_when_they_should():
    done = subprocess.run(
        ["promtool", "test", "rules", str(Path(__file__).with_name("alerts.yaml"))],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr

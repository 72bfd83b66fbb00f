"""Prometheus' view of the server."""

import re

PATH = "/monitoring/prometheus/metrics"


def samples(server) -> dict[str, float]:
    reply = server.request("GET", PATH)
    assert reply.status == 200
    assert reply.headers.get_content_type() == "text/plain"
    lines = [line for line in reply.body.decode().splitlines() if not line.startswith("#")]
    for line in lines:
        assert re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^}]*\})? [-+0-9.eE]+", line), line
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_requests_are_counted_by_model_version_signature_and_status(server):
    before = samples(server)
    for _ in range(3):
        assert server.predict({"instances": [1.0]}).status == 200
    assert server.predict({"instances": ["x"]}).status == 400
    assert server.predict({"instances": [1]}, "/v1/models/foo:predict").status == 404
    after = samples(server)

    def grown(name: str) -> float:
        return after[name] - before.get(name, 0.0)

    known = 'model="hpt",signature="serving_default",status="{}",version="123"'
    assert grown(f"serving_requests_total{{{known.format(200)}}}") == 3
    assert grown(f"serving_requests_total{{{known.format(400)}}}") == 1
    # What callers make up does not become a label.
    unknown = 'model="",signature="",status="404",version=""'
    assert grown(f"serving_requests_total{{{unknown}}}") == 1
    assert grown(f"serving_request_seconds_count{{{known.format(200)}}}") == 3
    assert grown(':tensorflow:serving:request_count{model_name="hpt",status="OK"}') == 3
    assert (
        grown(':tensorflow:serving:request_count{model_name="hpt",status="INVALID_ARGUMENT"}') == 1
    )
    latency = '{API="predict",entrypoint="REST",model_name="hpt"}'
    assert grown(f":tensorflow:serving:request_latency_count{latency}") == 4


def test_states_of_versions(server):
    state = 'serving_version_state{{model="hpt",state="{}",version="123"}}'
    now = samples(server)
    assert now[state.format("AVAILABLE")] == 1
    assert now[state.format("END")] == 0
    assert now["serving_requests_in_progress"] == 0


def test_types_of_metrics(server):
    text = server.request("GET", PATH).body.decode()
    assert "# TYPE serving_requests_total counter" in text
    assert "# TYPE :tensorflow:serving:request_count counter" in text
    assert "# TYPE :tensorflow:serving:request_latency histogram" in text
    assert "_created" not in text

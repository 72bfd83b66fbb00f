"""TensorFlow Serving's protocol, case by case, against a real server."""

import gzip
import json
import math

import pytest

from tests.serving.protocol_model import read_cases

HTTP_CASES = read_cases("http")


def named(cases: list[dict]) -> dict:
    return {"argvalues": cases, "ids": [case["id"] for case in cases]}


def plain(value):
    """Parsed JSON with NaN and infinities as the strings that the cases write for them."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


@pytest.mark.parametrize("case", **named(HTTP_CASES))
def test_http_case(server, case):
    body = case["body"].encode()
    if case["body"].startswith("gzip("):
        body = gzip.compress(case["body"][len("gzip(") : -1].encode())
    headers = {name.replace("-", "_"): value for name, value in case.get("headers", {}).items()}
    reply = server.request(case["method"], case["path"], body, **headers)
    assert reply.status == case["code"]
    if "json" in case:
        assert reply.json == case["json"]
    if "error" in case:
        assert reply.error == case["error"]
    if "contains" in case:
        assert case["contains"] in reply.body.decode()
    if case.get("body_empty") or case["method"] == "HEAD":
        assert reply.body == b""
    if "text" in case:
        assert reply.body.decode() == case["text"]
    assert reply.headers.get_content_type() == case.get("ctype", "application/json")


@pytest.mark.parametrize(
    "case",
    **named([case for case in read_cases("accept") if '"signature_name": ""' not in case["body"]]),
)
def test_accepted_request_reaches_the_model(server, case):
    document = case["body"]
    if '"signature_name"' not in document:
        document = document.replace("{", f'{{"signature_name": "{case["sig"]}", ', 1)
    reply = server.predict(document)
    assert reply.status == 200, reply.body
    if case["fmt"] == "col":
        (outputs,) = [reply.json["outputs"]]
        outputs = dict.fromkeys(case["tensors"], outputs)
    else:
        rows = reply.json["predictions"]
        names = list(case["tensors"])
        outputs = {name: [row[name] for row in rows] if len(names) > 1 else rows for name in names}
    for name, (dtype, shape, values) in case["tensors"].items():
        assert shape_of(outputs[name]) == shape
        want = [f"{v}" if isinstance(v, str) else v for v in values]
        have = plain(flat(outputs[name]))
        if dtype == "float":
            have = [v if isinstance(v, str) else pytest.approx(v, rel=1e-6) for v in have]
        assert have == want


def test_an_empty_signature_name_is_the_default_one(server):
    reply = server.predict({"signature_name": "", "instances": [1.0]})
    assert reply.json == {"predictions": [2.5]}


def shape_of(value) -> list[int]:
    return [len(value), *(shape_of(value[0]) if value else [])] if isinstance(value, list) else []


def flat(value) -> list:
    return [leaf for item in value for leaf in flat(item)] if isinstance(value, list) else [value]


@pytest.mark.parametrize("case", **named(read_cases("reject")))
def test_rejected_request_says_why(server, case):
    document = case["body"]
    # Where the case needs a signature of its own, it is named behind the case's own keys.
    if document.startswith("{") and document.endswith("}") and case["sig"] != "F":
        document = document[:-1] + f', "signature_name": "{case["sig"]}"}}'
    elif case["sig"] == "F":
        document = document.replace("}", ', "signature_name": "F"}')
    reply = server.predict(document)
    assert reply.status == case["code"]
    assert reply.error == case.get("exact", reply.error)
    assert case.get("contains", "") in reply.error


@pytest.mark.parametrize("case", **named(read_cases("encode")))
@pytest.mark.parametrize("form", ["row", "col"])
def test_outputs_are_written(server, case, form):
    key, value = ("instances", [1]) if form == "row" else ("inputs", 1)
    reply = server.predict({"signature_name": case["id"], key: value})
    error = case.get(f"{form}_error") or case.get(f"{form}_error_contains")
    if "col" not in case:
        error = case["row_error"]
    if error:
        assert reply.status == 400
        assert error in reply.error
    else:
        assert reply.status == 200
        # Numbers to the digit; white space is free.
        have, want = (json.loads(text, parse_float=str) for text in (reply.body, case[form]))
        assert plain(have) == plain(want)

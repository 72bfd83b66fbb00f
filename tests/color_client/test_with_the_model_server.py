"""The color client in front of our own model server: TensorFlow, HTTP and all."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import requests

from .pictures import file_of, lab_of, luminance_error, opened, scene
from .predictors import rule

ROOT = Path(__file__).resolve().parent.parent.parent

pytestmark = pytest.mark.skipif(
    not (ROOT / "serving" / "__main__.py").exists(), reason="the model server is not built yet"
)


@pytest.fixture(scope="module", params=["packed", "serving_default"])
def model_server(request, tmp_path_factory):
    """A model server with the tiny color model: (its predict URL, the signature it has)."""
    pytest.importorskip("tensorflow")
    from tests.color_model import write_color_model

    folder = tmp_path_factory.mktemp("model")
    write_color_model(folder, 7, packed=request.param == "packed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = {"rest_api_port": port, "model_name": "my-model", "model_base_path": folder}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "serving", *(f"--{k}={v}" for k, v in options.items())],
            cwd=ROOT, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}, stdout=log, stderr=log,
        )  # fmt: skip
    yield f"http://127.0.0.1:{port}/v1/models/my-model:predict", request.param
    server.terminate()
    server.wait(60)


@pytest.fixture
def client(start_client, model_server):
    client = start_client(url=model_server[0])
    for _ in range(300):
        ready = client.get("/readyz")
        if ready.status_code == 200:
            return client
        assert ready.status_code == 503 and ready.json()["code"] == "not-ready"
        time.sleep(0.1)
    raise AssertionError(ready.text)


def test_a_photo_gets_the_color_that_the_model_chose(client, model_server):
    photo = scene(400, 300, 30, "L").point(lambda level: 90 + level // 4)
    reply = client.predict(file_of(photo))
    assert reply.status_code == 200, reply.text
    assert reply.headers.get("X-Model") == ("color/v7" if model_server[1] == "packed" else None)
    after = opened(reply.content)
    assert luminance_error(photo, after) <= 1
    lab = lab_of(np.asarray(after))
    assert np.abs(lab[..., 1:] - rule(lab[..., 0])).mean() < 2


def test_another_model_name_is_not_ready(start_client, model_server, client):
    lost = start_client(url=model_server[0].replace("my-model", "no-model"))
    reply = lost.predict(file_of(scene(20, 20)))
    assert reply.status_code == 503 and "Servable not found" in reply.json()["detail"]
    assert lost.get("/readyz").status_code == 503


def test_odd_sizes(client):
    for size in ((1, 1), (3, 700), (513, 257)):
        photo = scene(*size, 31)
        reply = client.predict(file_of(photo))
        assert reply.status_code == 200, reply.text
        assert luminance_error(photo, opened(reply.content)) <= 1
    assert requests.get(client.address + "/metrics", timeout=60).status_code == 200

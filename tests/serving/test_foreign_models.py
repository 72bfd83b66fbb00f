"""Models that other people's tools wrote, served with no change."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.serving.server_process import ROOT, Reply, ServerProcess

MODELS = ("keras", "hub", "session", "ranks", "counter")


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[ServerProcess]:
    """A server of all the models."""
    folder = tmp_path_factory.mktemp("foreign")
    script = Path(__file__).with_name("foreign_models.py")
    environment = dict(os.environ, TF_USE_LEGACY_KERAS="0")
    subprocess.run(
        [sys.executable, str(script), str(folder)],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
    )
    file = folder / "models.config"
    configs = (f"config {{ name: '{name}' base_path: '{folder / name}' }}" for name in MODELS)
    file.write_text(f"model_config_list {{ {' '.join(configs)} }}")
    process = ServerProcess(folder, folder / "log", f"--model_config_file={file}")
    yield process.wait_until_open()
    process.stop()


def predict(server: ServerProcess, model: str, document: object) -> Reply:
    path = f"/v1/models/{model}"
    server.wait_for(lambda: b"AVAILABLE" in server.request("GET", path).body, 60)
    return server.predict(document, f"{path}:predict")


def test_a_keras_export_with_two_inputs(server):
    row = {"image": np.zeros((8, 8, 3)).tolist(), "extra": [0.0, 1.0, 2.0, 3.0]}
    reply = predict(server, "keras", {"instances": [row, row, row]})
    assert reply.status == 200
    predictions = np.array(reply.json["predictions"])
    assert predictions.shape == (3, 5)
    assert np.allclose(predictions.sum(axis=1), 1, atol=1e-5)

    reply = predict(
        server,
        "keras",
        {"inputs": {"image": np.ones((2, 8, 8, 3)).tolist(), "extra": np.ones((2, 4)).tolist()}},
    )
    assert np.array(reply.json["outputs"]).shape == (2, 5)

    reply = predict(server, "keras", {"instances": [{"image": [[[0.0] * 3]], "extra": [0] * 4}]})
    assert reply.status == 400
    assert "\n" not in reply.error and "Conv2D" in reply.error or "size" in reply.error


def test_metadata_of_a_keras_export(server):
    metadata = server.request("GET", "/v1/models/keras/metadata").json["metadata"]
    signature = metadata["signature_def"]["signature_def"]["serving_default"]
    image = signature["inputs"]["image"]
    assert image["dtype"] == "DT_FLOAT"
    assert [dim["size"] for dim in image["tensor_shape"]["dim"]] == ["-1", "8", "8", "3"]
    assert image["name"]
    assert signature["method_name"] == "tensorflow/serving/predict"


def test_a_hub_module(server):
    content, style = np.zeros((2, 3, 3)), np.ones((1, 5, 3))
    document = {
        "instances": [{"placeholder": content.tolist(), "placeholder_1": style.tolist()}] * 2
    }
    reply = predict(server, "hub", document)
    assert reply.status == 200
    assert np.array(reply.json["predictions"]).shape == (2, 2, 3, 3)
    assert np.all(np.array(reply.json["predictions"]) == 0.25)


def test_a_model_of_tensorflow_1_with_a_table(server):
    words = ["green", "blue", "no color"]
    reply = predict(server, "session", {"instances": words})
    assert reply.json == {
        "predictions": [
            {"ids": 1, "scores": 2.0},
            {"ids": 2, "scores": 4.0},
            {"ids": -1, "scores": 0.0},
        ]
    }
    reply = predict(server, "session", {"inputs": {"words": words}})
    assert reply.json == {"outputs": {"ids": [1, 2, -1], "scores": [2.0, 4.0, 0.0]}}


def test_a_model_of_tensorflow_1_with_inputs_of_two_ranks(server):
    assert predict(server, "ranks", {"instances": [[1.0], [2.0]]}).json == {
        "predictions": [[3.5], [4.0]]
    }
    # Only the graph knows what it takes: not the signature's shape.
    assert predict(server, "ranks", {"instances": [1.0, 2.0, 5.0]}).json == {
        "predictions": [3.5, 4.0, 5.5]
    }
    reply = predict(server, "ranks", {"signature_name": "scalar", "inputs": 4.0})
    assert reply.json == {"outputs": 5.0}
    reply = predict(server, "ranks", {"signature_name": "scalar", "instances": [4.0]})
    assert reply.json == {"predictions": [5.0]}


def test_a_counter_of_tensorflow_1(server):
    for want in (1.0, 2.0):
        reply = predict(server, "counter", {"signature_name": "incr_counter", "inputs": 0.0})
        assert reply.json == {"outputs": want}
    reply = predict(server, "counter", {"signature_name": "incr_counter_by", "inputs": 3.0})
    assert reply.json == {"outputs": 5.0}
    metadata = server.request("GET", "/v1/models/counter/metadata").json["metadata"]
    signature = metadata["signature_def"]["signature_def"]["incr_counter_by"]
    assert signature["outputs"]["output"]["dtype"] == "DT_FLOAT_REF"
    reply = predict(server, "counter", {"signature_name": "get_counter", "inputs": {}})
    assert (reply.status, reply.error) == (
        400,
        "Failed to get input map for signature: get_counter",
    )

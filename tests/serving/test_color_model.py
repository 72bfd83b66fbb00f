"""A model of this project behind the server: float JSON, pictures in base64, request ids."""

import base64
from collections.abc import Iterator

import numpy as np
import pytest

from tests.serving.server_process import ServerProcess


@pytest.fixture(scope="module")
def color_server(color_model, tmp_path_factory) -> Iterator[ServerProcess]:
    log = tmp_path_factory.mktemp("color-server") / "log"
    process = ServerProcess(color_model, log, model_name="my-model").wait_until_open()
    yield process
    process.stop()


def test_the_articles_own_request(color_server):
    lightness = np.linspace(0, 100, 400 * 400, dtype=np.float32).reshape(400, 400, 1)
    reply = color_server.predict({"instances": [{"input_1": lightness.tolist()}]})
    assert reply.status == 200
    ab = np.array(reply.json["predictions"], np.float32)
    assert ab.shape == (1, 400, 400, 2)
    want = np.concatenate([(lightness - 50) / 2, 40 - lightness / 2], -1) / np.float32(128)
    assert np.abs(ab[0] - want).max() < 1e-6


def gray_png(value: int, size: tuple[int, int]) -> bytes:
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.new("L", size, value).save(file, "PNG")
    return file.getvalue()


def test_pictures_travel_in_base64_both_ways(color_server):
    pictures = [gray_png(255, (8, 6)), gray_png(51, (5, 5))]
    document = {
        "signature_name": "packed",
        "instances": [{"l_bytes": {"b64": base64.b64encode(p).decode()}} for p in pictures],
    }
    reply = color_server.predict(document)
    assert reply.status == 200
    rows = reply.json["predictions"]
    assert [row["model"] for row in rows] == ["color/v1", "color/v1"]
    for row in rows:
        assert base64.b64decode(row["ab_bytes"]["b64"]).startswith(b"\x89PNG")


def test_invalid_picture_is_a_client_error(color_server):
    b64 = base64.b64encode(b"no picture").decode()
    reply = color_server.predict(
        {"signature_name": "packed", "instances": [{"l_bytes": {"b64": b64}}]}
    )
    assert reply.status == 400
    for noise in ("Graph execution", "Traceback", "File ", "stack traces", "{{node"):
        assert noise not in reply.error
    assert "PNG" in reply.error


def test_a_request_id_is_logged_and_sent_back(color_server):
    path = "/v1/models/my-model"
    reply = color_server.request("GET", path, X_Request_ID="photo-7.a_b")
    assert reply.headers["X-Request-ID"] == "photo-7.a_b"
    color_server.wait_for(lambda: "id=photo-7.a_b" in color_server.log)
    reply = color_server.request("GET", path, X_Request_ID="no spaces, please")
    assert reply.headers["X-Request-ID"] is None
    assert "no spaces" not in color_server.log


def test_the_log_has_one_line_for_each_request(color_server):
    before = color_server.log.count("POST ")
    for _ in range(3):
        color_server.predict({"instances": [[[[50.0]]]]})
    color_server.wait_for(lambda: color_server.log.count("POST ") == before + 3)
    line = [line for line in color_server.log.splitlines() if "POST " in line][-1]
    assert "/v1/models/my-model:predict 200" in line
    assert "version=1 signature=serving_default" in line

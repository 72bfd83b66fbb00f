"""Every error of a request for style, provoked for real: problems that say what to do."""

import json
import socket

import numpy as np
import pytest
from PIL import Image

from tests.color_client.pictures import file_of, scene
from tests.color_client.predictors import answers, base64_png, slow
from tests.color_client.test_errors import problem

from .predictors import plain_style

PHOTO = file_of(scene(60, 40))
STYLE = file_of(scene(50, 50, 2))
TRANSFER = {"style": "transfer"}


# The pictures


def test_no_style_picture(client):
    reply = client.predict(files={"content_image": PHOTO}, headers=TRANSFER)
    assert "style_image" in problem(reply, 400, "picture-missing")["detail"]
    body = {"data": PHOTO, "headers": {**TRANSFER, "Content-Type": "image/png"}}
    assert "style_image" in problem(client.predict(**body), 400, "picture-missing")["detail"]


def test_no_photo(client):
    reply = client.predict(files={"style_image": STYLE}, headers=TRANSFER)
    assert "content_image" in problem(reply, 400, "picture-missing")["detail"]


def test_missing_at_sign_is_named(client):
    files = {"content_image": PHOTO, "style_image": (None, "wave.jpg")}
    detail = problem(client.predict(files=files, headers=TRANSFER), 400, "picture-missing")
    assert "style_image=@" in detail["detail"]


@pytest.mark.parametrize(
    ("style", "status", "code"),
    [
        (b"", 400, "picture-missing"),
        (STYLE[: len(STYLE) // 2], 400, "picture-broken"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), 400, "picture-broken"),
        (b"hello", 415, "not-a-picture"),
        (file_of(Image.new("L", (400, 300))), 413, "too-many-pixels"),
    ],
)
def test_a_bad_style_picture_is_the_one_named(start_client, style, status, code):
    client = start_client(max_pixels=100_000)
    detail = problem(client.paint(PHOTO, style), status, code)
    assert detail["detail"].startswith("style_image: ")
    detail = problem(client.paint(style, PHOTO), status, code)
    assert "style_image" not in detail["detail"]


def test_a_style_picture_of_too_many_bytes(start_client):
    client = start_client(max_upload_mb=0.1)
    problem(client.paint(PHOTO, b"\xff" * 100_001), 413, "too-many-bytes")
    problem(client.paint(PHOTO, b"\xff" * 3_000_000), 413, "too-many-bytes")


def test_two_style_pictures(client):
    files = [("content_image", PHOTO), ("style_image", STYLE), ("style_image", STYLE)]
    problem(client.predict(files=files, headers=TRANSFER), 400, "picture-doubled")


def test_a_style_picture_without_the_header_is_ignored_whatever_it_is(start_client):
    client = start_client(max_pixels=100_000)
    for style in (b"", b"hello", STYLE[:200], file_of(Image.new("L", (400, 300)))):
        reply = client.predict(files={"content_image": PHOTO, "style_image": style})
        assert (reply.status_code, reply.headers["X-Model"]) == (200, "color/rule")


# Options


@pytest.mark.parametrize("headers", [TRANSFER, None])
@pytest.mark.parametrize("where", ["params", "data"])
def test_an_unknown_option(client, where, headers):
    files = {"content_image": PHOTO, "style_image": STYLE}
    reply = client.predict(files=files, headers=headers, **{where: {"strenght": "1"}})
    detail = problem(reply, 400, "unknown-option")
    for name in ("'strenght'", "strength", "preserve_color", "max_side", "vividness"):
        assert name in detail["detail"]


@pytest.mark.parametrize(
    ("option", "value", "range_"),
    [
        ("strength", "1.01", "0 to 1"),
        ("strength", "-0.1", "0 to 1"),
        ("strength", "nan", "0 to 1"),
        ("strength", "much", "0 to 1"),
        ("preserve_color", "maybe", "true"),
        ("max_side", "63", "64 to 2048"),
        ("max_side", "2049", "64 to 2048"),
        ("max_side", "1e3", "64 to 2048"),
        ("vividness", "2.1", "0 to 2"),
    ],
)
@pytest.mark.parametrize("headers", [TRANSFER, None])
def test_a_bad_value_of_either_kind(client, option, value, range_, headers):
    files = {"content_image": PHOTO, "style_image": STYLE}
    reply = client.predict(files=files, headers=headers, params={option: value})
    detail = problem(reply, 400, "bad-option")
    assert option in detail["detail"] and value in detail["detail"] and range_ in detail["detail"]


def test_options_of_the_other_kind_are_allowed(client):
    files = {"content_image": PHOTO, "style_image": STYLE}
    both = {"strength": "0.5", "max_side": "100", "preserve_color": "no", "vividness": "1.5"}
    for headers in (TRANSFER, None):
        assert client.predict(files=files, data=both, headers=headers).status_code == 200


def test_an_option_twice_or_as_a_file(client):
    files = {"content_image": PHOTO, "style_image": STYLE}
    twice = {"params": {"strength": "1"}, "data": {"strength": "1"}}
    reply = client.predict(files=files, headers=TRANSFER, **twice)
    assert "2 times" in problem(reply, 400, "bad-option")["detail"]
    reply = client.predict(files={**files, "strength": b"1"}, headers=TRANSFER)
    assert "as a file" in problem(reply, 400, "bad-option")["detail"]


# What the predict URL answers


def packed(picture: np.ndarray):
    """A behavior: this picture, whatever is asked."""
    prediction = {"stylized_bytes": {"b64": base64_png(picture)}, "model": "style/odd"}
    return answers(200, {"predictions": [prediction]})


@pytest.mark.parametrize(
    ("behavior", "quoted"),
    [
        (answers(200, {"predictions": [{"ab_bytes": 1}]}), "stylized_bytes"),
        (answers(200, {"predictions": [[1]]}), "stylized_bytes"),
        (packed(np.zeros((40, 60), np.uint8)), "L of (60, 40)"),
        (packed(np.zeros((40, 61, 3), np.uint8)), "(61, 40)"),
        (packed(np.zeros((20, 30, 3), np.uint8)), "(30, 20)"),
        (packed(np.zeros((40, 60, 4), np.uint8)), "RGBA"),
    ],
)
def test_invalid_prediction(client, predictor, behavior, quoted):
    predictor.behavior = behavior
    detail = problem(client.paint(PHOTO, STYLE), 502, "predict-url-invalid")
    assert quoted in detail["detail"]


@pytest.mark.parametrize(
    "prediction",
    [
        [[0.0]],
        "text",
        {"output_0": 1},
        [[[0.0, 0.0]] * 60] * 40,
        [[[0.0] * 3] * 59] * 40,
        [[[0.0] * 3] * 60] * 39,
        [[[0.0, 0.0, "a"]] * 60] * 40,
        [[[0.0, 0.0, 1e39]] * 60] * 40,
    ],
)
def test_invalid_prediction_from_serving_default(client, predictor, prediction):
    def behave(handler, request):
        if "signature_name" in request:
            return plain_style(handler, request)
        return answers(200, json.dumps({"predictions": [prediction]}).encode())(handler, request)

    predictor.behavior = behave
    problem(client.paint(PHOTO, STYLE), 502, "predict-url-invalid")


def test_out_of_range_values_are_clipped(client, predictor):
    def behave(handler, request):
        if "signature_name" in request:
            return plain_style(handler, request)
        return answers(200, {"predictions": [[[[-0.5, 0.5, 1.5]] * 60] * 40]})(handler, request)

    predictor.behavior = behave
    reply = client.paint(PHOTO, STYLE)
    assert reply.status_code == 200


NO_INPUT = {
    "error": "Failed to process element: 0 key: content_bytes of 'instances' list. Error: "
    "INVALID_ARGUMENT: JSON object: does not have named input: content_bytes"
}
NO_MODEL = {"error": "Servable not found for request: Latest(my-model)"}


@pytest.mark.parametrize(
    ("behavior", "status", "code"),
    [
        (answers(400, NO_INPUT), 502, "predict-url-error"),
        (answers(404, NO_MODEL), 503, "predict-url-not-ready"),
        (answers(404, b"", "text/plain"), 502, "predict-url-error"),
    ],
)
def test_no_style_model(client, predictor, behavior, status, code):
    predictor.behavior = behavior
    detail = problem(client.paint(PHOTO, STYLE), status, code)
    assert "style: transfer" in detail["detail"] and "Is there a style model?" in detail["detail"]


@pytest.mark.parametrize(
    ("behavior", "status", "code"),
    [
        (answers(500, {"error": "INTERNAL: oom"}), 502, "predict-url-error"),
        (answers(503, b"no healthy upstream", "text/plain"), 503, "predict-url-not-ready"),
        (answers(504, b"upstream request timeout", "text/plain"), 504, "predict-url-slow"),
        (answers(200, b"<html>"), 502, "predict-url-invalid"),
    ],
)
def test_other_failures_do_not_mention_a_missing_model(client, predictor, behavior, status, code):
    predictor.behavior = behavior
    detail = problem(client.paint(PHOTO, STYLE), status, code)
    assert "style model" not in detail["detail"]


def test_a_slow_model(start_client, predictor):
    predictor.behavior = slow(30)
    problem(start_client(timeout_s=0.3).paint(PHOTO, STYLE), 504, "predict-url-slow")


def test_nothing_listens(start_client):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    client = start_client(url=f"http://127.0.0.1:{port}/v1/models/m:predict")
    problem(client.paint(PHOTO, STYLE), 503, "predict-url-unreachable")


def test_a_refused_request_leaves_nothing_in_progress(start_client, predictor):
    client = start_client(max_in_progress=1, max_pixels_in_memory=5000)
    for _ in range(3):
        client.paint(PHOTO, b"hello")
        client.paint(PHOTO[:500], STYLE)
        predictor.behavior, right = answers(500, b"x"), predictor.behavior
        client.paint(PHOTO, STYLE)
        predictor.behavior = right
    assert client.paint(PHOTO, STYLE).status_code == 200

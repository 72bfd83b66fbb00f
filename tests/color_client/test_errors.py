"""Every error of the interface, provoked for real, and each a problem that says what to do."""

import json
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
import requests
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from .pictures import file_of, scene
from .predictors import (
    NO_PACKED,
    Predictor,
    answers,
    base64_png,
    plain_only,
    sends,
    slow,
    trickles,
)

PHOTO = file_of(scene(60, 40))


def problem(reply: requests.Response, status: int, code: str) -> dict:
    """Check that the reply is that problem, in the form of RFC 9457, and return it."""
    assert reply.status_code == status, reply.text
    assert reply.headers["Content-Type"] == "application/problem+json"
    body = reply.json()
    assert set(body) == {"type", "title", "status", "detail", "code", "request_id"}
    assert (body["status"], body["code"]) == (status, code), body
    assert body["request_id"] == reply.headers["X-Request-ID"]
    assert "Traceback" not in reply.text and len(body["detail"]) > 20
    assert ("Retry-After" in reply.headers) == (status == 503)
    if status == 503:
        assert int(reply.headers["Retry-After"]) > 0
    return body


# 400, 413, 415: the upload


def test_no_photo(client):
    problem(client.predict(None, files={"other": b"x"}), 400, "picture-missing")
    problem(client.predict(b""), 400, "picture-missing")
    body = {"data": b"", "headers": {"Content-Type": "image/png"}}
    problem(client.predict(None, **body), 400, "picture-missing")


def test_missing_at_sign_is_named(client):
    form = requests.models.RequestEncodingMixin._encode_files(
        {"content_image": (None, "photo.jpg")}, None
    )
    body = {"data": form[0], "headers": {"Content-Type": form[1]}}
    detail = problem(client.predict(None, **body), 400, "picture-missing")
    assert "content_image=@" in detail["detail"]


def test_two_photos(client):
    twice = [("content_image", ("a", PHOTO)), ("content_image", ("b", PHOTO))]
    problem(client.predict(None, files=twice), 400, "picture-doubled")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"])
def test_cut_short(client, kind):
    whole = file_of(scene(200, 150), kind)
    problem(client.predict(whole[: len(whole) // 2]), 400, "picture-broken")


def test_broken_header(client):
    for start in (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a"):
        problem(client.predict(start + b"\0" * 50), 400, "picture-broken")


@pytest.mark.parametrize("where", ["params", "data"])
def test_unknown_option(client, where):
    reply = client.predict(PHOTO, **{where: {"colour": "1"}})
    detail = problem(reply, 400, "unknown-option")
    assert "'colour'" in detail["detail"] and "content_image" in detail["detail"]
    assert "Options: vividness and hints and model and metadata." in detail["detail"]


@pytest.mark.parametrize("where", ["params", "data"])
@pytest.mark.parametrize("value", ["-0.1", "2.1", "nan", "inf", "very", "1,5"])
def test_a_value_that_an_option_cannot_have(client, where, value):
    reply = client.predict(PHOTO, **{where: {"vividness": value}})
    detail = problem(reply, 400, "bad-option")
    assert f"vividness={value!r} must be a number from 0 to 2" in detail["detail"]


def test_an_option_twice_or_as_a_file(client):
    reply = client.predict(PHOTO, params=[("vividness", "1"), ("vividness", "1")])
    assert "2 times" in problem(reply, 400, "bad-option")["detail"]
    files = {"content_image": PHOTO, "vividness": b"1"}
    reply = client.predict(None, files=files)
    assert "as a file" in problem(reply, 400, "bad-option")["detail"]


def test_unknown_file(client):
    files = {"content_image": PHOTO, "contnet_image": PHOTO}
    detail = problem(client.predict(None, files=files), 400, "unknown-option")
    assert "contnet_image" in detail["detail"]


def test_style_is_ignored(client, predictor):
    files = {"content_image": PHOTO, "style_image": b"whatever"}
    reply = client.predict(None, files=files, headers={"style": "transfer"})
    assert reply.status_code == 200
    assert "style" not in {name.lower() for name in predictor.seen[0][0]}


def test_too_many_bytes(start_client):
    client = start_client(max_upload_mb=0.1)
    for size in (100_001, 170_000, 3_000_000):
        detail = problem(client.predict(b"\xff" * size), 413, "too-many-bytes")
        assert "100000 bytes" in detail["detail"]
        body = {"data": b"\xff" * size, "headers": {"Content-Type": "image/png"}}
        problem(client.predict(None, **body), 413, "too-many-bytes")
    chunks = (b"\xff" * 10_000 for _ in range(30))
    body = {"data": chunks, "headers": {"Content-Type": "image/png"}}
    problem(client.predict(None, **body), 413, "too-many-bytes")
    assert client.predict(PHOTO).status_code == 200


def test_too_many_fields(client):
    files = {f"f{number}": b"" for number in range(500)}
    problem(client.predict(None, files=files), 413, "too-many-bytes")


@pytest.mark.parametrize(
    ("sizes", "status"),
    [([2**20], 200), ([2**20 + 1], 400), ([2**20] * 4, 200), ([2**20] * 4 + [1], 400)],
)
def test_texts_of_a_png(client, sizes, status):
    info = PngInfo()
    for number, size in enumerate(sizes):
        info.add_text(f"text {number}", "x" * size, zip=True)
    assert client.predict(file_of(scene(60, 40), pnginfo=info)).status_code == status


def test_too_many_pixels_by_the_header(start_client):
    client = start_client(max_pixels=10_000)
    # 60,000 x 60,000 pixels in a file of a few bytes: nothing of it may be decoded.
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk
    bomb += struct.pack(">I", zlib.crc32(chunk))
    data = b"IDAT" + zlib.compress(b"\0" * 1000)
    bomb += struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    detail = problem(client.predict(bomb), 413, "too-many-pixels")
    assert "60000 x 60000" in detail["detail"] and "10000 pixels" in detail["detail"]
    problem(client.predict(file_of(Image.new("L", (101, 100)))), 413, "too-many-pixels")
    assert client.predict(file_of(Image.new("L", (100, 100)))).status_code == 200


@pytest.mark.parametrize("data", [b"hello", b"%PDF-1.7 ...", b"<svg/>", b"%!PS-Adobe-3.0 EPSF-3.0"])
def test_not_a_picture(client, data):
    problem(client.predict(data), 415, "not-a-picture")


@pytest.mark.parametrize("content_type", [None, "application/json", "text/plain", "nonsense"])
def test_not_an_upload(client, content_type):
    headers = {"Content-Type": content_type}
    problem(client.predict(None, data=PHOTO, headers=headers), 415, "not-an-upload")


def test_multipart_without_a_boundary(client):
    headers = {"Content-Type": "multipart/form-data"}
    reply = client.predict(None, data=PHOTO, headers=headers)
    assert reply.status_code == 400 and reply.json()["code"]


# 404, 405


def test_no_such_page(client):
    problem(client.get("/predict/"), 404, "not-found")
    problem(client.get("/page/../secret"), 404, "not-found")


def test_wrong_method(client):
    reply = client.get("/predict")
    problem(reply, 405, "method-not-allowed")
    assert "POST" in reply.headers["Allow"]
    reply = requests.head(client.address + "/predict", timeout=60)
    assert (reply.status_code, reply.content) == (405, b"")
    assert reply.headers["Content-Type"] == "application/problem+json"
    problem(requests.delete(client.address + "/", timeout=60), 405, "method-not-allowed")


# 502: an error, or no valid prediction


def predicts(prediction):
    """A behavior: 200 with this prediction for `packed`."""
    return answers(200, {"predictions": [prediction]})


def packed(b64) -> dict:
    return {"ab_bytes": {"b64": b64}, "model": "color/odd"}


SELDON = {"status": {"code": 500, "info": "Failed to parse", "status": "FAILURE"}}
ODD_400 = {"error": 'Serving signature name: "packed" not found in signature definition'}


@pytest.mark.parametrize(
    ("behavior", "code", "quoted"),
    [
        (answers(500, {"error": "INTERNAL: oom"}), "predict-url-error", "500: INTERNAL: oom"),
        (answers(500, SELDON, "text/plain"), "predict-url-error", "Failed to parse"),
        # As TensorFlow Serving 2.1.0 prints an apostrophe, which is no JSON.
        (
            answers(400, rb'{ "error": "no named input \'k\' in it" }', "text/plain"),
            "predict-url-error",
            "no named input 'k' in it",
        ),
        (answers(400, ODD_400), "predict-url-error", "definition"),
        (answers(500, {"error": NO_PACKED}), "predict-url-error", NO_PACKED),
        (answers(404, b"", "text/plain"), "predict-url-error", "path in URL"),
        (answers(301, b"", Location="http://elsewhere/"), "predict-url-error", "301"),
        (answers(502, b"<html>Bad gateway</html>"), "predict-url-error", "an HTML page"),
        (answers(500, b"\xff\xfe" * 5000), "predict-url-error", "500"),
        (answers(200, b"<!doctype html><p>Hi", "text/html"), "predict-url-invalid", "HTML"),
        (answers(200, b""), "predict-url-invalid", "empty"),
        (sends(b"HTTP/1.1 200 OK\r\nContent-"), "predict-url-invalid", "empty"),
        (answers(200, [1, 2]), "predict-url-invalid", ""),
        (answers(200, {"outputs": 1}), "predict-url-invalid", "predictions"),
        (answers(200, {"predictions": []}), "predict-url-invalid", "predictions"),
        (answers(200, {"predictions": [1, 2]}), "predict-url-invalid", "predictions"),
        (predicts(5), "predict-url-invalid", "ab_bytes"),
        (predicts({"ab_bytes": "abc"}), "predict-url-invalid", "ab_bytes"),
        (predicts(packed("a?b=")), "predict-url-invalid", "ab_bytes"),
        (predicts(packed("é")), "predict-url-invalid", "ab_bytes"),
        (predicts(packed(7)), "predict-url-invalid", "ab_bytes"),
        (predicts(packed("aGVsbG8=")), "predict-url-invalid", "PNG"),
        (predicts(packed("")), "predict-url-invalid", "PNG"),
        (
            predicts(packed(base64_png(np.zeros((9, 9), "uint8")))),
            "predict-url-invalid",
            "not LA",
        ),
        (
            predicts(packed(base64_png(np.zeros((999, 9, 2), "uint8")))),
            "predict-url-invalid",
            "not LA",
        ),
        (
            predicts(packed(base64_png(np.zeros((40, 60, 2), "uint8"))[:40])),
            "predict-url-invalid",
            "PNG",
        ),
        (sends(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "predict-url-invalid", "HTTP"),
        (
            sends(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"),
            "predict-url-invalid",
            "larger",
        ),
    ],
)
def test_upstream_errors_and_invalid_predictions(client, predictor, behavior, code, quoted):
    predictor.behavior = behavior
    detail = problem(client.predict(PHOTO), 502, code)
    assert quoted in detail["detail"] and len(detail["detail"]) < 600
    predictor.behavior = None
    assert client.predict(PHOTO).status_code == 200


@pytest.mark.parametrize(
    "prediction",
    [
        [[0.0]],
        [],
        "text",
        {"output_0": 1},
        [[[0.0, 0.0, 0.0]] * 60] * 40,
        [[[0.0, 0.0]] * 40] * 60,
        [[[0.0, 0.0]] * 60] * 39 + [[[0.0, 0.0]] * 59],
        [[[0.0, "a"]] * 60] * 40,
        [[[0.0, None]] * 60] * 40,
        [[[0.0, 1e39]] * 60] * 40,
    ],
)
def test_invalid_prediction_from_serving_default(client, predictor, prediction):
    def behave(handler, request):
        if "signature_name" in request:
            return plain_only(handler, request)
        return predicts(prediction)(handler, request)

    predictor.behavior = behave
    problem(client.predict(PHOTO), 502, "predict-url-invalid")


def test_nan_from_serving_default(client, predictor):
    def behave(handler, request):
        if "signature_name" in request:
            return plain_only(handler, request)
        row = json.dumps([[[0.0, float("nan")]] * 60] * 40)
        return answers(200, b'{"predictions": [%s]}' % row.encode())(handler, request)

    predictor.behavior = behave
    problem(client.predict(PHOTO), 502, "predict-url-invalid")


# 503: not reached, not ready, overloaded


def test_recovers_after_upstream_outage(start_client, predictor):
    client = start_client()
    assert client.predict(PHOTO).status_code == 200
    port = predictor.server_port
    predictor.stop()
    detail = problem(client.predict(PHOTO), 503, "predict-url-unreachable")
    assert predictor.url in detail["detail"]
    problem(client.get("/readyz"), 503, "not-ready")
    assert client.get("/healthz").status_code == 200
    again = Predictor(port)
    try:
        assert client.predict(PHOTO).status_code == 200
        assert client.get("/readyz").status_code == 200
    finally:
        again.stop()


def test_restarted_behind_a_kept_connection(start_client, predictor):
    client = start_client()
    assert client.predict(PHOTO).status_code == 200
    port = predictor.server_port
    predictor.stop()
    again = Predictor(port)
    try:
        for _ in range(3):
            assert client.predict(PHOTO).status_code == 200
    finally:
        again.stop()


def test_a_kept_connection_that_dies_under_the_request_is_tried_once_more(client, predictor):
    assert client.predict(PHOTO).status_code == 200

    def drop_first_connection(handler, request):
        predictor.behavior = None
        handler.connection.shutdown(socket.SHUT_RDWR)
        handler.close_connection = True

    predictor.behavior = drop_first_connection
    assert client.predict(PHOTO).status_code == 200

    def drop_connection(handler, request):
        handler.connection.shutdown(socket.SHUT_RDWR)
        handler.close_connection = True

    before = len(predictor.seen)
    predictor.behavior = drop_connection
    problem(client.predict(PHOTO), 503, "predict-url-unreachable")
    assert len(predictor.seen) - before == 2  # on the kept connection, and once on a new one
    problem(client.predict(PHOTO), 503, "predict-url-unreachable")
    assert len(predictor.seen) - before == 3  # a new connection is not tried again


def test_no_such_host(start_client):
    client = start_client(url="http://no-such-host.invalid:8501/v1/models/m:predict")
    problem(client.predict(PHOTO), 503, "predict-url-unreachable")


@pytest.mark.parametrize(
    "behavior",
    [
        answers(404, {"error": "Servable not found for request: Latest(my-model)"}),
        answers(503, b"no healthy upstream", "text/plain"),
        answers(503, b"upstream connect error or disconnect/reset before headers", "text/plain"),
        answers(429, {"error": "RESOURCE_EXHAUSTED: queue is full"}, Retry_After="7"),
        sends(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"),
        sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"),
        sends(b""),
    ],
)
def test_not_ready_or_lost(client, predictor, behavior):
    predictor.behavior = behavior
    reply = client.predict(PHOTO)
    problem(reply, 503, reply.json()["code"])
    assert reply.json()["code"] in ("predict-url-not-ready", "predict-url-unreachable")
    if "queue is full" in reply.text:
        assert reply.headers["Retry-After"] == "7"


@contextmanager
def crowd(client, count: int) -> Iterator[list[requests.Response]]:
    """While so many ask at once; all their replies are there at the end."""
    replies: list[requests.Response] = []
    with ThreadPoolExecutor(count) as callers:
        for _ in range(count):
            callers.submit(lambda: replies.append(client.predict(PHOTO)))
        yield replies


def test_too_many_in_progress(start_client, predictor):
    client = start_client(max_in_progress=2)
    go_on = threading.Event()

    def wait(handler, request):
        go_on.wait(60)
        handler.predict(request)

    predictor.behavior = wait
    with crowd(client, 2) as replies:
        while len(predictor.seen) < 2:
            time.sleep(0.01)
        problem(client.predict(PHOTO), 503, "overloaded")
        assert client.get("/healthz").status_code == 200
        assert replies == [], "the others still wait"
        go_on.set()
    assert [reply.status_code for reply in replies] == [200, 200]
    assert client.predict(PHOTO).status_code == 200


def test_too_many_pixels_in_memory_wait_their_turn(start_client, predictor):
    client = start_client(max_pixels_in_memory=3000, timeout_s=2.5)
    most = 0
    at_once = 0
    lock = threading.Lock()

    def count(handler, request):
        nonlocal most, at_once
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.1)
        with lock:
            at_once -= 1
        handler.predict(request)

    predictor.behavior = count
    with crowd(client, 4) as replies:
        pass
    assert [reply.status_code for reply in replies] == [200] * 4
    assert most == 1  # 2400 pixels each

    # Each takes most of the time that the next may wait: the third gives up.
    predictor.behavior = slow(1.7)
    with crowd(client, 3) as replies:
        pass
    assert sorted(reply.status_code for reply in replies) == [200, 200, 503]


# 504: too long


REPLY = json.dumps({"predictions": [packed("")]}).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(REPLY)


@pytest.mark.parametrize(
    "behavior",
    [
        slow(20),
        trickles(HEAD + REPLY, 0.2),
        lambda handler, _: (handler.connection.sendall(HEAD), trickles(REPLY, 0.2)(handler, {})),
    ],
    ids=["silent", "headers trickle", "body trickles"],
)
def test_one_deadline_for_the_whole_exchange(start_client, predictor, behavior):
    client = start_client(timeout_s=0.4)
    predictor.behavior = behavior
    started = time.monotonic()
    detail = problem(client.predict(PHOTO), 504, "predict-url-slow")
    # By a deadline for every byte it would take 10 s and more.
    assert 0.3 < time.monotonic() - started < 5
    assert "0.4 s" in detail["detail"]


def test_the_second_signature_shares_the_deadline(start_client, predictor):
    client = start_client(timeout_s=0.5)

    def behave(handler, request):
        time.sleep(0.35)
        plain_only(handler, request)

    predictor.behavior = behave
    # Each of the two answers would be in time by itself.
    started = time.monotonic()
    problem(client.predict(PHOTO), 504, "predict-url-slow")
    assert time.monotonic() - started < 5


def test_gateway_timeout(client, predictor):
    predictor.behavior = answers(504, b"upstream request timeout", "text/plain")
    detail = problem(client.predict(PHOTO), 504, "predict-url-slow")
    assert "upstream request timeout" in detail["detail"]


def test_a_listener_that_never_answers(start_client):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        client = start_client(url=f"http://127.0.0.1:{port}/v1/models/m:predict", timeout_s=0.3)
        problem(client.predict(PHOTO), 504, "predict-url-slow")

"""The checks of the soak: what is wrong is reported, and what is right is not."""

import dataclasses
import io
import json

import numpy as np
import pytest
from PIL import Image

from soak import checks, limits
from soak.good_photos import GoodPhoto
from soak.http_bytes import Answer
from soak.mutations import Upload
from soak.report import Part, markdown

REFUSED = frozenset({200, 400})
UPLOAD = Upload(1, "animated", b"", REFUSED, size=(30, 20), gray=100)


def picture(level: int = 100, size: tuple[int, int] = (30, 20)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (level, level, level)).save(file, "PNG")
    return file.getvalue()


def answered(status: int, body: bytes, content_type: str, **headers: str) -> Answer:
    shown = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"content-type": content_type, **shown}, body, whole=True)


def problem(status: int = 400, **headers: str) -> Answer:
    body = json.dumps({"status": status, "detail": "The picture is broken. Send another."})
    return answered(
        status, body.encode(), "application/problem+json", x_request_id="1", **headers
    )  # fmt: skip


def test_correct_answers_pass():
    assert checks.wrong_upload(UPLOAD, answered(200, picture(), "image/png")) == ""
    assert checks.wrong_upload(UPLOAD, problem()) == ""
    assert checks.wrong_problem(problem(503, retry_after="1")) == ""


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (problem(500), "answered 500"),
        (Answer(0, error="ConnectionResetError"), "no reply"),
        (problem(503, retry_after="1"), "answered 503"),
        (answered(200, picture()[:50], "image/png"), "no picture"),
        (answered(200, picture(size=(20, 30)), "image/png"), "20 x 30"),
        (answered(200, picture(150), "image/png"), "not the first frame"),
        (Answer(200, {"content-type": "image/png"}, picture(), whole=False), "cut short"),
        (answered(400, b"<html>", "text/html", x_request_id="1"), "text/html"),
        (answered(400, b"{}", "application/problem+json"), "without X-Request-ID"),
        (answered(400, b"{}", "application/problem+json", x_request_id="1"), "what to do"),
    ],
)
def test_wrong_answers_to_uploads(answer, says):
    assert says in checks.wrong_upload(UPLOAD, answer)


def test_503_without_retry_after():
    assert "Retry-After" in checks.wrong_problem(problem(503))


def test_wrong_pictures_of_good_photos():
    pixels = np.full((20, 30, 3), 100, np.uint8)
    right = answered(200, picture(), "image/png")
    photo = GoodPhoto("a", b"", b"", pixels, b"")
    assert photo.wrong(right) == ""
    assert "another picture" in photo.wrong(answered(200, picture(130), "image/png"))
    assert "instead of" in photo.wrong(answered(200, picture(size=(9, 9)), "image/png"))
    assert "cut short" in photo.wrong(dataclasses.replace(right, whole=False))
    assert "503" in photo.wrong(problem(503))


def test_too_much_memory():
    assert checks.too_much_memory(100.0, 200.0) == ""
    assert "201 MB, the limit is 200 MB" in checks.too_much_memory(201.0, 200.0)
    assert limits.memory_mb(max_pixels_in_memory=0) < limits.memory_mb() / 2


LINE = '{"time":"2026-01-01T00:00:00Z","request_id":"%s","status":200}'


def test_correct_logs_pass():
    lines = ['{"time":"x","message":"Listening"}', LINE % "a", LINE % "b"]
    assert checks.wrong_log(lines, ["a", "b"]) == []


def test_wrong_logs():
    sent = bytes(range(256)) * 3
    middle = sent[len(sent) // 2 // 3 * 3 :][:48]
    for lines, says in (
        (["Traceback (most recent call last):"], "no JSON"),
        (["[1]"], "no JSON object"),
        ([LINE % "a", LINE % "a"], "id of its own"),
        (['{"status":200}'], "id of its own"),
        ([json.dumps({"message": "x" * 9000})], "characters"),
        ([json.dumps({"message": "x", "exception": "Traceback"})], "trace of a bug"),
        ([json.dumps({"message": middle.hex()})], "piece of a picture"),
    ):
        (wrong, *_) = checks.wrong_log(lines, (), [sent])
        assert says in wrong
    assert "not in the log" in checks.wrong_log([LINE % "a"], ["a", "b"])[0]


def test_the_report_names_what_is_violated():
    part = Part("color", "uploads", sent="10", peak_mb=90.0, limit_mb=100.0)
    part.came_back["200"] += 3
    assert "| 200: 3 | 90 / 100 MB | 0 | held |" in markdown([part])
    part.add_violation("a 500\nhere")
    assert "**1 violations**" in markdown([part])
    assert part.violations == ["color uploads: a 500 here"]

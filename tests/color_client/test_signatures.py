"""Which signature is asked, what it is sent, and how long a refusal is remembered."""

import base64

import numpy as np
import pytest

from predict_url import predictor as predictor_module

from .pictures import file_of, lab_of, luminance_error, opened, scene
from .predictors import NO_PACKED, answers, plain_only

PHOTO = file_of(scene(60, 40))


def test_packed_comes_first_and_carries_a_gray_png(client, predictor):
    photo = scene(60, 40, 11)
    reply = client.predict(file_of(photo))
    ((headers, request),) = predictor.seen
    assert set(request) == {"signature_name", "instances"}
    assert request["signature_name"] == "packed"
    ((name, value),) = request["instances"][0].items()
    assert name == "l_bytes" and set(value) == {"b64"}
    gray = opened(base64.b64decode(value["b64"]))
    assert (gray.format, gray.mode, gray.size) == ("PNG", "L", (60, 40))
    expected = lab_of(np.asarray(photo))[..., 0] * 255 / 100
    assert np.abs(np.asarray(gray) - expected).max() < 0.6
    assert headers["X-Request-ID"] == reply.headers["X-Request-ID"]
    assert headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("prefix", ["", "INVALID_ARGUMENT: ", "Invalid argument: "])
def test_model_without_packed_gets_floats(client, predictor, prefix):
    def behave(handler, request):
        if "signature_name" in request:
            return answers(400, {"error": prefix + NO_PACKED})(handler, request)
        return handler.predict(request)

    predictor.behavior = behave
    photo = scene(60, 40, 12)
    reply = client.predict(file_of(photo))
    assert reply.status_code == 200 and "X-Model" not in reply.headers
    assert predictor.signatures == ["packed", "serving_default"]
    (_, _), (headers, request) = predictor.seen
    assert headers["X-Request-ID"] == reply.headers["X-Request-ID"]
    sent = np.array(request["instances"][0]["input_1"])
    assert sent.shape == (40, 60, 1)
    assert np.abs(sent[..., 0] - lab_of(np.asarray(photo))[..., 0]).max() < 0.03
    # Both signatures lead to the same picture, but for the 8 bits of one of them.
    predictor.behavior = None
    after = opened(reply.content)
    assert luminance_error(photo, after) <= 1
    a = lab_of(np.asarray(after))[..., 1]
    lightness = lab_of(np.asarray(photo))[..., 0]
    mild = np.abs(lightness - 50) < 20
    assert np.corrcoef(a[mild], lightness[mild])[0, 1] > 0.9


def test_both_signatures_lead_to_the_same_color(start_client, predictor):
    photo = file_of(scene(200, 200, 13, "L").point(lambda level: 90 + level // 4))
    one = opened(start_client().predict(photo).content)
    predictor.behavior = plain_only
    other = opened(start_client().predict(photo).content)
    assert predictor.signatures == ["packed", "packed", "serving_default"]
    assert np.abs(lab_of(np.asarray(one)) - lab_of(np.asarray(other))).mean() < 1.0


def test_fallback_is_remembered_for_a_while(client, predictor, monkeypatch):
    predictor.behavior = plain_only
    for _ in range(3):
        assert client.predict(PHOTO).status_code == 200
    assert predictor.signatures == ["packed"] + ["serving_default"] * 3
    # A minute later the model may be another one.
    now = predictor_module.time.monotonic()
    later = type("Later", (), {"monotonic": staticmethod(lambda: now + 61)})
    monkeypatch.setattr(predictor_module, "time", later)
    predictor.behavior = None
    assert client.predict(PHOTO).headers["X-Model"] == "color/rule"
    assert predictor.signatures[-1] == "packed"


def test_fallback_is_remembered_per_url(start_client, predictor):
    predictor.behavior = plain_only
    assert start_client().predict(PHOTO).status_code == 200
    predictor.behavior = None
    assert start_client().predict(PHOTO).headers["X-Model"] == "color/rule"


@pytest.mark.parametrize("name", ["", "x" * 65, "two\nlines", "färbe", 5, None])
def test_a_model_name_that_no_header_can_hold_is_left_out(client, predictor, name):
    def behave(handler, request):
        from .predictors import packed_prediction

        prediction = {**packed_prediction(request["instances"][0]), "model": name}
        return handler.say(200, {"predictions": [prediction]})

    predictor.behavior = behave
    reply = client.predict(PHOTO)
    assert reply.status_code == 200 and "X-Model" not in reply.headers

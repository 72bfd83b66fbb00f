"""The option `hints`: a color is put right by pointing at it."""

import json

import numpy as np
import pytest
from PIL import Image

from color_client.color_cache import ColorCache
from color_client.color_network import Color

from .pictures import file_of, lab_of, luminance_error, opened, scene
from .predictors import answers, base64_png

BLUE = "#2c5aa0"


def hue(color) -> float:
    return float(np.degrees(np.arctan2(color[..., 2], color[..., 1])))


def apart(one: float, other: float) -> float:
    return abs((one - other + 180) % 360 - 180)


def hints(*each: dict) -> dict:
    return {"hints": json.dumps(each)}


def color_at(reply, x: float, y: float):
    """L*a*b* of the pixel that was pointed at."""
    picture = opened(reply.content)
    pixel = picture.getpixel((min(int(x * picture.width), picture.width - 1),
                              min(int(y * picture.height), picture.height - 1)))  # fmt: skip
    return lab_of(np.array([[pixel[:3]]], np.uint8))[0, 0]


@pytest.mark.parametrize("size", [(40, 30), (300, 200), (1501, 997)])
@pytest.mark.parametrize("place", [(0.3, 0.4), (0.0, 0.0), (1.0, 1.0)])
def test_hinted_place_gets_the_requested_hue(client, size, place):
    # Mild luminance: the gamut holds the color.
    photo = Image.new("L", size, 128)
    photo.paste(110, (0, 0, size[0] // 2, size[1]))
    x, y = place
    reply = client.predict(file_of(photo), data=hints({"x": x, "y": y, "color": BLUE}))
    assert reply.status_code == 200
    assert luminance_error(photo, opened(reply.content)) <= 1
    wanted = lab_of(np.array([[[0x2C, 0x5A, 0xA0]]], np.uint8))[0, 0]
    found = color_at(reply, x, y)
    # A just-noticeable difference is about 1 in CIEDE2000: 2.3 in a*b*.
    assert np.hypot(*(found - wanted)[1:]) < 2.3 and apart(hue(found), hue(wanted)) < 3


def test_a_color_that_the_luminance_cannot_show_keeps_its_hue(client):
    photo = Image.new("L", (60, 40), 235)
    reply = client.predict(file_of(photo), data=hints({"x": 0.5, "y": 0.5, "color": BLUE}))
    wanted = lab_of(np.array([[[0x2C, 0x5A, 0xA0]]], np.uint8))[0, 0]
    # In linear light the straight line toward gray bends a little in L*a*b*.
    assert apart(hue(color_at(reply, 0.5, 0.5)), hue(wanted)) < 20
    assert luminance_error(photo, opened(reply.content)) <= 1


def test_answer_without_hints_is_unchanged(client):
    photo = file_of(scene(90, 60))
    assert client.predict(photo, data={"hints": "[]"}).content == client.predict(photo).content


def test_hint_positions_respect_exif_orientation(client):
    photo = Image.new("L", (80, 40), 128)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    data = file_of(photo, "JPEG", exif=exif)
    place = {"x": 0.9, "y": 0.1}
    reply = client.predict(data, data=hints({**place, "color": BLUE}))
    assert opened(reply.content).size == (40, 80)
    wanted = lab_of(np.array([[[0x2C, 0x5A, 0xA0]]], np.uint8))[0, 0]
    assert apart(hue(color_at(reply, **place)), hue(wanted)) < 3


def test_hints_in_the_query(client):
    photo = file_of(Image.new("L", (40, 40), 128))
    hint = hints({"x": 0.5, "y": 0.5, "color": BLUE})
    assert client.predict(photo, params=hint).content == client.predict(photo, data=hint).content


def test_hints_need_no_second_prediction(client, predictor):
    photo = file_of(scene(60, 40, 3))
    client.predict(photo)
    hint = hints({"x": 0.5, "y": 0.5, "color": BLUE})
    first = client.predict(photo, data=hint)
    assert len(predictor.seen) == 1 and first.headers["X-Model"] == "color/rule"
    assert "upstream" not in first.headers["Server-Timing"]
    # Another photo, or no hints: the network's business.
    client.predict(file_of(scene(60, 40, 4)), data=hint)
    client.predict(photo)
    assert len(predictor.seen) == 3


def test_cached_colors_of_the_named_model_are_used(client, predictor):
    def as_model(name: str, ab: tuple[int, int]):
        png = base64_png(np.full((4, 4, 2), np.add(ab, 128), np.uint8))
        return answers(200, {"predictions": [{"ab_bytes": {"b64": png}, "model": name}]})

    photo = file_of(Image.new("L", (40, 40), 128))
    for name, ab in (("color/v1", (30, 0)), ("color/v2", (0, 30))):
        predictor.behavior = as_model(name, ab)
        client.predict(photo)
    keep = hints({"x": 0.5, "y": 0.5, "keep": True})
    for hint, name in (("color/v1", "color/v1"), ("color/v2", "color/v2"), ("", "color/v2")):
        reply = client.predict(photo, data={**keep, "model": hint})
        assert reply.headers["X-Model"] == name
        _, a, b = color_at(reply, 0.5, 0.5)
        assert (a > b) == (name == "color/v1")
    assert len(predictor.seen) == 2
    # Of a model that is not remembered, the network is asked.
    client.predict(photo, data={**keep, "model": "color/v3"})
    assert len(predictor.seen) == 3


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ("[", "must be JSON"),
        ("{}", "must be a JSON list"),
        ("3", "must be a JSON list"),
        (json.dumps([{"x": 0, "y": 0, "keep": True}] * 65), "must be at most 64 hints, not 65"),
        ('[{"x": 0.5, "y": 0.5, "color": "#123456"}, 7]', "number 2: it must be such as"),
        ('[{"x": 1.01, "y": 0, "color": "#123456"}]', "number 1: x must be a number from 0 to 1"),
        ('[{"x": 0, "y": -1, "color": "#123456"}]', "number 1: y must be a number from 0 to 1"),
        ('[{"x": "0", "y": 0, "color": "#123456"}]', "number 1: x must be"),
        ('[{"x": true, "y": 0, "color": "#123456"}]', "number 1: x must be"),
        ('[{"y": 0, "color": "#123456"}]', "number 1: x must be"),
        ('[{"x": NaN, "y": 0, "color": "#123456"}]', "must be JSON"),
        ('[{"x": 0, "y": 0, "color": "blue"}]', "number 1: color must be such as"),
        ('[{"x": 0, "y": 0, "color": "#12345g"}]', "number 1: color must be such as"),
        ('[{"x": 0, "y": 0, "color": 7}]', "number 1: color must be such as"),
        ('[{"x": 0, "y": 0}]', "number 1: it must have either a color or"),
        ('[{"x": 0, "y": 0, "keep": false}]', "number 1: it must have either a color or"),
        ('[{"x": 0, "y": 0, "keep": 1}]', "number 1: it must have either a color or"),
        ('[{"x": 0, "y": 0, "keep": true, "color": "#123456"}]', "number 1: it must have either"),
        ('[{"x": 0, "y": 0, "colour": "#123456"}]', "number 1: it has no 'colour'"),
    ],
)
def test_wrong_hints_are_refused_by_number(client, sent, message):
    reply = client.predict(file_of(scene(30, 20)), data={"hints": sent})
    assert reply.status_code == 400 and reply.json()["code"] == "bad-option"
    assert message in reply.json()["detail"]


def test_color_cache_is_bounded_in_size_and_time():
    cache = ColorCache(max_entries=2)
    colors = [Color(np.zeros((1, 1, 2), np.float32), f"m{n}") for n in range(3)]
    for color in colors:
        cache.put(b"photo", color)
    assert cache.get(b"photo", "m0") is None
    assert cache.get(b"photo", "m1") is colors[1] and cache.get(b"photo", None) is colors[2]
    assert cache.get(b"other", None) is None
    # Of a model that answers in full size, fewer are kept.
    large = [Color(np.zeros((1000, 1000, 2), np.float32), f"m{n}") for n in range(3)]
    for color in large:
        cache.put(b"large", color)
    assert cache.get(b"large", "m2") is large[2] and cache.get(b"large", "m0") is None
    many = ColorCache()
    for color in large:
        many.put(b"large", color)
    assert many.get(b"large", "m0") is None and many.get(b"large", "m1") is large[1]
    at_once_forgotten = ColorCache(ttl_s=0.0)
    at_once_forgotten.put(b"photo", colors[0])
    assert at_once_forgotten.get(b"photo", None) is None

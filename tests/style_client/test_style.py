"""A photo and a style picture: the painting, its size, its options, what the network is sent."""

import base64
import re

import numpy as np
import pytest
from PIL import ExifTags, Image

from tests.color_client.pictures import (
    file_of,
    lab_of,
    luminance_error,
    luminance_levels,
    opened,
    scene,
)
from tests.color_client.predictors import NO_PACKED

from .predictors import plain_style, rule, sent_picture

STYLE = file_of(Image.new("RGB", (300, 200), (200, 120, 40)))


def calm(width: int, height: int, seed: int = 1) -> Image.Image:
    """A photo whose channels can be shifted by a fifth without being cut off."""
    return scene(width, height, seed).point(lambda level: 90 + level // 4)


def painted(photo: Image.Image, style=(200, 120, 40), strength=1.0) -> np.ndarray:
    """What the rule makes of the photo at its own size, 0…255."""
    content = np.asarray(photo.convert("RGB")) / 255
    return 255 * rule(content, np.full((1, 1, 3), style) / 255, strength)


def difference(reply, expected: np.ndarray) -> float:
    assert reply.status_code == 200, reply.text
    after = np.asarray(opened(reply.content).convert("RGB")).astype(float)
    assert after.shape == expected.shape
    return float(np.abs(after - expected).max())


def test_the_photo_comes_back_painted(client, predictor):
    photo = calm(300, 200)
    reply = client.paint(file_of(photo), STYLE)
    assert difference(reply, painted(photo)) <= 1
    assert reply.headers["Content-Type"] == "image/png"
    assert reply.headers["X-Model"] == "style/rule"
    ((headers, request),) = predictor.seen
    assert headers["style"] == "transfer"
    assert headers["X-Request-ID"] == reply.headers["X-Request-ID"]
    assert set(request) == {"signature_name", "instances"}
    (row,) = request["instances"]
    assert (255 * sent_picture(row["content_bytes"]) == np.asarray(photo)).all()
    assert row["strength"] == 1.0


def test_without_the_header_it_comes_back_in_color(client, predictor):
    photo = scene(120, 90, 2)
    reply = client.color(file_of(photo))
    assert reply.status_code == 200 and reply.headers["X-Model"] == "color/rule"
    assert luminance_error(photo, opened(reply.content)) <= 1
    ((headers, _),) = predictor.seen
    assert "style" not in {name.lower() for name in headers}


@pytest.mark.parametrize("name", ["style", "Style", "STYLE"])
def test_header_name_is_case_insensitive(client, name):
    files = {"content_image": file_of(calm(40, 30)), "style_image": STYLE}
    reply = client.predict(files=files, headers={name: "transfer"})
    assert reply.headers["X-Model"] == "style/rule"


@pytest.mark.parametrize(
    "value", ["Transfer", "transfer2", "true", "", "transfer;transfer", "tran"]
)
def test_any_other_value_means_color(client, predictor, value):
    files = {"content_image": file_of(calm(40, 30)), "style_image": b"whatever"}
    reply = client.predict(files=files, headers={"style": value})
    assert reply.status_code == 200 and reply.headers["X-Model"] == "color/rule"
    assert "style" not in {name.lower() for name in predictor.seen[0][0]}


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (1, 300), (2000, 3), (301, 207), (1025, 513)])
@pytest.mark.parametrize("behavior", [None, plain_style], ids=["packed", "serving_default"])
def test_any_size_comes_back_at_that_size(client, predictor, size, behavior):
    predictor.behavior = behavior or predictor.behavior
    photo = Image.new("RGB", size, (100, 110, 120))
    reply = client.paint(file_of(photo), STYLE)
    assert difference(reply, painted(photo)) <= 1


@pytest.mark.parametrize(
    ("size", "sent"), [((4000, 3000), (1024, 768)), ((1024, 9), (1024, 9)), ((9, 3000), (3, 1024))]
)
def test_large_photos_are_painted_at_a_bounded_size(client, predictor, size, sent):
    reply = client.paint(file_of(Image.new("L", size, 77), "JPEG"), STYLE)
    assert opened(reply.content).size == size
    (row,) = predictor.seen[0][1]["instances"]
    assert sent_picture(row["content_bytes"]).shape == (sent[1], sent[0], 3)


def test_a_large_photo_keeps_its_detail(client):
    photo = calm(2600, 1300)
    reply = client.paint(file_of(photo), STYLE)
    after = np.asarray(opened(reply.content)).astype(float)
    assert np.abs(after - painted(photo)).mean() < 4


@pytest.mark.parametrize(("asked", "side"), [("64", 64), ("500", 500), ("2048", 1500)])
def test_max_side(client, predictor, asked, side):
    reply = client.paint(file_of(calm(1500, 300)), STYLE, max_side=asked)
    assert opened(reply.content).size == (1500, 300)
    (row,) = predictor.seen[0][1]["instances"]
    assert max(sent_picture(row["content_bytes"]).shape) == side


def test_max_side_is_a_setting_too(start_client, predictor):
    start_client(max_side=100).paint(file_of(calm(300, 200)), STYLE)
    (row,) = predictor.seen[0][1]["instances"]
    assert sent_picture(row["content_bytes"]).shape == (67, 100, 3)


def test_style_picture_is_center_cropped(client, predictor):
    style = Image.new("RGB", (600, 200), "red")
    style.paste("blue", (200, 0, 400, 200))
    for file in (file_of(style), file_of(style.resize((30, 10)))):
        predictor.seen.clear()
        client.paint(file_of(calm(30, 20)), file)
        (row,) = predictor.seen[0][1]["instances"]
        sent = sent_picture(row["style_bytes"])
        assert sent.shape == (256, 256, 3)
        assert np.abs(sent[:, 20:-20] - [0, 0, 1]).max() < 0.1


def test_transparent_style_picture_is_on_white(client):
    style = file_of(Image.new("RGBA", (50, 50), (200, 0, 0, 0)))
    reply = client.paint(file_of(Image.new("L", (20, 10), 99)), style)
    assert np.asarray(opened(reply.content)).min() == 255


@pytest.mark.parametrize("strength", [0, 0.25, 1])
@pytest.mark.parametrize("behavior", [None, plain_style], ids=["packed", "serving_default"])
def test_strength(client, predictor, strength, behavior):
    predictor.behavior = behavior or predictor.behavior
    photo = calm(160, 120)
    reply = client.paint(file_of(photo), STYLE, strength=strength)
    assert difference(reply, painted(photo, strength=strength)) <= 1.5


def test_the_default_strength_is_that_of_the_page_and_leaves_some_photo(client):
    photo = calm(160, 120)
    files = {"content_image": file_of(photo), "style_image": STYLE}
    reply = client.predict(files=files, headers={"style": "transfer"})
    assert difference(reply, painted(photo, strength=0.7)) <= 1.5
    assert '<output for="strength">0.7</output>' in client.get("/").text
    assert re.search('<input id="strength"[^>]* value="0.7"', client.get("/").text)


@pytest.mark.parametrize("size", [(300, 200), (1500, 1100)])
@pytest.mark.parametrize("behavior", [None, plain_style], ids=["packed", "serving_default"])
def test_strength_0_is_the_photo_itself_at_any_size(client, predictor, behavior, size):
    predictor.behavior = behavior or predictor.behavior
    photo = scene(*size, 5)
    reply = client.paint(file_of(photo), STYLE, strength=0)
    assert difference(reply, np.asarray(photo).astype(float)) == 0


@pytest.mark.parametrize("yes", ["true", "1", "YES", "on"])
@pytest.mark.parametrize("behavior", [None, plain_style], ids=["packed", "serving_default"])
def test_preserve_color(client, predictor, yes, behavior):
    predictor.behavior = behavior or predictor.behavior
    photo = Image.new("RGB", (80, 60), (140, 110, 120))
    reply = client.paint(file_of(photo), STYLE, preserve_color=yes)
    after = np.asarray(opened(reply.content))
    gray = luminance_levels(painted(photo).round().astype(np.uint8))
    assert np.abs(luminance_levels(after) - gray).max() <= 1
    assert np.abs(lab_of(after)[..., 1:] - lab_of(np.asarray(photo))[..., 1:]).max() < 1.5


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_preserve_color_of_a_large_photo(client, mode):
    """In several strips, each with its own color."""
    photo = calm(1200, 900, 6).convert(mode)
    plain = opened(client.paint(file_of(photo), STYLE).content)
    after = opened(client.paint(file_of(photo), STYLE, preserve_color="yes").content)
    assert luminance_error(plain, after) <= 1
    lab = lab_of(np.asarray(after)) - lab_of(np.asarray(photo.convert("RGB")))
    # But for colors that sRGB cannot show at the painting's luminance.
    assert np.percentile(np.abs(lab[..., 1:]), 95) < 1.5


@pytest.mark.parametrize("no", ["false", "0", "No", "off", ""])
def test_color_is_not_preserved_unless_asked(client, no):
    photo = calm(80, 60)
    reply = client.paint(file_of(photo), STYLE, preserve_color=no)
    assert difference(reply, painted(photo)) <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(client, orientation):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    data = file_of(calm(80, 48), exif=exif)
    reply = client.paint(data, STYLE)
    turned = opened(client.color(data).content)
    after = opened(reply.content)
    assert after.size == turned.size == ((80, 48) if orientation < 5 else (48, 80))


def test_alpha_is_kept(client):
    photo = calm(90, 60).convert("RGBA")
    alpha = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 90), dtype=np.uint8))
    photo.putalpha(alpha)
    after = opened(client.paint(file_of(photo), STYLE).content)
    assert after.mode == "RGBA"
    assert (np.asarray(after.getchannel("A")) == np.asarray(alpha)).all()
    expected = painted(photo.convert("RGB"))
    assert np.abs(np.asarray(after.convert("RGB")) - expected).max() <= 1


@pytest.mark.parametrize("accept", ["image/png", "image/jpeg", "image/webp"])
def test_the_format_is_the_callers_choice(client, accept):
    photo = calm(90, 60)
    reply = client.paint(file_of(photo), STYLE, headers={"Accept": accept})
    assert reply.headers["Content-Type"] == accept and reply.headers["Vary"] == "Accept"
    assert np.abs(np.asarray(opened(reply.content)) - painted(photo)).mean() < 3


def kinds() -> dict[str, tuple[bytes, Image.Image]]:
    """Files of many kinds, and the same picture as 8-bit RGB."""
    photo = calm(64, 48)
    cmyk = file_of(photo.convert("CMYK"), "JPEG", quality=95, subsampling=0)
    levels = (np.asarray(photo.convert("L")).astype(np.uint16)) * 257
    palette = photo.quantize(200)
    return {
        "cmyk": (cmyk, opened(cmyk).convert("RGB")),
        "16 bits": (file_of(Image.fromarray(levels)), photo.convert("L").convert("RGB")),
        "gray": (file_of(photo.convert("L")), photo.convert("L").convert("RGB")),
        "palette": (file_of(palette), palette.convert("RGB")),
        "tiff": (file_of(photo, "TIFF"), photo),
    }


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_of_photo_and_style(client, kind):
    data, same = kinds()[kind]
    assert difference(client.paint(data, STYLE), painted(same)) <= 1
    reply = client.paint(file_of(calm(40, 30)), data)
    assert reply.status_code == 200
    means = np.asarray(opened(reply.content)).mean(axis=(0, 1))
    # The middle square of it, which is not quite all of it.
    assert np.abs(means - np.asarray(same)[:, 8:56].mean(axis=(0, 1))).max() < 3


def test_hub_model_gets_smaller_pictures_as_floats(client, predictor):
    predictor.behavior = plain_style
    photo = calm(900, 601)
    reply = client.paint(file_of(photo), STYLE)
    assert reply.status_code == 200 and "X-Model" not in reply.headers
    assert opened(reply.content).size == (900, 601)
    (first, _), (headers, request) = predictor.seen
    assert headers["style"] == first["style"] == "transfer"
    assert set(request) == {"instances"}
    (row,) = request["instances"]
    content = np.array(row["placeholder"])
    assert content.shape == (256, 384, 3)
    assert np.array(row["placeholder_1"]).shape == (256, 256, 3)
    assert content.min() >= 0 and content.max() <= 1
    assert np.abs(np.array(row["placeholder_1"]) - np.array([200, 120, 40]) / 255).max() < 1e-4


def test_max_side_can_make_it_smaller_still(client, predictor):
    predictor.behavior = plain_style
    client.paint(file_of(calm(900, 600)), STYLE, max_side=64)
    content = np.array(predictor.seen[-1][1]["instances"][0]["placeholder"])
    assert content.shape == (44, 64, 3)  # 43 rows of the photo, continued to a multiple of 4


def test_fallback_is_remembered_for_style_only(client, predictor):
    predictor.behavior = plain_style
    photo = file_of(calm(40, 30))
    for _ in range(2):
        assert client.paint(photo, STYLE).status_code == 200
        assert client.color(photo).headers["X-Model"] == "color/rule"
    assert predictor.signatures == [
        "packed",
        "serving_default",
        "packed",
        "serving_default",
        "packed",
    ]


def test_a_color_model_without_packed_does_not_decide_for_style(client, predictor):
    right = predictor.behavior

    def behave(handler, request):
        if handler.headers.get("style") is None and "signature_name" in request:
            return handler.say(400, {"error": NO_PACKED})
        return right(handler, request)

    predictor.behavior = behave
    photo = file_of(calm(40, 30))
    assert "X-Model" not in client.color(photo).headers
    assert client.paint(photo, STYLE).headers["X-Model"] == "style/rule"


def test_the_content_of_a_packed_request_is_an_rgb_png_even_of_a_gray_photo(client, predictor):
    client.paint(file_of(scene(30, 20, 1, "L")), STYLE)
    (row,) = predictor.seen[0][1]["instances"]
    assert opened(base64.b64decode(row["content_bytes"]["b64"])).mode == "RGB"


def test_12_megapixels(client):
    photo = calm(4000, 3000)
    reply = client.paint(file_of(photo, "JPEG", quality=90), STYLE, preserve_color="yes")
    after = opened(reply.content)
    assert (reply.status_code, after.size) == (200, (4000, 3000))

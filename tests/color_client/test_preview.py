"""Large JPEGs: the network sees a preview of them, while another core decodes them."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from color_client.color_network import small_lightness
from pictures.decode import decode, preview
from pictures.header import open_header

from .pictures import file_of, linear_profile, luminance_error, opened, scene
from .predictors import answers

# An eighth of the long side is 1.5 times the working size.
WORKING, WIDTH, HEIGHT = 256, 3072, 600


def photo(mode: str = "RGB") -> Image.Image:
    grain = np.random.default_rng(3).integers(-9, 10, (HEIGHT, WIDTH, 3))
    pixels = np.asarray(scene(WIDTH, HEIGHT, 2)) + grain
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).convert(mode)


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x112] = orientation
    return exif


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("RGB", {}),
        ("RGB", {"subsampling": 0, "progressive": True}),
        ("L", {}),
        ("CMYK", {}),
        ("RGB", {"exif": turned(6)}),
        ("RGB", {"icc_profile": linear_profile()}),
        ("L", {"icc_profile": linear_profile("GRAY")}),
    ],
)
def test_the_network_sees_the_same_picture(mode, options):
    header = open_header(io.BytesIO(file_of(photo(mode), "JPEG", **options)), 10**8)
    small = preview(header, WIDTH // 8)
    assert small is not None
    seen, whole = (small_lightness(decode(each).image, WORKING) for each in (small, header))
    assert seen.shape == whole.shape
    assert np.abs(seen - whole).mean() < 0.5 and np.abs(seen - whole).max() < 5


@pytest.mark.parametrize(
    ("kind", "size"), [("PNG", (WIDTH, 40)), ("JPEG", (WIDTH - 1, 40)), ("TIFF", (WIDTH, 40))]
)
def test_other_pictures_have_no_preview(kind, size):
    header = open_header(io.BytesIO(file_of(scene(*size), kind)), 10**8)
    assert preview(header, WIDTH // 8) is None


@pytest.mark.parametrize("size", [(WIDTH, 3), (3, WIDTH)])
def test_narrow_pictures_have_a_preview(size):
    header = open_header(io.BytesIO(file_of(scene(*size), "JPEG")), 10**8)
    small = preview(header, WIDTH // 8)
    assert small is not None and max(decode(small).image.size) >= WIDTH // 8
    assert decode(header).image.size == size


def test_a_large_jpeg_comes_back_in_color(client, predictor):
    data = file_of(photo(), "JPEG", quality=95)
    reply = client.predict(data)
    assert luminance_error(opened(data), opened(reply.content)) <= 1
    ((_, request),) = predictor.seen
    assert opened(base64.b64decode(request["instances"][0]["l_bytes"]["b64"])).size[0] == WORKING


def test_a_large_jpeg_cut_short(client, predictor):
    data = file_of(photo(), "JPEG")
    reply = client.predict(data[: -len(data) // 20])
    assert reply.headers["X-Truncated"] == "yes"
    assert opened(reply.content).size == (WIDTH, HEIGHT)
    predictor.seen.clear()
    predictor.behavior = answers(500, {"error": "out of order"})
    reply = client.predict(data[: len(data) // 2])
    assert (reply.status_code, reply.json()["code"]) == (400, "picture-broken")
    assert not predictor.seen
    assert client.predict(data).status_code == 502

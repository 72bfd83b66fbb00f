"""The whole service, as `make up` starts it: real programs, the shipped model, real photographs."""

import io
import json
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import requests
from PIL import Image, ImageFilter

from tests.color_client.pictures import file_of, lab_of, luminance_error
from tests.running import ROOT
from tests.running_service import RunningService

SAMPLES = ROOT / "samples"


@pytest.fixture(scope="module")
def service():
    running = RunningService()
    yield running
    running.end()


def picture(reply: requests.Response) -> Image.Image:
    assert reply.status_code == 200, reply.text
    assert reply.headers["Content-Type"] == "image/png"
    return Image.open(io.BytesIO(reply.content))


def assert_same_luminance(answer: Image.Image, upload: Image.Image) -> None:
    """To within one 8-bit level at every pixel."""
    if upload.mode not in ("L", "RGB"):
        upload = upload.convert("RGB")
    assert answer.size == upload.size
    assert luminance_error(upload, answer.convert("RGB")) <= 1.0


def chroma(image: Image.Image) -> float:
    lab = lab_of(np.asarray(image.convert("RGB")))
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


def portrait() -> Image.Image:
    return Image.open(SAMPLES / "astronaut.jpg").convert("RGB")


def large_photo() -> Image.Image:
    """A color photo of 12 megapixels, with grain."""
    photo = Image.open(SAMPLES / "pagoda.jpg").resize((4000, 3000), Image.Resampling.BICUBIC)
    grain = np.random.default_rng(0).normal(0, 4, (3000, 4000, 1))
    return Image.fromarray((np.asarray(photo) + grain).clip(0, 255).astype(np.uint8))


def test_gray_samples_come_back_in_color(service):
    for path in sorted((SAMPLES / "gray").glob("*.jpg")):
        upload = Image.open(path)
        reply = service.predict(path.read_bytes())
        answer = picture(reply)
        assert_same_luminance(answer, upload)
        assert chroma(answer) > 3, path.name
        assert reply.headers["X-Model"].startswith("color/v")


@pytest.mark.parametrize("name", ["chicago-grey.png", "woman-grey.png"])
def test_the_articles_pictures(service, shared, name):
    data = (shared / "seed" / "img" / name).read_bytes()
    answer = picture(service.predict(data))
    assert_same_luminance(answer, Image.open(io.BytesIO(data)))
    assert chroma(answer) > 3


def test_a_color_photo_of_12_megapixels(service):
    upload = large_photo()
    answer = picture(service.predict(file_of(upload)))
    assert_same_luminance(answer, upload)


def test_a_portrait_with_exif_orientation(service):
    upright = portrait().crop((0, 0, 320, 480))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise to view
    data = file_of(upright.transpose(Image.Transpose.ROTATE_90), "PNG", exif=exif)
    assert_same_luminance(picture(service.predict(data)), upright)


def test_alpha_is_kept(service):
    upload = portrait()
    alpha = Image.linear_gradient("L").resize(upload.size)
    upload.putalpha(alpha)
    answer = picture(service.predict(file_of(upload)))
    assert answer.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(answer.getchannel("A")), np.asarray(alpha))
    assert_same_luminance(answer, upload)


def test_a_16_bit_png(service):
    gray = np.asarray(portrait().convert("L"))
    data = file_of(Image.fromarray(gray.astype(np.uint16) * 257))
    assert_same_luminance(picture(service.predict(data)), Image.fromarray(gray))


def test_a_cmyk_jpeg(service):
    data = file_of(portrait().convert("CMYK"), "JPEG", quality=95)
    answer = picture(service.predict(data))
    assert_same_luminance(answer, Image.open(io.BytesIO(data)).convert("RGB"))


def test_a_palette_gif(service):
    data = file_of(portrait().quantize(64), "GIF")
    answer = picture(service.predict(data))
    assert_same_luminance(answer, Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (5, 3), (401, 259)])
def test_small_and_odd_sizes(service, size):
    upload = portrait().resize(size)
    assert_same_luminance(picture(service.predict(file_of(upload))), upload)


def test_the_articles_own_request(service):
    """Float L* as JSON, posted straight to the predict URL, as the article's client does."""
    gray = portrait().resize((400, 400)).convert("RGB")
    lightness = lab_of(np.asarray(gray))[..., :1]
    body = json.dumps({"instances": [{"input_1": lightness.tolist()}]})
    reply = requests.post(service.predict_url, data=body, timeout=60)
    assert reply.status_code == 200
    assert np.shape(reply.json()["predictions"]) == (1, 400, 400, 2)
    assert np.abs(reply.json()["predictions"]).max() <= 1


def test_32_photos_at_once_each_its_own(service):
    base = Image.open(SAMPLES / "gray" / "pagoda.jpg")
    uploads = [
        base.resize((300, 220)).rotate(11 * i).filter(ImageFilter.GaussianBlur(i / 16))
        for i in range(32)
    ]
    with ThreadPoolExecutor(32) as pool:
        replies = list(pool.map(lambda upload: service.predict(file_of(upload)), uploads))
    for upload, reply in zip(uploads, replies, strict=True):
        assert_same_luminance(picture(reply), upload)


def test_startup_output(service):
    text = service.text
    assert re.search(r"curl -F content_image=@samples/gray/\w+\.jpg localhost:\d+/predict", text)
    assert f"http://localhost:{service.port}/" in text


def test_the_page_and_its_probes(service):
    assert "<html" in requests.get(f"{service.url}/", timeout=60).text
    for probe in ("healthz", "readyz", "metrics"):
        assert requests.get(f"{service.url}/{probe}", timeout=60).status_code == 200

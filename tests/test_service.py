"""The whole service, as `make up` starts it: real programs, the shipped model, real photographs."""

import io
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image, ImageFilter

from training.lab import rgb_to_lab

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "samples"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Service:
    """`python -m local up` on free ports."""

    def __init__(self):
        self.port, self.model_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.predict_url = f"http://127.0.0.1:{self.model_port}/v1/models/my-model:predict"
        ports = ["--port", str(self.port), "--model-port", str(self.model_port)]
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "local", "up", *ports],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        deadline = time.monotonic() + 120
        while not any("curl" in line for line in self.lines):
            assert self.process.poll() is None, "".join(self.lines)
            assert time.monotonic() < deadline, "".join(self.lines)
            time.sleep(0.1)

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.append(line)

    def color(self, data: bytes, **headers: str) -> requests.Response:
        return requests.post(
            f"{self.url}/predict", files={"content_image": data}, headers=headers, timeout=60
        )

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(30)
        self.reader.join(5)
        self.process.stdout.close()
        return code


@pytest.fixture(scope="module")
def service():
    running = Service()
    yield running
    assert running.stop() == 0, "".join(running.lines[-20:])


def picture(reply: requests.Response) -> Image.Image:
    assert reply.status_code == 200, reply.text
    assert reply.headers["Content-Type"] == "image/png"
    return Image.open(io.BytesIO(reply.content))


def file_of(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def gray_level(image: Image.Image) -> np.ndarray:
    """The 8-bit gray level, in fractions, that has each pixel's luminance."""
    lightness = rgb_to_lab(np.asarray(image.convert("RGB")))[..., 0]
    grays = np.arange(256, dtype=np.uint8)[:, None].repeat(3, axis=1)
    return np.interp(lightness, rgb_to_lab(grays)[:, 0], np.arange(256.0))


def assert_same_luminance(answer: Image.Image, upload: Image.Image) -> None:
    assert answer.size == upload.size
    difference = np.abs(gray_level(answer) - gray_level(upload))
    assert difference.max() <= 1.0


def chroma(image: Image.Image) -> float:
    lab = rgb_to_lab(np.asarray(image.convert("RGB")))
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
        reply = service.color(path.read_bytes())
        answer = picture(reply)
        assert_same_luminance(answer, upload)
        assert chroma(answer) > 3, path.name
        assert reply.headers["X-Model"] == "color/v1"


@pytest.mark.parametrize("name", ["chicago-grey.png", "woman-grey.png"])
def test_the_articles_pictures(service, shared, name):
    data = (shared / "seed" / "img" / name).read_bytes()
    answer = picture(service.color(data))
    assert_same_luminance(answer, Image.open(io.BytesIO(data)))
    assert chroma(answer) > 3


def test_a_color_photo_of_12_megapixels(service):
    upload = large_photo()
    answer = picture(service.color(file_of(upload)))
    assert_same_luminance(answer, upload)


def test_a_portrait_with_exif_orientation(service):
    upright = portrait().crop((0, 0, 320, 480))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise to view
    data = file_of(upright.transpose(Image.Transpose.ROTATE_90), "PNG", exif=exif)
    assert_same_luminance(picture(service.color(data)), upright)


def test_alpha_is_kept(service):
    upload = portrait()
    alpha = Image.linear_gradient("L").resize(upload.size)
    upload.putalpha(alpha)
    answer = picture(service.color(file_of(upload)))
    assert answer.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(answer.getchannel("A")), np.asarray(alpha))
    assert_same_luminance(answer, upload)


def test_a_16_bit_png(service):
    gray = np.asarray(portrait().convert("L"))
    data = file_of(Image.fromarray(gray.astype(np.uint16) * 257))
    assert_same_luminance(picture(service.color(data)), Image.fromarray(gray))


def test_a_cmyk_jpeg(service):
    data = file_of(portrait().convert("CMYK"), "JPEG", quality=95)
    answer = picture(service.color(data))
    assert_same_luminance(answer, Image.open(io.BytesIO(data)).convert("RGB"))


def test_a_palette_gif(service):
    data = file_of(portrait().quantize(64), "GIF")
    answer = picture(service.color(data))
    assert_same_luminance(answer, Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (5, 3), (401, 259)])
def test_small_and_odd_sizes(service, size):
    upload = portrait().resize(size)
    assert_same_luminance(picture(service.color(file_of(upload))), upload)


def test_the_articles_own_request(service):
    """Float L* as JSON, posted straight to the predict URL, as the article's client does."""
    gray = portrait().resize((400, 400)).convert("RGB")
    lightness = rgb_to_lab(np.asarray(gray))[..., :1]
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
        replies = list(pool.map(lambda upload: service.color(file_of(upload)), uploads))
    for upload, reply in zip(uploads, replies, strict=True):
        assert_same_luminance(picture(reply), upload)


def test_what_it_printed(service):
    text = "".join(service.lines)
    assert re.search(r"curl -F content_image=@samples/gray/\w+\.jpg localhost:\d+/predict", text)
    assert f"http://localhost:{service.port}/" in text


def test_the_page_and_its_probes(service):
    assert "<html" in requests.get(f"{service.url}/", timeout=10).text
    for probe in ("healthz", "readyz", "metrics"):
        assert requests.get(f"{service.url}/{probe}", timeout=10).status_code == 200

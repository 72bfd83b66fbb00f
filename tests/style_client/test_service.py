"""What goes around the picture: metrics and log by route, readiness, the page, the program."""

import json
import logging
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from style_client.settings import StyleSettings
from tests.color_client.pictures import file_of, opened, scene
from tests.color_client.predictors import Handler, answers
from tests.color_client.program import Program

from .test_style import STYLE, calm, difference, painted

ROOT = Path(__file__).resolve().parent.parent.parent
PHOTO = file_of(calm(60, 40))


def test_metrics_distinguish_routes(client, predictor):
    client.paint(PHOTO, STYLE)
    client.paint(PHOTO, b"hello")
    client.color(PHOTO)
    predictor.behavior = answers(500, b"x")
    client.paint(PHOTO, STYLE)
    lines = client.get("/metrics").text.splitlines()
    upstream = "colorway_client_upstream_seconds_count"
    for line in (
        'colorway_client_requests_total{path="/predict",route="style",status="200"} 1.0',
        'colorway_client_requests_total{path="/predict",route="style",status="415"} 1.0',
        'colorway_client_requests_total{path="/predict",route="style",status="502"} 1.0',
        'colorway_client_requests_total{path="/predict",route="color",status="200"} 1.0',
        'colorway_client_request_seconds_count{path="/predict",route="style"} 3.0',
        f'{upstream}{{outcome="200",route="style",signature="packed"}} 1.0',
        f'{upstream}{{outcome="500",route="style",signature="packed"}} 1.0',
        f'{upstream}{{outcome="200",route="color",signature="packed"}} 1.0',
        'colorway_client_pictures_total{model="style/rule",route="style"} 1.0',
        'colorway_client_pictures_total{model="color/rule",route="color"} 1.0',
    ):
        assert line in lines


def test_log_distinguishes_routes(client, caplog):
    with caplog.at_level(logging.INFO, "web.access"):
        client.paint(PHOTO, STYLE)
        client.color(PHOTO)
    lines = [json.loads(each.message) for each in caplog.records if "access" in each.name]
    assert [(line["route"], line["model"]) for line in lines] == [
        ("style", "style/rule"),
        ("color", "color/rule"),
    ]


def test_server_timing_names_every_stage(client):
    timing = client.paint(PHOTO, STYLE).headers["Server-Timing"]
    assert re.findall(r"([a-z-]+);dur=", timing) == [
        "upload", "decode", "wait", "shrink", "encode-request", "upstream", "decode-reply",
        "merge", "encode", "total",
    ]  # fmt: skip


def test_readiness_of_the_route_that_the_header_names(client, predictor):
    routes = []

    class Asked(Handler):
        def do_GET(self):
            routes.append(self.headers.get("style"))
            super().do_GET()

    predictor.RequestHandlerClass = Asked
    for headers in ({}, {"style": "transfer"}, {"style": "Transfer"}):
        assert client.get("/readyz", headers=headers).status_code == 200
    # Both at first, and then the one that the header names.
    assert routes == ["transfer", None, "transfer", None]


def test_ready_means_that_both_models_have_answered(client, predictor):
    broken = {"transfer"}

    class OneOfTwo(Handler):
        def do_GET(self):
            if self.headers.get("style") in broken:
                self.send_error(503)
            else:
                super().do_GET()

    predictor.RequestHandlerClass = OneOfTwo
    assert client.get("/readyz").status_code == 503
    broken.clear()
    assert client.get("/readyz").status_code == 200
    # Later on the one is no reason to turn away those who ask for the other.
    broken.add("transfer")
    assert client.get("/readyz").status_code == 200
    assert client.get("/readyz", headers={"style": "transfer"}).status_code == 503


def test_many_at_once_are_not_mixed_up(client):
    """Photos and styles of different kinds, both routes, all at the same time."""
    photos = [calm(80 + 3 * seed, 60 + seed, seed) for seed in range(16)]
    styles = [(90 + 5 * seed, 120, 160 - 5 * seed) for seed in range(16)]

    def paint(each: int):
        style = file_of(Image.new("RGB", (40, 40), styles[each]))
        return client.paint(file_of(photos[each]), style)

    with ThreadPoolExecutor(24) as crowd:
        painted_replies = crowd.map(paint, range(16))
        colored = crowd.map(lambda each: client.color(file_of(photos[each])), range(16))
        for each, reply in enumerate(painted_replies):
            assert difference(reply, painted(photos[each], styles[each])) <= 1
        for each, reply in enumerate(colored):
            assert reply.headers["X-Model"] == "color/rule"
            assert opened(reply.content).size == photos[each].size


def test_vividness_of_a_color_request(client):
    def colorfulness(**options) -> float:
        pixels = np.asarray(opened(client.color(file_of(scene(90, 60, 3, "L")), **options).content))
        return float(pixels.astype(float).std(axis=2).mean())

    assert colorfulness(vividness=0) < 1 < colorfulness() < colorfulness(vividness=2)


def test_the_page(client):
    reply = client.get("/")
    assert reply.status_code == 200
    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    links = re.findall(r'(?:src|href)="([^"#:]+)"', reply.text)
    assert {"color-page/page.css", "color-page/icon.svg", "page/style.css"} <= set(links)
    styles = re.findall(r'value="(page/styles/[a-z]+\.jpg)"', reply.text)
    assert len(styles) == 6 and set(styles) <= set(links)
    for link in [*links, "color-page/page.js", "page/style.js"]:
        asset = client.get("/" + link)
        assert asset.status_code == 200
        if not link.endswith((".jpg", ".svg")):
            assert "http://" not in asset.text and "https://" not in asset.text
    for name in ("vividness", "strength", "preserve_color", "style-file"):
        assert f'id="{name}"' in reply.text
    assert (
        "<style" not in reply.text and " style=" not in reply.text and "onclick" not in reply.text
    )


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "style_client", *arguments],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_help_lists_every_setting_and_option():
    done = run("--help")
    assert done.returncode == 0 and done.stderr == ""
    assert "PHOTO ... --out FOLDER" in done.stdout and "--again" in done.stdout
    for name in vars(StyleSettings()):
        assert f"  {name.upper()} (default" in done.stdout
    for name in ("strength", "preserve_color", "max_side", "vividness"):
        assert f"  {name} (default" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "environment", "named"),
    [
        (["--port", "80"], {}, "--port"),
        ([], {"MAX_SIDE": "4000"}, "MAX_SIDE"),
        ([], {"URL": "localhost"}, "URL"),
    ],
)
def test_bad_arguments_and_settings_are_one_line(arguments, environment, named):
    done = run(*arguments, **environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1 and named in done.stderr


def test_neither_tensorflow_nor_another_package_is_imported():
    code = "import style_client.app, sys; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {"tensorflow", "keras", "scipy", "cv2", "training", "serving", "local"}


def test_the_program(predictor, tmp_path):
    """Under gunicorn, with uploads that stay in memory."""
    program = Program(predictor.url, tmp_path, package="style_client", MAX_SIDE="512")
    try:
        photo = calm(1800, 1200)
        files = {"content_image": file_of(photo), "style_image": STYLE}
        reply = program.client.predict(None, files=files, headers={"style": "transfer"})
        assert reply.status_code == 200
        assert opened(reply.content).size == (1800, 1200)
        assert program.client.predict(file_of(photo)).headers["X-Model"] == "color/rule"
        assert list(program.tmp.iterdir()) == []
        assert '"route":"style"' in program.log.read_text()
    finally:
        program.stop()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_memory_at_12_megapixels(predictor, tmp_path):
    program = Program(predictor.url, tmp_path, package="style_client")
    try:

        def paint(photo: bytes, **data) -> int:
            files = {"content_image": photo, "style_image": STYLE}
            headers = {"style": "transfer"}
            return program.client.predict(None, files=files, headers=headers, data=data).status_code

        paint(PHOTO)
        before = program.worker_memory("VmRSS")
        large = file_of(calm(4000, 3000), "JPEG")
        for options in ({}, {"preserve_color": "yes"}):
            assert paint(large, **options) == 200
        # 12 million pixels at 13 bytes, the reply itself and a little.
        assert program.worker_memory("VmHWM") - before < 230
        assert program.worker_memory("VmRSS") - before < 80
    finally:
        program.stop()

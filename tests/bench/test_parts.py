"""The pieces of the bench: photos, the counting proxy, the article's color math, the report."""

import http.client
import io
import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
from PIL import Image

from bench import article_client, memory_part, networks_part, throughput_part
from bench.counting_proxy import CountingProxy
from bench.memory import PROC, Memory
from bench.photos import make_photo
from bench.report import CannotMeasure, Goal, PartResult, Table, as_json, markdown, p50, p95
from bench.whole_service import ab_and_canary
from tests.color_model import write_color_model
from tests.running import ROOT, run


@pytest.mark.parametrize(("name", "size"), [("400x400", (400, 400)), ("1mp", (1152, 864))])
def test_photo_is_a_grainy_color_photo_and_always_the_same(name, size):
    photo = make_photo(name)
    assert photo.jpeg == make_photo(name).jpeg
    assert photo.image.size == size
    assert photo.image.mode == "RGB"
    smooth = io.BytesIO()
    photo.image.resize((size[0] // 4, size[1] // 4)).resize(size).save(
        smooth, "PNG", compress_level=1
    )
    assert photo.level_1_png() > 1.3 * smooth.tell()


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_proxy_passes_on_and_counts_every_byte():
    body = bytes(range(256)) * 1000
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        with CountingProxy(server.server_port) as proxy:
            connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=60)
            for _ in range(2):  # on one kept-alive connection
                proxy.reset()
                connection.request("POST", "/", body)
                assert connection.getresponse().read() == body
            connection.close()
        server.shutdown()
        thread.join()
    head, _, sent = bytes(proxy.sent).partition(b"\r\n\r\n")
    assert head.startswith(b"POST / HTTP/1.1")
    assert sent == body
    head, _, received = bytes(proxy.received).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert received == body


def test_the_articles_color_math():
    rgb = np.random.default_rng(1).random((16, 16, 3))
    lab = article_client.lab_from_rgb(rgb)
    np.testing.assert_allclose(article_client.rgb_from_lab(lab), rgb, atol=1e-5)
    white, red = article_client.lab_from_rgb(np.array([[[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]]]))[0]
    np.testing.assert_allclose(white, [100.0, 0.0, 0.0], atol=0.02)
    np.testing.assert_allclose(red, [53.24, 80.09, 67.20], atol=0.05)


def test_percentiles():
    assert p50([3.0, 1.0, 2.0]) == 2.0
    assert p95([float(number) for number in range(101)]) == 95.0


def test_report():
    result = PartResult(
        [Table("Times", ["", "small"], [["end to end", "1.0"]])],
        ["A note."],
        [Goal("fast", "1 ms", True), Goal("small", "9 MB", False)],
        {"seconds": [0.001]},
    )
    assert markdown("Bench", [result]) == (
        "# Bench\n\n## Times\n\n|  | small |\n| --- | ---: |\n| end to end | 1.0 |\n\nA note.\n\n"
        "## Goals\n\n- fast: 1 ms, **met**\n- small: 9 MB, **not met**\n"
    )
    document = as_json({"cpus": 2}, {"client": result})
    assert document["parts"] == {"client": {"seconds": [0.001]}}
    assert document["goals"][1] == {"text": "small", "measured": "9 MB", "met": False}


def test_picture_that_the_articles_way_returns_is_a_png():
    """Its network is asked for 400×400 whatever the photo, as the article's takes nothing else."""
    requested = []

    class Gray(Echo):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            lightness = np.array(json.loads(body)["instances"][0]["input_1"])
            requested.append(lightness.shape)
            ab = np.zeros((1, *lightness.shape[:2], 2))
            reply = json.dumps({"predictions": ab.tolist()}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

    with HTTPServer(("127.0.0.1", 0), Gray) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/v1/models/my-model:predict"
        png = article_client.color(url, make_photo("1mp").jpeg)
        server.shutdown()
        thread.join()
    assert requested == [(400, 400, 1)]
    with Image.open(io.BytesIO(png)) as picture:
        assert (picture.format, picture.size) == ("PNG", (400, 400))
        pixels = np.asarray(picture).astype(int)
    assert np.ptp(pixels, axis=-1).max() <= 1


@pytest.mark.slow
def test_networks_are_timed_beside_a_u_net_of_nine_gflops(tmp_path):
    """The rule model of the tests has no parameters to speak of; the U-Net has its 9 GFLOPs."""
    write_color_model(tmp_path / "color" / "v2", 2)
    models = [tmp_path / "color" / "v2", ROOT / "models" / "color" / "v1"]
    result = networks_part.measure(models, rounds=2, log=lambda progress: None)
    u_net, model, shipped = (result.numbers[n] for n in ("plain U-Net", "color/v2", "color/v1"))
    assert shipped["parameters"] / 1e6 == pytest.approx(3.2, abs=0.05)  # its constants are float16
    assert 8.0 < u_net["gflops"] <= 9.0
    assert len(u_net["seconds"]) == len(model["seconds"]) == 2
    assert model["parameters"] < 100
    assert [goal.text for goal in result.goals if goal.met][-1].startswith("color/v2: at most 10")


def test_networks_that_cannot_be_loaded_are_reported(tmp_path):
    (tmp_path / "3").mkdir()
    with pytest.raises(CannotMeasure, match="the process that runs the networks ended"):
        networks_part.measure([tmp_path], rounds=1, log=lambda progress: None)


def test_memory_is_reported_for_each_moment():
    moments = {"at rest": Memory(9, 1500.4, 1204.6), "later": Memory(9, 1600.0, None)}
    (table,) = memory_part._result(moments).tables
    assert table.rows == [["at rest", "9", "1,205", "1,500"], ["later", "9", "–", "1,600"]]


def test_an_ab_test_with_a_canary_is_an_application_that_runs():
    with ab_and_canary() as files:
        done = run("local", "render", *files, "--format", "plan", seconds=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("--model_base_path") == 3, done.stdout
    assert "style_client" in done.stdout


@pytest.mark.skipif(not (PROC / "self").exists(), reason="only Linux tells")
def test_the_cores_that_a_child_used_count_after_its_end():
    before = throughput_part._cpu_seconds()
    subprocess.run([sys.executable, "-c", "for _ in range(10**7): pass"], check=True)
    assert throughput_part._cpu_seconds() > before

"""What goes around the picture: ids, timings, log, metrics, health, the page, many at once."""

import json
import logging
import re
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from .pictures import file_of, luminance_error, opened, scene
from .predictors import answers, slow

PHOTO = file_of(scene(60, 40))
UPSTREAM = "colorway_client_upstream_seconds_count"


@pytest.mark.parametrize("request_id", ["a", "A.b_c-9", "x" * 64])
def test_the_callers_request_id_is_kept(client, request_id):
    assert (
        client.predict(PHOTO, headers={"X-Request-ID": request_id}).headers["X-Request-ID"]
        == request_id
    )
    assert (
        client.get("/healthz", headers={"X-Request-ID": request_id}).headers["X-Request-ID"]
        == request_id
    )


@pytest.mark.parametrize("request_id", [None, "", "x" * 65, "a b", "a/b", "é".encode(), "a;b"])
def test_any_other_request_id_is_replaced(client, predictor, request_id):
    made = {client.predict(PHOTO, headers={"X-Request-ID": request_id}).headers["X-Request-ID"]}
    made |= {client.predict(PHOTO, headers={"X-Request-ID": request_id}).headers["X-Request-ID"]}
    assert len(made) == 2 and all(re.fullmatch(r"[0-9a-f]{32}", each) for each in made)
    assert {headers["X-Request-ID"] for headers, _ in predictor.seen} == made


def test_server_timing_names_every_stage(client):
    timing = client.predict(PHOTO).headers["Server-Timing"]
    stages = re.findall(r"([a-z-]+);dur=([0-9.]+)", timing)
    names = [name for name, _ in stages]
    assert names == [
        "upload", "decode", "wait", "lab", "encode-request", "upstream", "decode-reply",
        "merge", "encode", "total",
    ]  # fmt: skip
    taken = {name: float(ms) for name, ms in stages}
    assert sum(taken.values()) <= 2 * taken["total"] + 1


def test_one_line_of_log_for_each_request(client, predictor, caplog):
    with caplog.at_level(logging.INFO, "web.access"):
        client.predict(PHOTO, headers={"X-Request-ID": "one"})
        predictor.behavior = answers(500, b"x")
        client.predict(PHOTO, headers={"X-Request-ID": "two"})
    lines = [json.loads(record.message) for record in caplog.records if record.name == "web.access"]
    assert [line["request_id"] for line in lines] == ["one", "two"]
    assert (lines[0]["status"], lines[0]["model"]) == (200, "color/rule")
    assert lines[0]["path"] == "/predict" and lines[0]["bytes_out"] > 100
    assert lines[0]["stages_ms"]["upstream"] > 0
    assert (lines[1]["status"], lines[1]["problem"]) == (502, "predict-url-error")


def test_metrics(client, predictor):
    client.predict(PHOTO)
    client.predict(b"hello")
    predictor.behavior = answers(500, b"x")
    client.predict(PHOTO)
    client.get("/no-such-page")
    reply = client.get("/metrics")
    assert reply.headers["Content-Type"].startswith("text/plain")
    for line in (
        'colorway_client_requests_total{path="/predict",route="color",status="200"} 1.0',
        'colorway_client_requests_total{path="/predict",route="color",status="415"} 1.0',
        'colorway_client_requests_total{path="/predict",route="color",status="502"} 1.0',
        'colorway_client_requests_total{path="other",route="",status="404"} 1.0',
        'colorway_client_request_seconds_count{path="/predict",route="color"} 3.0',
        'colorway_client_problems_total{code="not-a-picture",path="/predict",route="color"} 1.0',
        'colorway_client_stage_seconds_count{route="color",stage="merge"} 1.0',
        f'{UPSTREAM}{{outcome="200",route="color",signature="packed"}} 1.0',
        f'{UPSTREAM}{{outcome="500",route="color",signature="packed"}} 1.0',
        'colorway_client_pictures_total{model="color/rule",route="color"} 1.0',
        'colorway_client_picture_seconds_count{model="color/rule",route="color"} 1.0',
        "colorway_client_requests_in_progress 1.0",
        "colorway_client_photos_in_progress 0.0",
        "colorway_client_photos_in_progress_limit 64.0",
        "colorway_client_pixels_in_memory 0.0",
        "colorway_client_pixels_in_memory_limit 1e+08",
        "colorway_client_upload_bytes_in_memory 0.0",
        "colorway_client_upload_bytes_in_memory_limit 2e+08",
    ):
        assert line in reply.text.splitlines()


def test_metrics_show_requests_in_progress(client, predictor):
    predictor.behavior = slow(0.5)
    with ThreadPoolExecutor(1) as other:
        asking = other.submit(client.predict, PHOTO)
        while not predictor.seen:
            time.sleep(0.01)
        lines = client.get("/metrics").text.splitlines()
        assert asking.result().status_code == 200
    assert "colorway_client_photos_in_progress 1.0" in lines
    assert "colorway_client_pixels_in_memory 2400.0" in lines


def test_health_and_readiness(client, predictor):
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200
    predictor.state = "LOADING"
    reply = client.get("/readyz")
    assert reply.status_code == 503 and int(reply.headers["Retry-After"]) > 0
    assert client.get("/healthz").status_code == 200


def test_the_page(client):
    reply = client.get("/")
    assert reply.status_code == 200 and reply.headers["Content-Type"].startswith("text/html")
    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    links = re.findall(r'(?:src|href)="([^"#:]+)"', reply.text)
    assert {"page/page.css", "page/color.js", "page/icon.svg"} <= set(links)
    modules = [f"page/{name}.js" for name in ("page", "comparison", "exchange", "full_size")]
    for link in [*links, *modules]:
        asset = client.get("/" + link)
        assert asset.status_code == 200
        # Nothing from elsewhere: the page works with no network. (The icon names its language.)
        if not link.endswith(".jpg"):
            text = asset.text.replace("http://www.w3.org/2000/svg", "")
            assert "http://" not in text and "https://" not in text
    assert len([link for link in links if link.startswith("page/samples/")]) == 6
    assert 'data-max-bytes="25000000"' in reply.text and "up to\n            25 MB" in reply.text
    # What the policy would refuse.
    assert (
        "<style" not in reply.text and " style=" not in reply.text and "onclick" not in reply.text
    )


def test_32_photos_at_once_give_32_right_pictures(client, predictor):
    predictor.behavior = slow(0.2)
    photos = [scene(300 + seed, 200 + 3 * seed, seed) for seed in range(32)]
    with ThreadPoolExecutor(32) as crowd:
        replies = list(
            crowd.map(
                lambda each: client.predict(
                    file_of(photos[each]), headers={"X-Request-ID": f"photo-{each}"}
                ),
                range(32),
            )
        )
    for each, (photo, reply) in enumerate(zip(photos, replies, strict=True)):
        assert reply.status_code == 200
        assert reply.headers["X-Request-ID"] == f"photo-{each}"
        after = opened(reply.content)
        assert after.size == photo.size and luminance_error(photo, after) <= 1


def test_12_megapixels(client):
    photo = scene(4000, 3000, 14)
    data = file_of(photo, "JPEG", quality=90)
    after = opened(client.predict(data).content)
    assert after.size == (4000, 3000)
    assert luminance_error(opened(data), after) <= 1
    assert np.asarray(after.resize((40, 30))).std(axis=2).mean() > 3

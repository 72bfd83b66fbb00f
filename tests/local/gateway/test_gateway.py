"""Envoy with the routes of the article's files, before small HTTP servers in the models' place.

What a real model server does behind it is tested with the Applications (test_style_ab, ...).
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
import yaml

from local.applications.load import load
from local.gateway.envoy import configuration
from local.gateway.routes import routes
from local.ports import free_port
from local.running.gateway import find_envoy, gateway_program
from local.running.program import Child, Program
from local.running.readiness import healthy_ports, not_ready_because, program_not_ready_because
from tests.local.conftest import wait_until
from tests.local.running_applications import ARTICLE

pytestmark = pytest.mark.long(1)

CANARY = (ARTICLE / "color-serving.yaml").read_text()
COLOR = "color-model-serving"
WITHIN_S = 240.0
# By how much Envoy's clock and ours may differ.
CLOCKS_S = 0.1


class Model(ThreadingHTTPServer):
    """Answers with its own name and the path that it was asked for, `delay_s` later."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, name: str, port: int = 0):
        self.name, self.delay_s = name, 0.0
        # What it received, and whether it dies of that.
        self.bodies: list[int] = []
        self.hangs_up = False
        super().__init__(("127.0.0.1", port), _Handler)
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,))
        self.thread.start()

    def handle_error(self, *_):
        """The gateway may have given up waiting."""

    def end(self) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join()


class _Handler(BaseHTTPRequestHandler):
    # As the model server, but one request for each connection: an end is seen at once.
    protocol_version = "HTTP/1.0"

    def do_GET(self):
        self._reply(200, "{}")

    def do_POST(self):
        self.server.bodies.append(len(self.rfile.read(int(self.headers["Content-Length"]))))
        if self.server.hangs_up:
            return
        time.sleep(self.server.delay_s)
        self._reply(200, f"{self.server.name} {self.path}")

    def _reply(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


class Gateway:
    """Envoy for Applications; `models` are the servers of each predictor, by component/name."""

    def __init__(self, folder: Path, text: str):
        (folder / "application.yaml").write_text(text)
        applications, _ = load([folder / "application.yaml"])
        self.models: dict[str, list[Model]] = {}
        ports = {}
        for each in applications[0].components:
            for predictor in getattr(each.properties, "predictors", []):
                name = f"{each.name}/{predictor.name}"
                self.models[name] = [Model(f"{name}/{n}") for n in range(predictor.replicas)]
                ports[f"default/{name}"] = [model.server_port for model in self.models[name]]
        self.port, self.admin_port = free_port(), free_port()
        config = folder / "envoy.yaml"
        written = configuration(*routes(applications, ports), self.port, self.admin_port)
        config.write_text(yaml.safe_dump(written))
        self.program = gateway_program(find_envoy(), config, self.admin_port)
        self.child = Child(self.program, lambda *_: None, lambda _: None)

    def wait_until_ready(self) -> None:
        wait_until(lambda: not_ready_because(self.program.ready_url) is None, WITHIN_S)
        count = sum(map(len, self.models.values()))
        wait_until(lambda: len(healthy_ports(self.admin_port)) == count, WITHIN_S)

    def post(self, path: str, data: bytes = b"{}", **headers: str) -> requests.Response:
        url = f"http://127.0.0.1:{self.port}{path}"
        return requests.post(url, data, headers=headers, timeout=60)

    def predict(self, deployment: str, data: bytes = b"{}", **headers: str) -> requests.Response:
        return self.post(
            f"/seldon/default/{deployment}/v1/models/my-model:predict", data, **headers
        )

    def answer(self, deployment: str, **headers: str) -> str:
        """What a model answers; asked again where this machine was too busy for that."""
        deadline = time.monotonic() + WITHIN_S
        while (reply := self.predict(deployment, **headers)).status_code != 200:
            assert reply.text in ("upstream request timeout", "no healthy upstream")
            assert time.monotonic() < deadline, reply.text
        return reply.text

    def end(self) -> None:
        self.child.kill()
        self.child.wait()
        for model in (model for models in self.models.values() for model in models):
            model.end()


@contextmanager
def running(folder: Path, text: str) -> Iterator[Gateway]:
    gateway = Gateway(folder, text)
    try:
        gateway.wait_until_ready()
        yield gateway
    finally:
        gateway.end()


@pytest.fixture(scope="module")
def canary(tmp_path_factory) -> Iterator[Gateway]:
    with running(tmp_path_factory.mktemp("canary"), CANARY) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def style_ab(tmp_path_factory) -> Iterator[Gateway]:
    text = (ARTICLE / "color-style-ab-serving.yaml").read_text()
    with running(tmp_path_factory.mktemp("style"), text) as gateway:
        yield gateway


@pytest.fixture
def two_replicas(tmp_path) -> Iterator[Gateway]:
    text = (ARTICLE / "training-serving.yaml").read_text().replace("replicas: 1", "replicas: 2")
    with running(tmp_path, text) as gateway:
        yield gateway


def versions(gateway: Gateway) -> Counter[str]:
    """Which predictor answered how many of 400 requests."""
    names = (gateway.answer(COLOR).split("/")[1] for _ in range(400))
    return Counter(names)


def test_half_and_half(canary):
    counted = versions(canary)
    assert counted["model1"] + counted["model2"] == 400
    assert 160 <= counted["model1"] <= 240


def test_ninety_to_ten(tmp_path):
    first, second, rest = CANARY.split("traffic: 50")
    with running(tmp_path, f"{first}traffic: 90{second}traffic: 10{rest}") as gateway:
        counted = versions(gateway)
    assert counted["model1"] + counted["model2"] == 400
    assert 16 <= counted["model2"] <= 64


def test_prefix_is_stripped_and_other_paths_lead_nowhere(canary):
    assert canary.answer(COLOR).split()[1] == "/v1/models/my-model:predict"
    for path in (
        "/",
        "/v1/models/my-model:predict",
        f"/seldon/default/{COLOR}",
        f"/seldon/other/{COLOR}/v1/models/my-model:predict",
        "/seldon/default/nothing/v1/models/my-model:predict",
    ):
        reply = canary.post(path)
        assert (reply.status_code, reply.text) == (404, "")


def test_four_megabytes(canary):
    wait_until(lambda: canary.predict(COLOR, bytes(4_000_000)).status_code == 200, WITHIN_S)


def test_the_header_decides_and_must_be_exact(style_ab):
    def asked(**headers: str) -> str:
        return style_ab.answer("color-ab-serving", **headers).split("/")[0]

    for name in ("style", "Style", "STYLE"):
        assert asked(**{name: "transfer"}) == "style-ab-serving"
    assert asked() == "color-ab-serving"
    for value in ("Transfer", "transfer2", "atransfer", "transfer,transfer", ""):
        assert asked(style=value) == "color-ab-serving"
    for headers in ({}, {"style": "transfer"}):
        reply = style_ab.predict("style-ab-serving", **headers)
        assert (reply.status_code, reply.text) == (404, "")


def test_three_seconds_unless_the_application_says_otherwise(style_ab):
    style, color = (style_ab.models[name][0]
                    for name in ("style-ab-serving/model2", "color-ab-serving/model1"))  # fmt: skip
    style.delay_s = color.delay_s = 4.0
    try:
        assert style_ab.answer("color-ab-serving", style="transfer")
        started = time.monotonic()
        reply = style_ab.predict("color-ab-serving")
        assert time.monotonic() - started >= 3 - CLOCKS_S
    finally:
        style.delay_s = color.delay_s = 0.0
    assert (reply.status_code, reply.text) == (504, "upstream request timeout")
    assert reply.headers["Content-Type"] == "text/plain"


@pytest.mark.slow
def test_ten_seconds_for_style(style_ab):
    style_ab.models["style-ab-serving/model2"][0].delay_s = 12.0
    started = time.monotonic()
    reply = style_ab.predict("color-ab-serving", style="transfer")
    assert time.monotonic() - started >= 10 - CLOCKS_S
    assert (reply.status_code, reply.text) == (504, "upstream request timeout")


def test_replicas_share_and_one_that_is_down_gets_nothing_until_it_is_back(two_replicas):
    name = "demo-serving/model"
    other, second = two_replicas.models[name]

    def answers() -> Counter[str]:
        texts = (two_replicas.answer("demo-serving") for _ in range(60))
        return Counter(text.split()[0] for text in texts)

    assert set(answers()) == {f"{name}/0", f"{name}/1"}
    port = second.server_port
    second.end()
    admin = two_replicas.admin_port
    wait_until(lambda: healthy_ports(admin) == {other.server_port}, WITHIN_S)
    assert set(answers()) == {f"{name}/0"}
    two_replicas.models[name][1] = Model(f"{name}/1", port)
    wait_until(lambda: healthy_ports(admin) == {port, other.server_port}, WITHIN_S)
    assert set(answers()) == {f"{name}/0", f"{name}/1"}
    # The last one: nothing is tried that is known to be down.
    for model in two_replicas.models.pop(name):
        model.end()

    def last_words() -> tuple[int, str]:
        reply = two_replicas.predict("demo-serving")
        return reply.status_code, reply.text

    wait_until(lambda: last_words() == (503, "no healthy upstream"), WITHIN_S)


@pytest.mark.parametrize("size", [10, 4_000_000])
def test_request_a_dead_replica_never_received_is_retried(two_replicas, size):
    name = "demo-serving/model"
    alive, dead = two_replicas.models[name]
    # The health checks need longer than this.
    dead.end()
    with ThreadPoolExecutor(16) as callers:
        replies = list(
            callers.map(lambda data: two_replicas.predict("demo-serving", data), [bytes(size)] * 64)
        )
    codes = [reply.status_code for reply in replies]
    assert set(codes) - {504} == {200}
    # Whole, also where a part of it had gone to the dead one.
    assert alive.bodies.count(size) >= codes.count(200)


def test_request_a_replica_received_is_not_retried(two_replicas):
    models = two_replicas.models["demo-serving/model"]
    for model in models:
        model.hangs_up = True
    reply = two_replicas.predict("demo-serving")
    assert reply.status_code == 503
    assert sum(len(model.bodies) for model in models) == 1


def test_a_model_server_is_ready_once_the_gateway_sends_it_requests(two_replicas):
    model = Model("new")
    try:
        url = f"http://127.0.0.1:{model.server_port}/v1/models/my-model"
        alone = Program("alone", (), ready_url=url)
        assert program_not_ready_because(alone) is None
        # It answers, but this gateway knows nothing of it.
        behind = replace(alone, gateway_admin_port=two_replicas.admin_port)
        unsent = "the gateway does not send it requests yet"
        assert program_not_ready_because(behind) == unsent
        assert program_not_ready_because(replace(alone, gateway_admin_port=free_port())) == unsent
    finally:
        model.end()
    known = two_replicas.models["demo-serving/model"][0]
    ready_url = url.replace(str(model.server_port), str(known.server_port))
    assert program_not_ready_because(replace(behind, ready_url=ready_url)) is None

"""The program itself: `python -m color_client` under gunicorn."""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from .pictures import file_of, luminance_error, opened, scene
from .predictors import slow
from .program import HEAD, ROOT, Program, run


@pytest.fixture
def program(predictor, tmp_path):
    started = []

    def start(**environment: str) -> Program:
        started.append(Program(predictor.url, tmp_path, **environment))
        return started[0]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.stop()


def test_help_lists_every_setting():
    done = run("--help")
    assert done.returncode == 0 and done.stderr == ""
    assert "PHOTO ... --out FOLDER" in done.stdout and "--again" in done.stdout
    for name in ("URL", "PORT", "TIMEOUT_S", "MAX_UPLOAD_MB", "MAX_PIXELS"):
        assert f"  {name} (default" in done.stdout
    assert "  vividness (default 1)" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "environment", "named"),
    [
        (["--port", "80"], {}, "--port"),
        ([], {"PORT": "many"}, "PORT"),
        ([], {"URL": "localhost"}, "URL"),
    ],
)
def test_bad_arguments_and_settings_are_one_line(arguments, environment, named):
    done = run(*arguments, **environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1 and named in done.stderr


def test_photos_are_served_without_touching_the_disk(program):
    running = program()
    photo = scene(1800, 1200, 20)
    data = file_of(photo)  # several times what Werkzeug would keep in memory
    assert len(data) > 1_000_000
    reply = running.client.predict(data)
    assert reply.status_code == 200
    assert luminance_error(photo, opened(reply.content)) <= 1
    assert list(running.tmp.iterdir()) == []
    log = running.log.read_text()
    assert "Listening on http://127.0.0.1:" in log
    assert f'"request_id":"{reply.headers["X-Request-ID"]}"' in log


def test_refused_upload_is_answered_before_it_ends(program):
    running = program(MAX_UPLOAD_MB="1")
    reply = running.client.predict(b"\xff" * 40_000_000)
    assert reply.status_code == 413 and "1000000 bytes" in reply.text
    assert running.client.get("/healthz").status_code == 200


def test_lingering_client_does_not_block_others(program):
    running = program()
    host, port = running.client.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as lingering:
        lingering.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"200 OK" in lingering.recv(1000)
        started = time.monotonic()
        assert running.client.get("/healthz").status_code == 200
        assert time.monotonic() - started < 5


FORM = b"Content-Type: multipart/form-data; boundary=b\r\n"
PART = b'--b\r\nContent-Disposition: form-data; name="content_image"; filename="a"\r\n\r\nabc'


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (HEAD + FORM + b"Content-Length: 1000\r\n\r\n" + PART, 400),
        (HEAD + b"Content-Type: image/png\r\nContent-Length: 1000\r\n\r\nabc", 400),
        (HEAD + FORM + b"Content-Length: %d\r\n\r\n" % len(PART) + PART, 400),
        (HEAD + FORM + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (HEAD + FORM + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc", 400),
        (HEAD + b"Content-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (HEAD + b"Content-Type: image/png\r\n\r\n", 400),
    ],
)
def test_bodies_that_end_early_or_are_garbled(program, request_bytes, status):
    running = program()
    host, port = running.client.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as sock:
        sock.sendall(request_bytes)
        sock.shutdown(socket.SHUT_WR)
        reply = sock.makefile("rb").read()
    assert reply.startswith(b"HTTP/1.1 %d " % status), reply
    assert b"application/problem+json" in reply
    assert running.client.get("/healthz").status_code == 200
    assert "Traceback" not in running.log.read_text()


# A part of the 30 s that gunicorn grants, and more than a busy machine needs.
PROMPT_S = 12


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_memory_at_12_megapixels(program):
    running = program()
    running.client.predict(file_of(scene(400, 300)))
    before = running.worker_memory("VmRSS")
    photo = scene(4000, 3000, 21)
    data = file_of(photo, "JPEG")
    for _ in range(2):
        assert running.client.predict(data).status_code == 200
    # 12 million pixels at 13 bytes, the reply itself and a little.
    assert running.worker_memory("VmHWM") - before < 230
    assert running.worker_memory("VmRSS") - before < 60


def test_sigterm_finishes_what_is_in_progress_and_is_prompt(program, predictor):
    running = program()
    predictor.behavior = slow(0.7)
    replies: list[requests.Response] = []
    photo = file_of(scene(60, 40))
    asking = threading.Thread(target=lambda: replies.append(running.client.predict(photo)))
    asking.start()
    while not predictor.seen:
        time.sleep(0.01)
    assert running.stop() < PROMPT_S
    asking.join()
    assert replies[0].status_code == 200
    assert "Traceback" not in running.log.read_text()


def test_sigterm_when_idle_is_prompt(program):
    running = program()
    with requests.Session() as session:
        session.get(running.client.address + "/healthz", timeout=60)  # a kept-alive connection
        assert running.stop() < PROMPT_S


def test_port_in_use_is_reported(predictor):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(URL=predictor.url, PORT=str(port), HOST="127.0.0.1")
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert f"port {port}: Address already in use" in done.stderr


def test_neither_tensorflow_nor_a_compiler_is_imported():
    code = "import color_client.app, web.server, sys; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {"tensorflow", "keras", "scipy", "cv2", "training", "serving", "local"}


def test_settings_of_other_servers_are_ignored(predictor, tmp_path):
    for_others = {
        "WEB_CONCURRENCY": "many", "FORWARDED_ALLOW_IPS": "everybody", "SENDFILE": "perhaps",
        "SCRIPT_NAME": "/elsewhere",
        "GUNICORN_PID": "1", "GUNICORN_CMD_ARGS": "--nonsense",
    }  # fmt: skip
    program = Program(predictor.url, tmp_path, **for_others)
    assert program.client.predict(file_of(scene(40, 30))).status_code == 200
    program.stop()


def test_flasks_debugging_stays_off():
    script = "import web, flask; print(flask.Flask('app').debug)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT, env={**os.environ, "FLASK_DEBUG": "1"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.stdout == "False\n"

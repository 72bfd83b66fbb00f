"""What gunicorn sees before the application does: slow callers, what is no request, the end."""

import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib

import pytest
import requests

from local.ports import free_port
from tests import node_callers
from tests.color_client.pictures import file_of, scene
from tests.color_client.predictors import slow
from tests.color_client.program import HEAD, Program
from tests.running import ROOT
from web import worker

# More than there are threads: MAX_IN_PROGRESS of 4, and 16 spare ones.
MORE_THAN_THREADS = 30
PHOTO = file_of(scene(60, 40))


@pytest.fixture
def program(predictor, tmp_path):
    started = []

    def start(**environment: str) -> Program:
        started.append(Program(predictor.url, tmp_path, MAX_IN_PROGRESS="4", **environment))
        return started[0]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


def connected(running: Program) -> socket.socket:
    host, port = running.client.address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=60)


def answer_to(running: Program, data: bytes) -> bytes:
    with connected(running) as sock:
        sock.sendall(data)
        return sock.makefile("rb").read()


def wait_for_gauge(running: Program, name: str, zero: bool = True) -> None:
    """Until that gauge of the client is 0, or is not."""
    deadline = time.monotonic() + 60
    while (f"colorway_client_{name} 0.0" in running.client.get("/metrics").text) != zero:
        assert time.monotonic() < deadline, name
        time.sleep(0.02)


def log_of(running: Program) -> list[dict]:
    """Every line that the program has printed; each of them is JSON."""
    return [json.loads(line) for line in running.log.read_text().splitlines()]


def test_connections_without_a_whole_head_hold_no_thread(program, request):
    running = program()
    waiting = [connected(running) for _ in range(MORE_THAN_THREADS)]
    request.addfinalizer(lambda: [sock.close() for sock in waiting])
    for number, sock in enumerate(waiting):
        sock.sendall(HEAD[: number % len(HEAD)])
    assert running.client.get("/healthz").status_code == 200
    assert running.client.predict(PHOTO).status_code == 200
    # Those that go on are answered.
    waiting[1].sendall(HEAD[1:] + b"\r\n")
    assert waiting[1].recv(100).startswith(b"HTTP/1.1 415 ")
    started = time.monotonic()
    reply = waiting[-1].makefile("rb").read()
    assert reply.startswith(b"HTTP/1.1 408 ") and b"application/problem+json" in reply
    assert time.monotonic() - started < worker.HEAD_WITHIN_S + 30


def test_a_head_in_pieces_is_a_request(program):
    running = program()
    with connected(running) as sock:
        for piece in (b"GET /hea", b"lthz HTTP/1.1\r", b"\nHost: x\r\n", b"Connection: close\r\n"):
            sock.sendall(piece)
            time.sleep(0.1)
        sock.sendall(b"\r\n")
        assert b" 200 OK" in sock.makefile("rb").read()
    # Several at once on a connection that is kept.
    twice = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n"
    assert answer_to(running, twice + b"Connection: close\r\n\r\n").count(b" 200 OK") == 2


def test_an_upload_that_takes_too_long_is_answered_408(program):
    running = program(CLIENT_TIMEOUT_S="0.5")
    head = HEAD + b"Content-Type: image/png\r\nContent-Length: 5000\r\n\r\n"
    reply = answer_to(running, head + b"abc")
    assert reply.startswith(b"HTTP/1.1 408 ") and b"CLIENT_TIMEOUT_S" in reply
    with connected(running) as sock:
        sock.sendall(head)
        while not select.select([sock], [], [], 0.1)[0]:
            sock.sendall(b"x")
        assert sock.recv(100).startswith(b"HTTP/1.1 408 ")
    assert running.client.predict(PHOTO).status_code == 200
    (line, *_) = [line for line in log_of(running) if line.get("status") == 408]
    assert line["problem"] == "upload-slow" and "ClientTooSlow" in line["cause"]


def test_caller_that_reads_no_answer_is_disconnected(program):
    running = program(CLIENT_TIMEOUT_S="0.5")
    data = file_of(scene(2000, 1500, 3), "JPEG")
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        host, port = running.client.address.removeprefix("http://").split(":")
        sock.settimeout(60)
        sock.connect((host, int(port)))
        # 9 MB: more than the system would keep for the caller.
        head = b"Accept: image/tiff\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
        sock.sendall(HEAD + head % len(data) + data)
        poll = select.poll()
        poll.register(sock, 0)
        assert poll.poll(60_000)
    # Its place is free soon after the connection is cut, not before.
    for gauge in ("photos_in_progress", "pixels_in_memory"):
        wait_for_gauge(running, gauge)


def test_refused_upload_is_answered_although_unread(program, predictor):
    running = program()
    predictor.behavior = slow(2)
    crowd = [threading.Thread(target=running.client.predict, args=(PHOTO,)) for _ in range(4)]
    for thread in crowd:
        thread.start()
    while len(predictor.seen) < 4:
        time.sleep(0.01)
    body = bytes(20_000_000)
    head = HEAD + b"Content-Type: image/png\r\nContent-Length: %d\r\n\r\n" % len(body)
    with connected(running) as sock:
        sock.sendall(head + body)
        assert sock.makefile("rb").read().startswith(b"HTTP/1.1 503 ")
    for thread in crowd:
        thread.join()


@pytest.mark.parametrize("waits", [True, False])
def test_an_announced_length_over_the_limit_is_refused_before_a_byte_comes(program, waits):
    running = program(MAX_UPLOAD_MB="1")
    head = HEAD + b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1070000\r\n"
    with connected(running) as sock:
        sock.sendall(head + (b"Expect: 100-continue\r\n\r\n" if waits else b"\r\n"))
        reply = sock.makefile("rb").read()
    assert reply.startswith(b"HTTP/1.1 413 ") and b"Connection: close" in reply


def test_100_continue_is_sent(program):
    running = program()
    head = HEAD + b"Content-Type: image/png\r\nConnection: close\r\nContent-Length: %d\r\n"
    with connected(running) as sock, sock.makefile("rb") as answers:
        sock.sendall(head % len(PHOTO) + b"Expect: 100-continue\r\n\r\n")
        assert answers.readline().startswith(b"HTTP/1.1 100 ") and answers.readline() == b"\r\n"
        sock.sendall(PHOTO)
        assert answers.readline().startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(("path", "status"), [("/predict", 413), ("/", 405), ("/nothing", 404)])
def test_every_refused_caller_gets_the_reason(program, path, status):
    running = program(MAX_UPLOAD_MB="1")
    replies: list[requests.Response] = []

    def call() -> None:
        data, kind = bytes(4_000_000), {"Content-Type": "image/png"}
        replies.append(requests.post(running.client.address + path, data, headers=kind, timeout=60))

    callers = [threading.Thread(target=call) for _ in range(48)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert [reply.status_code for reply in replies] == [status] * 48
    assert {reply.headers["Connection"] for reply in replies} == {"close"}


@pytest.mark.parametrize("package", ["color_client", "style_client"])
def test_refused_node_callers_get_the_reason(predictor, tmp_path, package):
    running = Program(predictor.url, tmp_path, package, MAX_IN_HAND="4", MAX_UPLOAD_MB="1")
    try:
        for path, status in (("/predict", 413), ("/", 405), ("/nothing", 404)):
            assert node_callers.answers(running.client.address + path, 4_000_000) == {status: 48}
    finally:
        running.stop()


def test_uploads_together_have_a_limit(program):
    running = program(MAX_UPLOAD_MB_IN_MEMORY="0.1")
    head = HEAD + b"Content-Type: image/png\r\nContent-Length: 90000\r\n\r\n"
    with connected(running) as sock:
        sock.sendall(head + bytes(80_000))
        wait_for_gauge(running, "upload_bytes_in_memory", zero=False)
        reply = running.client.predict(
            None, data=bytes(90_000), headers={"Content-Type": "image/png"}
        )
        assert reply.status_code == 503 and reply.json()["code"] == "overloaded"
        assert int(reply.headers["Retry-After"]) > 0
        assert running.client.predict(PHOTO).status_code == 200
    wait_for_gauge(running, "upload_bytes_in_memory")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (b"POST /predict HTTP/3.0\r\n\r\n", 400),
        (b"GET /%s HTTP/1.1\r\n\r\n" % (b"a" * 9000), 414),
        (HEAD + b"X: %s\r\n\r\n" % (b"a" * 9000), 431),
        (HEAD + b"X: y\r\n" * 500 + b"\r\n", 431),
        (HEAD + b"Bad Name: x\r\n\r\n", 400),
        (HEAD + b"Expect: a-miracle\r\n\r\n", 417),
        (HEAD + b"Transfer-Encoding: nonsense\r\n\r\n", 501),
        (HEAD + b"Content-Length: many\r\n\r\n", 400),
    ],
)
def test_malformed_request_gets_a_logged_problem_with_an_id(program, data, status):
    running = program()
    head, _, body = answer_to(running, data).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), head
    problem = json.loads(body)
    assert (problem["status"], problem["code"]) == (status, "not-a-request")
    assert b"X-Request-ID: " + problem["request_id"].encode() in head
    (line,) = [each for each in log_of(running) if each.get("request_id") == problem["request_id"]]
    assert line["status"] == status and line["cause"]


def test_a_length_beyond_all_numbers(program):
    running = program()
    length = b"Content-Type: image/png\r\nContent-Length: 99999999999999999999\r\n\r\n"
    assert answer_to(running, HEAD + length).startswith(b"HTTP/1.1 413 ")
    assert [line["status"] for line in log_of(running) if "bytes_in" in line] == [413]


def test_every_line_is_json_and_no_line_is_long(program):
    running = program()
    running.client.predict(b"\x89PNG\r\n\x1a\nbroken")
    running.client.get("/" + "a" * 3000)
    running.client.predict(None, data=b"x", headers={"Content-Type": "multipart/form-data"})
    assert "Listening on http://127.0.0.1:" in log_of(running)[0]["message"]
    assert max(map(len, running.log.read_text().splitlines())) < 1000
    (broken,) = [line for line in log_of(running) if line.get("problem") == "picture-broken"]
    assert broken["cause"]


def test_texts_of_a_png_that_inflate_to_megabytes(program):
    running = program()
    text = b"zTXtT\0\0" + zlib.compress(bytes([65]) * 1_000_000)
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    photo = file_of(scene(60, 40))
    assert running.client.predict(photo[:33] + 3 * chunk + photo[33:]).status_code == 200
    assert running.client.predict(photo[:33] + 50 * chunk + photo[33:]).status_code == 400


def test_sigterm_refuses_new_callers_and_finishes_uploads(program, predictor):
    running = program()
    head = b"Content-Type: image/png\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    request = HEAD + head % len(PHOTO) + PHOTO
    predictor.behavior = slow(0.5)
    with connected(running) as sock:
        sock.sendall(request[: len(request) // 2])
        wait_for_gauge(running, "photos_in_progress", zero=False)
        running.process.terminate()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                connected(running).close()
            except ConnectionRefusedError:
                break
            time.sleep(0.02)
        else:
            pytest.fail("connections are still accepted")
        sock.sendall(request[len(request) // 2 :])
        reply = sock.makefile("rb").read()
    assert reply.startswith(b"HTTP/1.1 200 ") and reply.endswith(b"IEND\xaeB`\x82")
    assert running.process.wait(60) == 0
    with pytest.raises(requests.ConnectionError):
        running.client.get("/healthz")


# SIGTERM comes while the worker starts, before or after it has signal handlers of its own.
STOPPED_EARLY = """
import os, signal, sys, time
import color_client.__main__ as program
from web import memory, worker
owner, name = {"before": (worker.Worker, "init_process"),
               "after": (memory, "limit_free_memory")}[os.environ["WHEN"]]
whole = getattr(owner, name)
def stop(*arguments):
    os.kill(os.getppid(), signal.SIGTERM)
    time.sleep(0.5)
    return whole(*arguments)
setattr(owner, name, stop)
sys.exit(program.main())
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_sigterm_during_the_start_of_a_worker(when):
    url = "http://127.0.0.1:1/v1/models/m:predict"
    environment = {"HOST": "127.0.0.1", "PORT": str(free_port()), "URL": url}
    done = subprocess.run(
        [sys.executable, "-c", STOPPED_EARLY], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, **environment, "WHEN": when}, timeout=40,
    )  # fmt: skip
    assert done.returncode == 0
    assert "Listening on" in done.stdout
    assert "xception" not in done.stdout + done.stderr

"""The HTTP exchange by itself: TLS, kept-alive connections, and the deadline under them."""

import shutil
import socket
import ssl
import subprocess
import threading
import time

import pytest

from predict_url.http_exchange import HttpPool, NotHttp, Unreachable
from tests.color_client.predictors import PATH, Predictor, answers, sends, trickles
from web.deadline import Deadline, DeadlineExceeded


@pytest.fixture
def pool(predictor):
    pool = HttpPool(predictor.url)
    yield pool
    pool.close()


def post(pool: HttpPool, seconds: float = 5.0, **options):
    return pool.exchange("POST", PATH + ":predict", Deadline(seconds), {}, b"{}", **options)


def test_a_connection_is_kept_and_used_again(pool, predictor):
    predictor.behavior = answers(200, b"hello")
    for _ in range(5):
        assert post(pool).body == b"hello"
    assert len(predictor.connections) == 1


def test_a_connection_that_the_server_closes_is_not_kept(pool, predictor):
    predictor.behavior = sends(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end")
    for _ in range(3):
        assert post(pool).body == b"to the end"
    predictor.behavior = sends(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold")
    assert post(pool).body == b"old"


def test_chunks(pool, predictor):
    predictor.behavior = sends(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
    )
    assert post(pool).body == b"abcdefg"


def test_many_threads_share_it(pool, predictor):
    predictor.behavior = lambda handler, request: handler.say(200, request)
    wrong = []

    def ask(number: int) -> None:
        for turn in range(10):
            body = b'{"n": %d}' % (100 * number + turn)
            reply = pool.exchange("POST", PATH + ":predict", Deadline(10), {}, body)
            if reply.body != body:
                wrong.append((body, reply.body))

    crowd = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert not wrong
    assert len(predictor.connections) <= 16


def test_the_size_of_a_reply_is_limited(pool, predictor):
    predictor.behavior = answers(200, b"x" * 1001)
    with pytest.raises(NotHttp):
        post(pool, max_bytes=1000)
    predictor.behavior = sends(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000)
    with pytest.raises(NotHttp):
        post(pool, max_bytes=1000)
    predictor.behavior = answers(200, b"x" * 1000)
    assert len(post(pool, max_bytes=1000).body) == 1000


def test_no_exchange_after_the_deadline(pool, predictor):
    with pytest.raises(DeadlineExceeded):
        post(pool, 0.0)
    assert predictor.seen == []


def test_a_late_reply_is_not_taken_for_the_next_one(pool, predictor):
    predictor.behavior = trickles(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate", 0.02)
    with pytest.raises(DeadlineExceeded):
        post(pool, 0.1)
    predictor.behavior = answers(200, b"next")
    assert post(pool).body == b"next"


def test_a_resolver_that_hangs(pool, monkeypatch):
    awake = threading.Event()
    real = socket.getaddrinfo
    # Not a name server of ours to silence, so the call itself hangs.
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: (awake.wait(60), real(*a, **k))[1])
    started = time.monotonic()
    with pytest.raises(Unreachable, match="not resolved"):
        post(pool, 0.2)
    assert time.monotonic() - started < 10
    awake.set()


@pytest.fixture
def tls_predictor(tmp_path, monkeypatch):
    """A predict URL behind TLS, with a certificate that this process trusts."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-keyout", key, "-out", certificate, "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = Predictor()
    server.socket = context.wrap_socket(server.socket, server_side=True)
    yield server, certificate, monkeypatch
    server.stop()


def test_tls(tls_predictor):
    server, certificate, monkeypatch = tls_predictor
    server.behavior = answers(200, b"secret")
    url = f"https://localhost:{server.server_port}{PATH}:predict"
    stranger = HttpPool(url)
    with pytest.raises(Unreachable, match="certificate"):
        post(stranger)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    pool = HttpPool(url)
    for _ in range(3):
        assert post(pool).body == b"secret"
    pool.close()

"""Bad input and real faults: the right status, a line in the log, and the next request served."""

import base64
import gzip
import http.client
import os
import signal
import socket
import threading
import time
from contextlib import closing

import pytest

MB = 2**20
CHUNKED = {"Transfer-Encoding": "chunked"}


@pytest.fixture(autouse=True)
def _still_serves(server):
    yield
    assert server.predict({"instances": [1.0, 2.0]}).json == {"predictions": [2.5, 3.0]}
    assert "Traceback" not in server.log


def raw(server, data: bytes, *, wait: float = 10.0) -> bytes:
    """What the server answers to these bytes before it closes or `wait` seconds pass."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=wait) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except TimeoutError:
            pass
        return answer


HEAD = b"POST /v1/models/hpt:predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


@pytest.mark.parametrize("depth", [65, 300, 900, 5000, 200_000])
@pytest.mark.parametrize("key", ["instances", "inputs"])
def test_deep_nesting(server, depth, key):
    reply = server.predict(f'{{"{key}": {"[" * depth}1{"]" * depth}}}')
    assert reply.status == 400
    assert len(reply.error) < 1000


def test_deep_nesting_with_a_token_that_only_the_slow_parser_reads(server):
    assert server.predict('{"instances": ' + "[" * 100_000 + "NaN").status == 400
    assert server.predict('{"instances": ' + "[" * 800 + "NaN" + "]" * 800 + "}").status == 400
    assert server.predict('{"a": ' * 5000 + "NaN" + "}" * 5000).status == 400


def test_deep_nesting_of_objects(server):
    assert server.predict('{"instances": [' + '{"a": ' * 500 + "1" + "}" * 500 + "]}").status == 400


@pytest.mark.parametrize(
    "document",
    [
        b'{"instances": ["\xff"]}',
        b'{"instances": [1.0, \xff]}',
        b"\x00",
        b'{"instances": [1.0',
        b'{"instances": [0x10]}',
        b'{"instances": [01]}',
        b'{"instances": [1.0,]}',
        b'{"instances": ["\\ud800"]}',
        b'{"instances": [' + b"9" * 5000 + b"]}",
        b'{"instances": [1e999]}',
        b'{"instances": [NaN, 1e999]}',
        b'{"instances": [{"x": {"y": 1}}]}',
        b'{"instances": [{}]}',
        b'{"inputs": {}}',
        b'{"inputs": null}',
        b'{"instances": {"x": 1}}',
        b'"instances"',
        b"null",
        b"NaN",
    ],
)
def test_documents_that_are_wrong(server, document):
    reply = server.predict(document)
    assert reply.status == 400
    assert reply.error


def test_unusual_but_valid_documents(server):
    for text in ("Inf", "Infinity", "NaN", "-Inf", "-Infinity"):
        assert server.predict(f'{{"instances": [{text}]}}').status == 200
    document = '{"signature_name": "S", "instances": ["a Inf b", "\\"Inf", NaN]}'
    assert server.predict(document).status == 400
    document = '{"signature_name": "S", "x": Inf, "instances": ["a Inf b", "\\"Inf"]}'
    assert server.predict(document).json == {"predictions": ["a Inf b", '"Inf']}


def test_a_flood_of_nan(server):
    reply = server.predict('{"instances": [' + ",".join(["NaN"] * 100_000) + "]}")
    assert reply.status == 200
    assert reply.body.count(b"NaN") == 100_000


def test_only_the_graph_knows_which_shapes_it_takes(server):
    reply = server.predict({"signature_name": "pairs", "instances": [1.0, 2.0, 5.0]})
    assert reply.json == {"predictions": [2.5, 3.0, 4.5]}
    reply = server.predict({"signature_name": "product", "instances": [[1, 2, 3]]})
    assert reply.status == 400
    assert "Matrix size-incompatible: In[0]: [1,3], In[1]: [2,1]" in reply.error
    reply = server.predict({"signature_name": "product", "instances": [[1, 2]]})
    assert reply.json == {"predictions": [[3.0]]}


def test_a_model_that_raises(server):
    b64 = base64.b64encode(b"no picture").decode()
    reply = server.predict({"signature_name": "raises", "instances": [{"b64": b64}]})
    assert reply.status == 400
    assert "Graph execution" not in reply.error
    assert "\n" not in reply.error


def test_out_of_scope_is_501(server):
    for path in (":classify", ":regress", "/versions/123:classify", "/labels/stable:regress"):
        reply = server.predict({"instances": [1.0]}, f"/v1/models/hpt{path}")
        assert reply.status == 501
        assert "This server has no" in reply.error


def test_unknown_label(server):
    for reply in (
        server.predict({"instances": [1.0]}, "/v1/models/hpt/labels/stable:predict"),
        server.request("GET", "/v1/models/hpt/labels/stable/metadata"),
        server.request("GET", "/v1/models/hpt/labels/stable"),
    ):
        assert reply.status == 400
        assert reply.error == "Unrecognized servable version label: stable"


def test_a_gzip_bomb(server):
    bomb = gzip.compress(b'{"instances": [' + b" " * (150 * MB), 9)
    assert len(bomb) < MB
    reply = server.predict(bomb, Content_Encoding="gzip")
    assert reply.status == 400
    assert "inflates to more than" in reply.error


@pytest.mark.parametrize("cut", [1, 5, 12, 20])
def test_gzip_that_is_cut_off(server, cut):
    body = gzip.compress(b'{"instances": [1.0, 2.0]}')[:-cut]
    assert server.predict(body, Content_Encoding="gzip").status == 400


def test_a_body_that_is_too_large_is_refused_before_it_is_read(server):
    answer = raw(server, HEAD + b"Content-Length: 104857601\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"smaller batches" in answer


def test_a_large_body_in_chunks_is_refused_as_it_comes(server):
    def chunks():
        for _ in range(110):
            yield b" " * MB

    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        try:
            connection.request(
                "POST", "/v1/models/hpt:predict", chunks(), CHUNKED, encode_chunked=True
            )
            status = connection.getresponse().status
        except (ConnectionError, http.client.HTTPException):
            status = 413  # closed while we were sending
    assert status == 413


def test_a_chunked_body(server):
    parts = iter([b'{"instances": ', b"[1.0, 2.0]}"])
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.request("POST", "/v1/models/hpt:predict", parts, CHUNKED, encode_chunked=True)
        assert connection.getresponse().read() == b'{"predictions":[2.5,3.0]}'


def test_a_body_of_almost_100_mb(server):
    body = b'{"instances": [1.0], "x": "' + b"a" * (100 * MB - 100) + b'"}'
    assert server.predict(body).json == {"predictions": [2.5]}


def test_bytes_that_are_not_http(server):
    assert b"400" in raw(server, os.urandom(2000) + b"\r\n\r\n").split(b"\r\n")[0]
    assert b"400" in raw(server, HEAD + b"Content-Length: abc\r\n\r\n").split(b"\r\n")[0]
    assert b"400" in raw(server, HEAD + b"Content-Length: -5\r\n\r\n").split(b"\r\n")[0]


def test_disconnecting_clients(server):
    length = b"Content-Length: 1000000\r\n\r\n"
    for data in (b"", b"POS", HEAD, HEAD + length, HEAD + length + b'{"instances": [1'):
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", server.port)) as connection:
                connection.sendall(data)
    body = b'{"signature_name": "slow", "instances": [60]}'
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def test_a_body_shorter_than_announced(server):
    answer = raw(server, HEAD + b'Content-Length: 100\r\n\r\n{"instances": [1.0]}')
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"shorter than its Content-Length" in answer


def test_clients_that_stall_do_not_keep_others_waiting(server):
    stalled = []
    try:
        for _ in range(30):
            connection = socket.create_connection(("127.0.0.1", server.port))
            connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")
            stalled.append(connection)
        started = time.monotonic()
        assert server.predict({"instances": [1.0]}).status == 200
        assert time.monotonic() - started < 10  # 30 s until the others are given up
    finally:
        for connection in stalled:
            connection.close()


@pytest.mark.slow
def test_stalled_client_is_disconnected(server):
    from serving.server import CLIENT_SECONDS

    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.settimeout(CLIENT_SECONDS + 10)
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")
        assert connection.recv(1000).startswith(b"HTTP/1.1 408 ")
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.settimeout(CLIENT_SECONDS + 10)
        connection.sendall(HEAD[:40])
        assert b"HTTP/1.1 2" not in connection.recv(1000)


def test_many_callers_get_their_own_answers(server):
    wrong = []

    def call(number: int) -> None:
        for step in range(10):
            value = float(number * 100 + step)
            reply = server.predict({"instances": [value]})
            if reply.json != {"predictions": [value / 2 + 2]}:
                wrong.append((number, reply.body))

    threads = [threading.Thread(target=call, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_worker_that_is_killed_is_replaced(server):
    worker = server.worker()
    os.kill(worker, signal.SIGKILL)
    # The port stays open, so the request waits for the new worker.
    assert server.predict({"instances": [4.0]}).json == {"predictions": [4.0]}
    assert server.worker() != worker
    assert "SIGKILL" in server.log


def test_invalid_chunk_size(server):
    bad = HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"
    answer = raw(server, bad)
    assert answer.startswith(b"HTTP/1.1 400 ") and b"cannot be read" in answer
    answer = raw(server, HEAD + b"Transfer-Encoding: chunked\r\n\r\n40\r\n{}")
    assert answer.startswith(b"HTTP/1.1 400 ") and b"ends early" in answer


def test_every_refused_caller_gets_the_reason(server):
    body, replies = b" " * 4 * MB, []

    def call() -> None:
        replies.append(server.request("POST", "/v1/models/hpt:nothing", body))

    callers = [threading.Thread(target=call) for _ in range(48)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert [reply.status for reply in replies] == [400] * 48
    assert {reply.headers["Connection"] for reply in replies} == {"close"}


def test_slow_and_idle_callers_do_not_keep_others_waiting(server):
    """More of them than there are threads, and than there are connections."""
    waiting = []
    try:
        for number in range(330):
            connection = socket.create_connection(("127.0.0.1", server.port))
            connection.sendall(HEAD[: number % 40])
            waiting.append(connection)
        started = time.monotonic()
        assert server.states() == {123: "AVAILABLE"}
        assert server.predict({"instances": [1.0]}).status == 200
        assert time.monotonic() - started < 8
    finally:
        for connection in waiting:
            connection.close()

"""The client as a program: callers who are slow or talk nonsense, and what it says at its start."""

import json
import socket

import pytest
import requests

from tests.feedback.storm import running_client

pytestmark = pytest.mark.slow
HEAD = b"POST /feedback HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """(address, log) of a client whose callers have a second."""
    folder = tmp_path_factory.mktemp("served")
    db = f"sqlite:///{folder / 'votes.db'}"
    with running_client(db, folder / "log", CLIENT_TIMEOUT_S="1") as (_, address):
        yield address, folder / "log"


def answer(address: str, sent: bytes) -> tuple[int, str]:
    """The status and code of what comes back; nothing more is sent."""
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(sent)
        reply = b""
        while block := connection.recv(65_536):
            reply += block
    head, _, body = reply.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["code"]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b'Content-Length: 100\r\n\r\n{"receipt"', (408, "upload-slow")),
        (b"Content-Length: 99999999\r\n\r\n{", (413, "too-many-bytes")),
        (
            b"Transfer-Encoding: chunked\r\n\r\n" + b"4e20\r\n" + 20_000 * b" " + b"\r\n0\r\n\r\n",
            (413, "too-many-bytes"),
        ),
        (b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n", (400, "upload-broken")),
        (b"Content-Length: 0\r\nConnection: close\r\n\r\n", (400, "bad-json")),
    ],
)
def test_bodies_that_do_not_match_their_headers(served, sent, expected):
    address, _ = served
    assert answer(address, HEAD + sent) == expected
    assert requests.get(address + "/healthz", timeout=60).status_code == 200


def test_no_address_and_no_secret_is_logged(served):
    address, log = served
    requests.post(address + "/feedback", json={"receipt": "x", "rating": 1}, timeout=60)
    content = log.read_text()
    assert "receipt-unknown" in content
    assert "127.0.0.1" not in content.replace("Listening on http://127.0.0.1", "")
    assert "the key of the storm" not in content and "Traceback" not in content

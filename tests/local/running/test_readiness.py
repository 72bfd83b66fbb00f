"""Does it answer?"""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from local.ports import free_port
from local.running.readiness import not_ready_because


@pytest.fixture
def answering():
    """An HTTP server; call it with a status, a reason and a body for its next replies."""
    reply = [200, "OK", b""]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(*reply[:2])
            self.send_header("Content-Length", str(len(reply[2])))
            self.end_headers()
            self.wfile.write(reply[2])

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()

        def answer(status: int, reason: str, body: bytes) -> str:
            reply[:] = status, reason, body
            return f"http://127.0.0.1:{server.server_port}/readyz"

        yield answer
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ((200, "OK", b"ready"), None),
        ((503, "Unavailable", b'{"detail": "No\\n version."}'), "503 No version."),
        ((503, "Unavailable", b"<html>"), "503 Unavailable"),
        ((404, "Not Found", b"[1]"), "404 Not Found"),
    ],
)  # fmt: skip
def test_reason(answering, reply, reason):
    assert not_ready_because(answering(*reply)) == reason


def test_nobody_listens():
    assert not_ready_because(f"http://127.0.0.1:{free_port()}/") == "Connection refused"


def test_proxy_settings_are_ignored(answering, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    assert not_ready_because(answering(200, "OK", b"")) is None

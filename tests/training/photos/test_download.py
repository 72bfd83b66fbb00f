"""Downloads from a real server on loopback: once, checked, whole or not at all."""

import hashlib
import http.server
import threading

import pytest

from training.photos.download import fetch, is_url
from training.photos.sources import DataError

CONTENT = b"zip" * 700_000


class Handler(http.server.BaseHTTPRequestHandler):
    requests = 0

    def do_GET(self):
        type(self).requests += 1
        if self.path == "/absent.zip":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: 1_200_000 if "short" in self.path else None])

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


def test_downloads_once_with_progress(server, tmp_path):
    progress = []
    path = fetch(f"{server}/a.zip", tmp_path, progress=lambda *p: progress.append(p))
    assert path.read_bytes() == CONTENT
    assert progress[-1] == (len(CONTENT), len(CONTENT))
    before = Handler.requests
    assert fetch(f"{server}/a.zip", tmp_path) == path
    assert Handler.requests == before


def test_checks_the_sum(server, tmp_path):
    right = hashlib.sha256(CONTENT).hexdigest()
    assert fetch(f"{server}/b.zip", tmp_path, right.upper()).exists()
    with pytest.raises(DataError, match=f"{right}, expected 0000"):
        fetch(f"{server}/b.zip", tmp_path, "0" * 64)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "message"), [("absent.zip", "Not Found"), ("short.zip", "of 2100000 bytes")]
)
def test_what_does_not_arrive_whole_is_not_kept(server, tmp_path, path, message):
    with pytest.raises(DataError, match=message):
        fetch(f"{server}/{path}", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_server_that_does_not_run(tmp_path):
    with pytest.raises(DataError, match="cannot download"):
        fetch("http://127.0.0.1:9/a.zip", tmp_path)


def test_invalid_url(tmp_path):
    with pytest.raises(DataError, match="cannot download"):
        fetch("http://127.0.0.1:9/my photos.zip", tmp_path)


def test_file_urls(tmp_path):
    (tmp_path / "my photos.zip").write_bytes(CONTENT)
    url = (tmp_path / "my photos.zip").as_uri()
    assert is_url(url)
    assert not is_url("photos.zip")
    assert fetch(url, tmp_path / "cache").read_bytes() == CONTENT

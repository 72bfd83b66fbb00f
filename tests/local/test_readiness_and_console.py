"""Does it answer, and how is that shown?"""

import io
import re
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from rich.console import Console as Printer

from local.console import Console
from local.ports import free_port
from local.readiness import not_ready_because
from local.state import Row
from local.table import components_table


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


def test_a_proxy_in_the_environment_is_not_asked(answering, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    assert not_ready_because(answering(200, "OK", b"")) is None


ROW = Row("app", "default", "demo", "webservice", "running", True, "Ready:1/1", 0, 1e9,
          (("Service/default/demo", "http://localhost:3333"),))  # fmt: skip


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_table_stays_below_the_lines_on_a_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    console = Console(out, ["demo"])
    console.rows([ROW])
    console.line(("app", "demo"), "demo", "hello [bold]")
    console.close()
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue())
    assert "demo  | hello [bold]" in shown
    before, after = shown.split("hello [bold]")
    for part in (before, after):
        assert re.search(r"app +demo +webservice +running +healthy +Ready:1/1 +0 ", part)
        assert re.search(r"\| local +\| Service/default/demo +\| http://localhost:3333 \|", part)


def test_names_are_whole_where_the_terminal_is_narrow():
    long = replace(ROW, application="color-style-ab-serving", component="color-ab-serving",
                   phase="restarting", detail="Ready:0/1, it ended with signal 9 (SIGKILL)",
                   healthy=False)  # fmt: skip
    for width in (80, 100, 200):
        out = io.StringIO()
        Printer(file=out, width=width).print(components_table([long, long, long], width))
        lines = out.getvalue().splitlines()
        assert all(len(line) <= width for line in lines)
        assert re.search(r"color-style-ab-serving +color-ab-serving .*restarting", lines[1])
        assert "Ready:0/1, it ended" in lines[1]
        assert lines[2].startswith("├─")
        assert lines[3].startswith("└─")
    assert "signal 9 (SIGKILL)" in lines[1]
    assert "2001-09-09" in lines[1]


def test_elsewhere_each_change_is_a_line():
    out = io.StringIO()
    console = Console(out, ["demo"])
    console.rows([ROW])
    console.rows([replace(ROW, detail="something else")])
    console.rows([replace(ROW, phase="restarting", healthy=False, detail="exit code 1")])
    assert out.getvalue().splitlines() == [
        "local | app/demo  webservice  running  healthy  Ready:1/1",
        "local | app/demo  webservice  restarting  unhealthy  exit code 1",
    ]


def test_a_closed_output_is_no_end():
    out = io.StringIO()
    console = Console(out, [])
    out.close()
    console.say("to nobody")
    console.rows([ROW])
    console.show_endpoints([ROW])
    console.close()

"""What web.worker takes from inside gunicorn's thread worker is still there, and as it was.

Fails when gunicorn moves: then read gunicorn's changes beside the file of web/ that is named, run
`make soak`, and raise the pin in pyproject.toml.
"""

import inspect
from importlib.metadata import requires, version

import pytest
from gunicorn import arbiter
from gunicorn.http import body, errors, message, wsgi
from gunicorn.workers import base, gthread

# Overridden, called by us, or called by the loop that calls ours: the parameters of each.
METHODS = {
    "init_process": "self",
    "accept": "self, listener",
    "enqueue_req": "self, conn",
    "on_pending_socket_readable": "self, conn, client",
    "murder_pending": "self",
    "murder_keepalived": "self, force",
    "notify": "self",
    "handle": "self, conn",
    "handle_request": "self, req, conn",
    "handle_error": "self, req, client, addr, exc",
    "set_accept_enabled": "self, enabled",
    "_cap_keepalive": "self, deadline",
}
# What we read or set: where gunicorn itself uses it.
USES = {
    gthread: (
        "self.nr_conns += 1",
        "self.nr_conns -= 1",
        "self.worker_connections",
        "self.pending_conns",
        "self.keepalived_conns",
        "self.poller.register(",
        "self.sockets",
        "self.alive",
        "self.murder_pending()",
        "self.murder_keepalived()",
        "self.notify()",
        "conn.data_ready",
        "conn.timeout",
        "conn.parser.unreader.buf",
        "conn.close(graceful=",
        "DEFAULT_WORKER_DATA_TIMEOUT",
        "STOP_KEEPALIVE_LINGER",
    ),
    message: ("_expected_100_continue", "def should_close(self)", "self.body = Body("),
    wsgi: ("req._expected_100_continue", "self.req.should_close()"),
    # See web/server.py.
    arbiter: ("self.SIG_QUEUE.put_nowait(sig)", "self.cfg.post_fork(self, worker)"),
    base: ("self.cfg.post_worker_init(self)",),
    body: ("self.failed", "def _read_reader(self, size)", "self.parser = None", "self.length"),
}
ERRORS = ("ParseException", "LimitRequestLine", "LimitRequestHeaders", "ExpectationFailed",
          "UnsupportedTransferCoding")  # fmt: skip


def parameters(function) -> str:
    return ", ".join(inspect.signature(function).parameters)


@pytest.mark.parametrize("name", METHODS)
def test_method(name):
    assert parameters(getattr(gthread.ThreadWorker, name)) == METHODS[name], "see web/worker.py"


def test_connection():
    assert parameters(gthread.TConn) == "cfg, sock, client, server", "see Worker._accept_one"
    assert parameters(gthread.TConn.close) == "self, graceful", "see Worker.handle"


@pytest.mark.parametrize(
    ("module", "use"),
    [(module, use) for module, uses in USES.items() for use in uses],
    ids=lambda each: each if isinstance(each, str) else each.__name__,
)
def test_use(module, use):
    assert use in inspect.getsource(module), "see web/worker.py, request_body.py and server.py"


@pytest.mark.parametrize("name", ERRORS)
def test_error(name):
    assert issubclass(getattr(errors, name), Exception), "see web/malformed_request.py"


def test_pin_is_the_tested_version():
    pins = {line.split(";")[0] for line in requires("colorway") if line.startswith("gunicorn")}
    major = int(version("gunicorn").split(".")[0])
    assert pins == {f"gunicorn<{major + 1},>={major}"}, "see pyproject.toml"

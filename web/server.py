"""Serve an application with gunicorn: one process with threads.

One process, because requests in progress, kept-alive connections and the model's known signature
are counted once, not per process, and the work itself (decoding, encoding, arithmetic) releases the
interpreter lock. Several machines are behind a gateway.
"""

import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn import glogging
from gunicorn.app.base import BaseApplication

from . import logs, memory, problems
from .settings import ServerSettings
from .worker import Worker

# Threads beyond the requests in progress: they answer health checks, and "too much to do" at once.
_SPARE_THREADS = 16
# The loop that accepts takes the interpreter lock anew after every call of the system. Python's own
# 5 ms each time, with work in all the other threads, let the refusals wait for seconds.
_SWITCH_INTERVAL_S = 0.0005


class GunicornLogger(glogging.Logger):
    """gunicorn's log, in the same form."""

    def setup(self, cfg: Any) -> None:
        """As gunicorn does, with our lines."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(logs.JsonLines())


# The whole answer to what is no HTTP request, of (status, detail, cause); whoever makes it logs it.
Refusal = Callable[[int, str, str | None], bytes]


class Server(BaseApplication):
    """gunicorn with our worker and its limits. `load_app` runs in the worker; each request may take
    `work_s` seconds of work; `options` are gunicorn's own.
    """

    def __init__(
        self,
        settings: ServerSettings,
        load_app: Callable[[], Any],
        work_s: float,
        refusal: Refusal,
        **options: Any,
    ):
        self.settings = settings
        self.load = load_app
        self.refusal = refusal
        threads = settings.max_in_progress + _SPARE_THREADS
        in_memory = Path("/dev/shm")
        self.options = {
            "bind": f"{url_host(settings.host)}:{settings.port}",
            "worker_class": Worker,
            "workers": 1,
            "threads": threads,
            "worker_connections": 4 * threads,
            # Longer than the connection pools of common clients keep a connection unused.
            "keepalive": 75,
            # Of a request that has come, each wait has its own end; a little for the work between.
            "graceful_timeout": int(2 * settings.client_timeout_s + 2 * work_s) + 15,
            # It would write past the limit that a slow caller has.
            "sendfile": False,
            # The worker's sign of life is a file: in memory, because the disk may be read-only.
            "worker_tmp_dir": str(in_memory) if os.access(in_memory, os.W_OK) else None,
            "control_socket_disable": True,
            "post_fork": _keep_early_signals,
            "post_worker_init": _obey_early_signals,
            "loglevel": "warning",
            **options,
        }
        super().__init__()

    def load_config(self) -> None:
        """Set gunicorn's options."""
        for name, value in self.options.items():
            self.cfg.set(name, value)


def _keep_early_signals(arbiter: Any, worker: Worker) -> None:
    """A new process has the arbiter's handlers at first: they put signals into a queue, which only
    the arbiter reads. A SIGTERM then would be lost, and the arbiter wait for the worker's end.
    """
    worker.early_signals = arbiter.SIG_QUEUE


def _obey_early_signals(worker: Worker) -> None:
    while not worker.early_signals.empty():
        number = worker.early_signals.get_nowait()
        if number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            os.kill(os.getpid(), number)


def url_host(host: str) -> str:
    """A host as it appears in a URL: an IPv6 address gets brackets."""
    return f"[{host}]" if ":" in host else host


def bind_error(host: str, port: int) -> OSError | None:
    """Why that address cannot be bound. gunicorn itself would retry for five seconds."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None


def serve(
    settings: ServerSettings, load_app: Callable[[], Flask], work_s: float, about: str
) -> None:
    """Serve until SIGTERM or Ctrl-C. Requests in progress are finished first, each of which may
    take `work_s` seconds of work. `about` is appended to the line that says where it listens.
    """

    def load() -> Flask:
        memory.limit_free_memory()
        logs.configure()
        sys.setswitchinterval(_SWITCH_INTERVAL_S)
        return load_app()

    address = f"http://{url_host(settings.host)}:{settings.port}"
    Server(
        settings,
        load,
        work_s,
        problems.refusal,
        logger_class=GunicornLogger,
        when_ready=lambda server: logs.write(logs.line(message=f"Listening on {address}, {about}")),
    ).run()

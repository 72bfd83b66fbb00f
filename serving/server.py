"""The server process: gunicorn with one worker of many threads, and the model inside the worker.

TensorFlow does not survive a fork, so the parent only keeps the port and restarts a worker that
dies; TensorFlow is imported by the worker. The port is bound at the start, which finds out whether
it is free, but it listens (until then connections are refused) only when a model is available.
"""

import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from gunicorn.arbiter import Arbiter
from gunicorn.workers import gthread

from serving.errors import error_document, too_many
from serving.model_config import ModelConfig, read_config_file
from web.server import Server, url_host
from web.settings import ServerSettings
from web.worker import Worker

logger = logging.getLogger("serving")

STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}

# How long a client may take to send a request, and as long again to take the answer.
CLIENT_SECONDS = 30.0
# How long a stopping server waits for a next request on a connection that is kept alive; gunicorn's
# own 2 s would make every stop that long.
gthread.STOP_KEEPALIVE_LINGER = 0.3


@dataclass(frozen=True)
class ServerOptions:
    """The settings of a server; the flags of the same names say what they mean."""

    host: str
    port: int
    configs: Mapping[str, ModelConfig]
    config_file: Path | None
    config_poll_seconds: float
    any_label: bool
    cors: bool
    intra_op_threads: int
    inter_op_threads: int
    bfloat16: bool
    poll_seconds: float
    timeout_seconds: float
    max_requests_in_progress: int
    max_bytes_in_memory: int
    parallelism: int
    max_load_retries: int
    retry_seconds: float


class PortError(Exception):
    """The port cannot be had; the message says why."""


def serve(options: ServerOptions) -> None:
    """Run the server until it is asked to stop, then exit the process."""
    listener = _bind(options.host, options.port)
    server = _ModelServer(options)
    arbiter = _Arbiter(server)
    arbiter.LISTENERS = [listener]
    arbiter.run()


def _bind(host: str, port: int) -> socket.socket:
    try:
        ((family, _, _, _, address), *_) = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise PortError(f"Cannot use {host} port {port}: {error.strerror or error}") from error
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.set_inheritable(True)
    return listener


def _refusal(status: int, detail: str, cause: str | None) -> bytes:
    """The whole answer to what is no HTTP request."""
    logger.info("%d %s %s", status, detail, cause or "")
    body = error_document(detail)
    reason = HTTPStatus(status).phrase
    head = (
        f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _ModelServer(Server):
    """The server of every service of ours, with no WSGI application before the fork."""

    def __init__(self, options: ServerOptions):
        self.model = options
        super().__init__(
            ServerSettings(
                options.host, options.port, options.max_requests_in_progress, CLIENT_SECONDS
            ),
            lambda: None,
            options.timeout_seconds,
            _refusal,
            worker_class=_ModelWorker,
            # A long run or a large document is no reason to kill the worker.
            timeout=0,
            graceful_timeout=max(1, int(options.timeout_seconds)),
            worker_exit=_exit_worker,
        )


class _Arbiter(Arbiter):
    """gunicorn's parent process, which does not lose a signal to a worker that is being born."""

    def spawn_worker(self) -> Any:
        """Start the worker with signals held back until it can handle them."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        try:
            return super().spawn_worker()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _exit_worker(_: Any, worker: Any) -> None:
    """End the worker at once: nothing is left to do, and threads may still be in TensorFlow."""
    error = sys.exc_info()[1]
    code = error.code if isinstance(error, SystemExit) else 1
    logging.shutdown()
    os._exit(code if isinstance(code, int) else 0)


class _ModelWorker(Worker):
    """The process that holds the model. It takes connections once a version is available."""

    def load_wsgi(self) -> None:
        """Start the model manager and wait for a first version."""
        from serving.app import RestApi, create_app
        from serving.loading import Loader
        from serving.manager import ModelManager
        from serving.models import Models
        from web.admission import Admission

        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        options = self.app.model
        load = Loader(options.intra_op_threads, options.inter_op_threads, bfloat16=options.bfloat16)

        def start_manager(config: ModelConfig) -> ModelManager:
            manager = ModelManager(
                config,
                load,
                poll_seconds=options.poll_seconds,
                max_load_retries=options.max_load_retries,
                retry_seconds=options.retry_seconds,
                any_label=options.any_label,
            )
            manager.start()
            return manager

        models = Models(start_manager, options.configs)
        if options.config_file and options.config_poll_seconds:
            models.follow(
                partial(read_config_file, options.config_file), options.config_poll_seconds
            )
        while not models.available:
            time.sleep(0.1)
            if not self.alive or self.ppid != os.getppid():
                sys.exit(0)
            if models.gave_up:
                logger.error("%s", models.gave_up.message)
                sys.exit(Arbiter.WORKER_BOOT_ERROR)

        from serving.runner import Runner  # imports TensorFlow, which the manager has done by now

        admission = Admission(
            options.max_requests_in_progress, too_many, options.max_bytes_in_memory
        )
        runner = Runner(options.parallelism)
        self.wsgi = create_app(
            RestApi(models, runner, admission, options.timeout_seconds, options.cors)
        )

    def run(self) -> None:
        """Open the port and answer until asked to stop."""
        for listener in self.sockets:
            try:
                listener.listen(self.cfg.backlog)
            except OSError as error:
                logger.error("Cannot use port %d: %s", self.app.model.port, error.strerror)
                sys.exit(Arbiter.WORKER_BOOT_ERROR)
        options = self.app.model
        for name in options.configs:
            logger.info(
                "serving at http://%s:%d/v1/models/%s", url_host(options.host), options.port, name
            )
        super().run()

    def handle_quit(self, sig: int, frame: Any) -> None:
        """Stop at once, requests in progress or not.

        gunicorn's own handler waits for a lock that the interrupted code may hold.
        """
        os._exit(0)


class _GunicornFilter(logging.Filter):
    """Keeps gunicorn's log to what our own does not say, without stack traces of bad clients."""

    REPEATED = (
        "Worker (pid:%s) exited with code %s.",
        "Shutting down: %s",
        "Reason: %s",
    )

    def filter(self, record: logging.LogRecord) -> bool:
        """Drop or shorten a record."""
        if record.exc_info and isinstance(record.exc_info[1], OSError):
            record.msg = "A connection is given up: %s"
            record.args = (record.exc_info[1],)
            record.exc_info = None
        return record.msg not in self.REPEATED


def configure_logging() -> None:
    """One line for each event, to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    for ours in (logger, logging.getLogger("web")):
        ours.addHandler(handler)
        ours.setLevel(logging.INFO)
        ours.propagate = False
    logging.getLogger("gunicorn.error").addFilter(_GunicornFilter())

"""The server process: gunicorn with one worker of many threads, and the model inside the worker.

TensorFlow does not survive a fork, so the parent only keeps the port and restarts a worker that
dies; TensorFlow is imported by the worker. The port is bound at the start, which finds out whether
it is free, but it listens (until then connections are refused) only when a model is available.
"""

import logging
import os
import signal
import socket
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers import gthread

logger = logging.getLogger("serving")

STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}

# Threads beyond those that answer predict requests: for status, metrics and refusals.
SPARE_THREADS = 16
# A client that neither sends nor takes a byte for so long is given up.
STALL_SECONDS = 20
# Longer than the connection pools of common clients keep a connection unused.
KEEPALIVE_SECONDS = 75
# How long a stopping server waits for a next request on a connection that is kept alive; gunicorn's
# own 2 s would make every stop that long.
gthread.STOP_KEEPALIVE_LINGER = 0.3


@dataclass(frozen=True)
class ServerOptions:
    """The settings of a server; the flags of the same names say what they mean."""

    host: str
    port: int
    model_name: str
    base_path: Path
    poll_seconds: float
    timeout_seconds: float
    max_requests_in_hand: int
    max_bytes_in_hand: int
    parallelism: int
    max_load_retries: int
    retry_seconds: float


class PortError(Exception):
    """The port cannot be had; the message says why."""


def serve(options: ServerOptions) -> None:
    """Run the server until it is told to stop, then exit the process."""
    listener = _bind(options.host, options.port)
    application = _Application(options)
    arbiter = _Arbiter(application)
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
    # Accepted connections inherit these; gunicorn's threads read and write without a limit.
    stall = struct.pack("ll", STALL_SECONDS, 0)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, stall)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, stall)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.set_inheritable(True)
    return listener


class _Application(BaseApplication):
    """gunicorn's view of this server: its settings, with no WSGI application before the fork."""

    def __init__(self, options: ServerOptions):
        self.options = options
        super().__init__(prog="python -m serving")

    def load_config(self) -> None:
        threads = self.options.max_requests_in_hand + SPARE_THREADS
        settings = {
            "bind": f"{self.options.host}:{self.options.port}",
            "worker_class": _ModelWorker,
            "workers": 1,
            "threads": threads,
            "worker_connections": 4 * threads,
            "keepalive": KEEPALIVE_SECONDS,
            # A long run or a large document is no reason to kill the worker.
            "timeout": 0,
            "graceful_timeout": max(1, int(self.options.timeout_seconds)),
            "loglevel": "warning",
            "worker_exit": _leave,
            "control_socket_disable": True,
        }
        for name, value in settings.items():
            if name in self.cfg.settings:  # the last one is younger than some gunicorns
                self.cfg.set(name, value)


class _Arbiter(Arbiter):
    """gunicorn's parent process, which does not lose a signal to a worker that is being born."""

    def spawn_worker(self) -> Any:
        """Start the worker with signals held back until it can handle them."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        try:
            return super().spawn_worker()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _leave(_: Any, worker: Any) -> None:
    """End the worker at once: nothing is left to do, and threads may still be in TensorFlow."""
    error = sys.exc_info()[1]
    code = error.code if isinstance(error, SystemExit) else 1
    logging.shutdown()
    os._exit(code if isinstance(code, int) else 0)


class _ModelWorker(gthread.ThreadWorker):
    """The process that holds the model. It takes connections once a version is available."""

    def load_wsgi(self) -> None:
        """Start the model manager and wait for a first version."""
        from serving.admission import Admission
        from serving.app import RestApi, create_app
        from serving.manager import ModelManager, load_in_tensorflow

        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        options = self.app.options
        manager = ModelManager(
            options.model_name,
            options.base_path,
            load_in_tensorflow,
            poll_seconds=options.poll_seconds,
            max_load_retries=options.max_load_retries,
            retry_seconds=options.retry_seconds,
        )
        manager.start()
        while not manager.available.wait(0.1):
            if not self.alive or self.ppid != os.getppid():
                sys.exit(0)
            if manager.gave_up:
                logger.error("%s", manager.gave_up.message)
                sys.exit(Arbiter.WORKER_BOOT_ERROR)

        from serving.runner import Runner  # imports TensorFlow, which the manager has done by now

        admission = Admission(options.max_requests_in_hand, options.max_bytes_in_hand)
        runner = Runner(options.parallelism)
        self.wsgi = create_app(RestApi(manager, runner, admission, options.timeout_seconds))

    def run(self) -> None:
        """Open the port and answer until told to stop."""
        for listener in self.sockets:
            try:
                listener.listen(self.cfg.backlog)
            except OSError as error:
                logger.error("Cannot use port %d: %s", self.app.options.port, error.strerror)
                sys.exit(Arbiter.WORKER_BOOT_ERROR)
        options = self.app.options
        logger.info(
            "serving at http://%s:%d/v1/models/%s", options.host, options.port, options.model_name
        )
        super().run()

    def handle_quit(self, sig: int, frame: Any) -> None:
        """Stop at once, requests in hand or not.

        gunicorn's own handler waits for a lock that the interrupted code may hold.
        """
        os._exit(0)

    def handle(self, conn: Any) -> Any:
        """Handle a request; a connection that ends is closed here.

        gunicorn lingers for the client's close in its accepting thread, where a client that
        stalls would keep all others waiting.
        """
        keep = super().handle(conn)
        if keep is False:
            with suppress(OSError):
                conn.close(graceful=True)
            conn.close = lambda graceful=False: None
        return keep


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
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logging.getLogger("gunicorn.error").addFilter(_GunicornFilter())

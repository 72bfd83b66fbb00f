"""gunicorn's thread worker, hardened so that no client can block its threads or its loop.

- A thread gets a request once its head is complete; the loop waits HEAD_WITHIN_S for that at most.
- Then the client has `CLIENT_TIMEOUT_S` to send the rest, and as much to receive the answer.
- A request that is answered before its body is read closes its connection, and says so.
- Closing is done by the loop: the client has LINGER_S to close, so that no answer is lost.
- What is not an HTTP request is answered and logged like every other error.
- After idle time, memory that a burst left in the pools goes back to the system.
- Told to stop, it takes what has connected already, refuses the rest, and answers all it took.
"""

import contextlib
import errno
import logging
import selectors
import socket
import time
from functools import partial
from typing import Any

from gunicorn.workers import gthread

from . import header_lines, memory, request_head
from .client_socket import ClientSocket
from .malformed_request import error_reply
from .request_body import RequestBody

log = logging.getLogger("web")

# A head comes in one packet, or in few.
HEAD_WITHIN_S = 10.0
LINGER_S = 2.0
# Where there is no room for more connections, one whose head is this late has to go.
_PATIENCE_WHEN_FULL_S = 1.0
_DRAIN_BYTES = 262_144
# An upload that is still coming is read for longer, if it comes no slower than this.
_DRAINED_PER_S = 4_000_000
_ACCEPTED_AT_ONCE = 32
_IDLE_S = 5.0
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_PAUSE_WITHOUT_FILES_S = 0.1
_LOG_AGAIN_AFTER_S = 60.0

# How long gunicorn drains an unread body before it keeps a connection for a next request.
gthread.DEFAULT_WORKER_DATA_TIMEOUT = 0.5


class Worker(gthread.ThreadWorker):
    """The process that answers. Its application is a web.server.Server."""

    def init_process(self) -> None:
        """Start, with no connections being closed."""
        self._lingering: dict[ClientSocket, float] = {}
        self._busy_at: float | None = None
        self._client_timeout_s = float(self.app.settings.client_timeout_s)
        self._refusal = self.app.refusal
        self._out_of_files = False
        self._quiet_until = 0.0
        super().init_process()

    # Connections come

    def accept(self, listener: Any) -> None:
        """Take new connections, several at a time: each turn of the loop costs."""
        for _ in range(_ACCEPTED_AT_ONCE):
            if self.nr_conns >= self.worker_connections or not self._accept_one(listener):
                return

    def _accept_one(self, listener: Any) -> bool:
        """Take a new connection; False where there is none."""
        try:
            accepted, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                return False
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._out_of_files = True
                if time.monotonic() > self._quiet_until:
                    log.error("no more connections: %s", error)
                    self._quiet_until = time.monotonic() + _LOG_AGAIN_AFTER_S
                time.sleep(_PAUSE_WITHOUT_FILES_S)
                return False
            raise
        self._out_of_files = False
        self.nr_conns += 1
        sock = ClientSocket.of(accepted)
        self.enqueue_req(gthread.TConn(self.cfg, sock, address, listener.getsockname()))
        return True

    @property
    def _full(self) -> bool:
        """Whether the next to connect has to wait until somebody goes."""
        return self.nr_conns >= self.worker_connections or self._out_of_files

    def enqueue_req(self, conn: Any) -> None:
        """Give the connection to a thread once the header of its request is there."""
        if not hasattr(conn, "head_since"):
            conn.head_since, conn.head_bytes = time.monotonic(), -1
        if self._head_is_there(conn):
            del conn.head_since
            conn.sock.wake_at(1)
            conn.data_ready = True
            super().enqueue_req(conn)
            return
        conn.timeout = conn.head_since + HEAD_WITHIN_S
        if not self.alive:
            conn.timeout = min(conn.timeout, time.monotonic() + gthread.STOP_KEEPALIVE_LINGER)
        self.pending_conns.append(conn)
        wake = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, wake)

    def _head_is_there(self, conn: Any) -> bool:
        """Whether a thread has something to do: a whole head, one that is wrong already, or an end.

        Otherwise the connection is not readable again before there is more than now.
        """
        if conn.parser is not None and conn.parser.unreader.buf.getvalue():
            return True
        try:
            head = conn.sock.peek(request_head.LONGEST)
        except OSError:
            return True
        if head is None:
            return False
        if len(head) in (0, conn.head_bytes) or request_head.is_complete_or_invalid(head):
            return True
        conn.head_bytes = len(head)
        conn.sock.wake_at(len(head) + 1)
        return False

    def murder_pending(self) -> None:
        """Close connections whose header, or whose own close, takes too long."""
        now = time.monotonic()
        full = self._full
        for conn in list(self.pending_conns):
            overdue = full and now > conn.timeout - HEAD_WITHIN_S + _PATIENCE_WHEN_FULL_S
            if now <= conn.timeout and not overdue:
                continue
            self.pending_conns.remove(conn)
            self.poller.unregister(conn.sock)
            self.nr_conns -= 1
            if conn.head_bytes > 0:
                detail = f"The head of the request did not arrive within {HEAD_WITHIN_S:g} s."
                with contextlib.suppress(OSError):
                    conn.sock.send(self._refusal(408, detail, None))
                self._linger(conn.sock)
            else:
                conn.close()
        for sock, until in list(self._lingering.items()):
            if now > until or (full and now > until - LINGER_S + _PATIENCE_WHEN_FULL_S):
                self._forget(sock)

    def murder_keepalived(self, force: bool = False) -> None:
        """Close idle connections when their time is up, the oldest earlier if all are in use."""
        if self._full:
            for conn in list(self.keepalived_conns)[: self.cfg.threads]:
                conn.timeout = 0.0
        super().murder_keepalived(force)

    def notify(self) -> None:
        """Tell gunicorn that the worker is alive: once per turn of the loop."""
        super().notify()
        now = time.monotonic()
        waiting = len(self.keepalived_conns) + len(self.pending_conns) + len(self._lingering)
        if self.nr_conns > waiting:
            self._busy_at = now
        elif self._busy_at is not None and now > self._busy_at + _IDLE_S:
            self._busy_at = None
            memory.trim()

    # Requests are answered

    def handle(self, conn: Any) -> Any:
        """Answer one request, in a thread."""
        conn.sock.begin(self._client_timeout_s)
        keep_alive = super().handle(conn)
        if keep_alive is False:
            # gunicorn closes in the loop, and would wait there for the client.
            conn.close = lambda graceful=False: self._linger(conn.sock)
        return keep_alive

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Call the application. An unread rest of the body would be taken for the next request."""
        header_lines.remember(req.headers)
        continues = partial(conn.sock.sendall, _CONTINUE) if req._expected_100_continue else None
        body = req.body = RequestBody(req.body.reader, continues)
        req._expected_100_continue = False
        is_last = req.should_close
        req.should_close = lambda: body.unread or is_last()
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: ClientSocket, addr: Any, exc: Exception) -> None:
        """Answer what is not a request that an application can handle."""
        status, detail, cause = error_reply(exc)
        with contextlib.suppress(OSError):
            client.sendall(self._refusal(status, detail, cause))

    # Connections go

    def _linger(self, sock: ClientSocket) -> None:
        """Shut down our side, and let the client finish sending (a lingering close)."""
        try:
            sock.shutdown(socket.SHUT_WR)
            sock.setblocking(False)
            sock.begin(float("inf"))
            self.poller.register(sock, selectors.EVENT_READ, self._drain)
        except (OSError, ValueError, KeyError):
            sock.close()
            return
        self._lingering[sock] = time.monotonic() + LINGER_S
        self.nr_conns += 1

    def _drain(self, sock: ClientSocket) -> None:
        try:
            if data := sock.recv(_DRAIN_BYTES):
                self._lingering[sock] += len(data) / _DRAINED_PER_S
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._forget(sock)

    def _forget(self, sock: ClientSocket) -> None:
        if self._lingering.pop(sock, None) is not None:
            self.nr_conns -= 1
            self.poller.unregister(sock)
            sock.close()

    # The end

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accept connections or let them wait; refuse them in a worker that stops."""
        super().set_accept_enabled(enabled)
        if enabled or self.alive:
            return
        for listener in self.sockets:
            # Who has connected already may have sent its request.
            listener.setblocking(False)
            while self._accept_one(listener):
                pass
            listener.close()

    def _cap_keepalive(self, deadline: float) -> None:
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)

"""One HTTP exchange under one deadline, over kept-alive connections.

The time-outs of `requests` and `http.client` restart with every received packet, so a server that
trickles holds its caller as long as it likes. Here every wait, from the connection to the last byte
of the body, is limited by the time left until the deadline.
"""

import http.client
import io
import queue
import select
import socket
import ssl
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from web.deadline import Deadline, DeadlineExceeded


class ExchangeFailed(Exception):
    """No usable reply; the subclasses say why."""


class Unreachable(ExchangeFailed):
    """No connection, or it was lost before the reply was complete."""


class NotHttp(ExchangeFailed):
    """The reply is not HTTP, or is larger than allowed."""


@dataclass(frozen=True)
class Reply:
    """A whole HTTP reply."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


class _DeadlineSocket(io.RawIOBase):
    """A socket for http.client, whose every wait ends at `deadline`."""

    def __init__(self, sock: socket.socket, deadline: Deadline):
        super().__init__()
        self.sock = sock
        self.deadline = deadline

    def sendall(self, data: Any) -> None:
        view = memoryview(data)
        while view:
            self.sock.settimeout(self.deadline.left())
            view = view[self.sock.send(view) :]

    def readinto(self, buffer: Any) -> int:
        self.sock.settimeout(self.deadline.left())
        return self.sock.recv_into(buffer)

    def readable(self) -> bool:
        return True

    def makefile(self, mode: str) -> io.BufferedReader:
        # A reader of its own for each reply: http.client closes it, and the connection lives on.
        return io.BufferedReader(_DeadlineSocket(self.sock, self.deadline), 65_536)


class _Connection(http.client.HTTPConnection):
    """A connection whose waits end at the deadline of the exchange in progress."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None):
        super().__init__(host, port)
        self.tls = tls
        self.deadline = Deadline(0)
        self.deadline_socket: _DeadlineSocket | None = None

    def use_deadline(self, deadline: Deadline) -> None:
        """End every wait from now on at `deadline`."""
        self.deadline = deadline
        if self.deadline_socket is not None:
            self.deadline_socket.deadline = deadline

    def connect(self) -> None:
        error: OSError | None = None
        for family, kind, protocol, address in _addresses(self.host, self.port, self.deadline):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(self.deadline.left())
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self.tls is not None:
                    sock = self.tls.wrap_socket(sock, server_hostname=self.host)
            except OSError as failed:
                sock.close()
                error = failed
            else:
                self.sock: Any = _DeadlineSocket(sock, self.deadline)
                self.deadline_socket = self.sock
                return
        raise error or OSError(f"no address for {self.host}")

    def close_socket(self) -> None:
        """Close the socket itself; http.client calls close() while it still reads the body."""
        self.close()
        if self.deadline_socket is not None:
            self.deadline_socket.sock.close()

    def is_stale(self) -> bool:
        """Whether an idle connection has become readable: then the server has closed it."""
        if self.deadline_socket is None or self.sock is None:
            return True
        poll = select.poll()
        poll.register(self.deadline_socket.sock, select.POLLIN)
        return bool(poll.poll(0))


def _addresses(host: str, port: int, deadline: Deadline) -> list[tuple[Any, Any, int, Any]]:
    """The addresses to connect to. The system's resolver knows no deadline: it runs in a thread."""
    found: queue.SimpleQueue[list[Any] | OSError] = queue.SimpleQueue()

    def resolve() -> None:
        try:
            found.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            found.put(error)

    threading.Thread(target=resolve, daemon=True).start()
    try:
        answer = found.get(timeout=deadline.left())
    except queue.Empty:
        raise Unreachable(f"the name {host} was not resolved in time") from None
    if isinstance(answer, OSError):
        raise answer
    return [(family, kind, protocol, address) for family, kind, protocol, _, address in answer]


class HttpPool:
    """Kept-alive connections to one server, shared by threads: a connection serves one at a time.

    If a kept-alive connection turns out to be closed before any byte of a reply, the exchange is
    retried exactly once, on a new connection: predictions change nothing at the server, so this is
    safe.
    """

    MAX_IDLE = 64

    def __init__(self, url: str):
        parts = urlsplit(url)
        self.host = parts.hostname or ""
        self.tls = ssl.create_default_context() if parts.scheme == "https" else None
        self.port = parts.port or (443 if self.tls else 80)
        self._idle: list[_Connection] = []
        self._lock = threading.Lock()

    def exchange(
        self,
        method: str,
        target: str,
        deadline: Deadline,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        max_bytes: int = 64_000_000,
    ) -> Reply:
        """Send one request and return the whole reply, of at most `max_bytes`.

        Raises Unreachable, DeadlineExceeded or NotHttp.
        """
        connection = self._take_idle()
        reused = connection is not None
        while True:
            if connection is None:
                connection = _Connection(self.host, self.port, self.tls)
            connection.use_deadline(deadline)
            reusable = False
            try:
                deadline.left()
                try:
                    connection.request(method, target, body, headers or {})
                    response = connection.getresponse()
                except (ConnectionError, ssl.SSLEOFError):
                    if not reused:
                        raise
                    connection.close_socket()
                    connection, reused = None, False
                    continue
                reply = Reply(response.status, response.headers, _read(response, max_bytes))
                reusable = not response.will_close
                return reply
            except TimeoutError:
                raise DeadlineExceeded(f"{deadline.seconds:g} s have passed") from None
            except OSError as error:
                raise Unreachable(str(error) or type(error).__name__) from error
            except http.client.IncompleteRead as error:
                raise Unreachable("the connection was lost in the middle of the reply") from error
            except http.client.HTTPException as error:
                raise NotHttp(f"no HTTP reply: {type(error).__name__}") from error
            finally:
                if connection is not None:
                    self._release(connection, reusable)

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close_socket()

    def _take_idle(self) -> _Connection | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if not connection.is_stale():
                return connection
            connection.close_socket()

    def _release(self, connection: _Connection, reusable: bool) -> None:
        with self._lock:
            if reusable and len(self._idle) < self.MAX_IDLE:
                self._idle.append(connection)
                return
        connection.close_socket()


def _read(response: http.client.HTTPResponse, max_bytes: int) -> bytes:
    """The whole body. http.client itself is silent about one that ends early."""
    expected = response.length
    if expected is not None and expected > max_bytes:
        raise NotHttp(f"the reply is larger than {max_bytes} bytes")
    chunks, total = [], 0
    while chunk := response.read(1_048_576):
        total += len(chunk)
        if total > max_bytes:
            raise NotHttp(f"the reply is larger than {max_bytes} bytes")
        chunks.append(chunk)
    if expected is not None and total < expected:
        raise http.client.IncompleteRead(b"", expected - total)
    return b"".join(chunks)

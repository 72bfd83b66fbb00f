"""HTTP as bytes, for requests that no library would send, and replies exactly as received."""

import contextlib
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

BOUNDARY = "colorway-soak"
_READ = 65_536


@dataclass(frozen=True)
class Answer:
    """What came back on a connection. `status` is 0 where no HTTP reply came; `whole` is whether
    the reply has all the bytes that it announced; `seconds` is until its last one.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    whole: bool = False
    seconds: float = 0.0
    error: str = ""


def part(name: str, data: bytes, file: str | None = "photo", more: bytes = b"") -> bytes:
    """One part of a multipart form: a file, or text where `file` is None."""
    shown = f'; filename="{file}"' if file is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{shown}\r\n'
    return head.encode("utf-8", "surrogateescape") + more + b"\r\n" + data + b"\r\n"


def form(*parts: bytes) -> bytes:
    """A whole multipart body."""
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


FORM_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def request(
    body: bytes,
    content_type: str = FORM_TYPE,
    headers: Iterable[tuple[str, str]] = (),
    method: str = "POST",
    target: str = "/predict",
) -> bytes:
    """A request with its body, for a connection of its own."""
    lines = [
        f"{method} {target} HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def exchange(port: int, data: bytes, *, within: float = 60.0, half_close: bool = False) -> Answer:
    """Send `data` on a new connection and read one reply.

    A server may answer and close before it has read all: then the rest is not sent. `half_close`
    says afterwards that nothing more will come.
    """
    started = time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=within) as sock:
            failed = ""
            try:
                sock.sendall(data)
                if half_close:
                    sock.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError) as error:
                failed = type(error).__name__
            answer = read_answer(sock, started, within)
    except OSError as error:
        return Answer(0, seconds=time.monotonic() - started, error=_named(error))
    if not answer.status and failed:
        return Answer(0, seconds=answer.seconds, error=failed)
    return answer


def read_answer(sock: socket.socket, started: float, within: float) -> Answer:
    """Read one reply (and what 1xx came before it) off a connection."""
    data = bytearray()
    head: tuple[int, dict[str, str]] | None = None
    error = ""
    while True:
        while head is None and (end := data.find(b"\r\n\r\n")) >= 0:
            head = _head(bytes(data[:end]))
            del data[: end + 4]
            if head is None:
                return Answer(0, seconds=time.monotonic() - started, error="no HTTP reply")
            if 100 <= head[0] < 200:
                head = None
        length = head[1].get("content-length", "") if head else ""
        if length.isdigit() and len(data) >= int(length):
            body = bytes(data[: int(length)])
            assert head is not None
            return Answer(*head, body, True, time.monotonic() - started)
        sock.settimeout(max(0.001, started + within - time.monotonic()))
        try:
            more = sock.recv(_READ)
        except OSError as failed:
            error = _named(failed)
            break
        if not more:
            break
        data += more
    seconds = time.monotonic() - started
    if head is None:
        return Answer(0, seconds=seconds, error=error or "closed with no reply", body=bytes(data))
    return Answer(*head, bytes(data), False, seconds, error)


def _head(head: bytes) -> tuple[int, dict[str, str]] | None:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
        return None
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return int(rest[:3]), headers


def _named(error: OSError) -> str:
    return type(error).__name__ if not isinstance(error, TimeoutError) else "no reply in time"


def get(port: int, path: str, within: float = 30.0) -> Answer:
    """GET a path."""
    return exchange(
        port,
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode(),
        within=within,
    )


def close(sock: socket.socket, *, reset: bool = False) -> None:
    """Close a connection; with `reset` as a program that died does (RST)."""
    with contextlib.suppress(OSError):
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.close()

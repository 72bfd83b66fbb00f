"""Starts the real programs on free ports, and sends them real requests."""

import http.client
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.report import CannotMeasure
from local.running.program import Child, Program
from local.running.readiness import not_ready_because

READY_WITHIN_S = 120.0
_BOUNDARY = "colorway-bench"


@contextmanager
def running(*programs: Program, within_s: float = READY_WITHIN_S) -> Iterator[list[Child]]:
    """Run the programs; the block starts when all are ready, and they stop with it.

    Its value is their running children, in the same order. Raises CannotMeasure, with a program's
    last lines, if one ends or is not ready in time.
    """
    children: list[Child] = []
    try:
        for program in programs:
            children.append(Child(program, lambda *_: None, lambda _: None))
        for child in children:
            _wait_until_ready(child, within_s)
        yield children
    finally:
        for child in reversed(children):
            child.terminate()
            if not child.wait(10):
                child.kill()
                child.wait()


def _wait_until_ready(child: Child, within_s: float) -> None:
    url = child.program.ready_url
    deadline = time.monotonic() + within_s
    while url and (reason := not_ready_because(url)):
        if not child.running or time.monotonic() > deadline:
            ended = "is not ready" if child.running else f"ended with {child.ending}"
            last = " / ".join(child.last_lines)
            raise CannotMeasure(f"{child.program.name} {ended} ({reason}): {last}")
        time.sleep(0.1)


@dataclass(frozen=True)
class Colored:
    """A photo that came back: how long it took, and what the reply says of it."""

    seconds: float
    png: bytes
    stages: dict[str, float]
    model: str


@contextmanager
def keep_alive_connection(url: str) -> Iterator[http.client.HTTPConnection]:
    """A connection to the server of `url` that one request after another may use."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        yield connection
    finally:
        connection.close()


def color(
    predict_url: str,
    jpeg: bytes,
    style: bytes | None = None,
    over: http.client.HTTPConnection | None = None,
    accept: str = "*/*",
) -> Colored:
    """Send a photo as curl does: one multipart form, on a connection of its own or `over` one that
    is kept; with a style picture, to be painted in its style.

    `stages` are the client's, in seconds, by the reply's Server-Timing. Raises CannotMeasure
    unless the reply is 200.
    """
    parts = urlsplit(predict_url)
    body = _form_part("content_image", jpeg)
    headers = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}", "Accept": accept}
    if style is not None:
        body += _form_part("style_image", style)
        headers["style"] = "transfer"
    body += f"--{_BOUNDARY}--\r\n".encode()
    started = time.perf_counter()
    with keep_alive_connection(predict_url) if over is None else nullcontext(over) as connection:
        connection.request("POST", f"{parts.path}?{parts.query}", body, headers)
        reply = connection.getresponse()
        png = reply.read()
        seconds = time.perf_counter() - started
    if reply.status != 200:
        raise CannotMeasure(f"{predict_url} answered {reply.status}: {png[:300].decode()}")
    timings = re.findall(r"([\w-]+);dur=([\d.]+)", reply.headers.get("Server-Timing", ""))
    stages = {name: float(milliseconds) / 1e3 for name, milliseconds in timings}
    return Colored(seconds, png, stages, reply.headers.get("X-Model", "unnamed"))


def _form_part(name: str, jpeg: bytes) -> bytes:
    head = (
        f"--{_BOUNDARY}\r\n"
        f'Content-Disposition: form-data; name="{name}"; filename="{name}.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    return head.encode() + jpeg + b"\r\n"

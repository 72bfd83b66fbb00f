"""Observation of each request: its ID, the time of each stage, one line of log, metrics."""

import logging
import re
import time
import uuid

from flask import Flask, Response, g, request

from . import logs, stages
from .metrics import Metrics

log = logging.getLogger(logs.ACCESS)

# What a caller may call a request, so that it can stand in logs and headers.
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Of what a stranger sends, as much as helps; and the largest number of bytes that is logged.
_LONGEST = 200
_MOST_BYTES = 10**15


def observe(app: Flask, metrics: Metrics) -> None:
    """Give every request of `app` an ID; log and count it when it is answered."""

    def begin() -> None:
        g.started = time.perf_counter()
        g.stages = stages.begin().seconds
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        metrics.in_progress.inc()

    def end(response: Response) -> Response:
        taken = time.perf_counter() - g.started
        response.headers["X-Request-ID"] = g.request_id
        response.headers["X-Content-Type-Options"] = "nosniff"
        if g.stages:
            timings = {**g.stages, "total": taken}
            response.headers["Server-Timing"] = ", ".join(
                f"{name};dur={1e3 * seconds:.1f}" for name, seconds in timings.items()
            )
        metrics.count(response, taken)
        # The caller states the length; it may be larger than a number that JSON can hold.
        bytes_in = request.content_length
        line = logs.line(
            request_id=g.request_id,
            method=request.method[:_LONGEST],
            path=request.path[:_LONGEST],
            route=g.get("route"),
            status=response.status_code,
            ms=round(1e3 * taken, 1),
            bytes_in=bytes_in if bytes_in is None else min(bytes_in, _MOST_BYTES),
            bytes_out=response.content_length,
            stages_ms={name: round(1e3 * s, 1) for name, s in g.stages.items()} or None,
            problem=g.get("problem"),
            cause=g.get("cause"),
            model=response.headers.get("X-Model"),
        )
        log.info("%s", line)
        return response

    def leave(_error: BaseException | None) -> None:
        metrics.in_progress.dec()

    app.before_request(begin)
    app.after_request(end)
    app.teardown_request(leave)

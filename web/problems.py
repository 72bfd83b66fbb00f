"""Errors as people and programs read them: `application/problem+json` (RFC 9457)."""

import logging
import uuid
from functools import partial
from typing import Any

import orjson
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from . import logs

log = logging.getLogger("web")
access = logging.getLogger(logs.ACCESS)

# Of an error of some library, as much as helps.
_LONGEST_CAUSE = 200


# What `problem_body` writes, as a JSON Schema.
PROBLEM_SCHEMA = {
    "type": "object",
    "description": "A problem (RFC 9457). `detail` says what to do; `code` is for programs.",
    "properties": {
        "type": {"const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": ["string", "null"]},
    },
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "additionalProperties": False,
}


def as_openapi(about: str) -> dict[str, Any]:
    """A problem as an OpenAPI response; the document has PROBLEM_SCHEMA as its schema `Problem`."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": about, "content": {"application/problem+json": {"schema": schema}}}


class Problem(Exception):
    """An error reply. `code` is a short stable name for programs; `detail` is a sentence that says
    what is wrong and what to do. `retry_after` is in seconds.
    """

    def __init__(self, status: int, code: str, detail: str, retry_after: int | None = None):
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after


def problem_body(status: int, code: str, detail: str, request_id: str | None) -> tuple[str, bytes]:
    """The title of a problem, and its JSON document. The `type` is about:blank, so the title is the
    name of the status.
    """
    title = HTTP_STATUS_CODES.get(status, "Error")
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
    }
    return title, orjson.dumps(body)


def problem_response(problem: Problem) -> Response:
    """The reply for a problem; the exception that caused it goes to the log."""
    g.problem = problem.code
    if problem.__cause__ is not None:
        cause = f"{type(problem.__cause__).__name__}: {problem.__cause__}"
        g.cause = cause[:_LONGEST_CAUSE].encode(errors="replace").decode()
    _, body = problem_body(problem.status, problem.code, problem.detail, g.get("request_id"))
    response = Response(body, problem.status, mimetype="application/problem+json")
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def refusal(status: int, detail: str, cause: str | None) -> bytes:
    """The complete reply to what is not a request that an application can handle; it is logged."""
    request_id = uuid.uuid4().hex
    title, body = problem_body(status, "not-a-request", detail, request_id)
    head = (
        f"HTTP/1.1 {status} {title}\r\nConnection: close\r\n"
        f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n"
        f"X-Request-ID: {request_id}\r\n\r\n"
    )
    access.info(
        "%s",
        logs.line(request_id=request_id, status=status, problem="not-a-request", cause=cause),
    )
    return head.encode("latin-1") + body


def _http_error(error: HTTPException, hint: str) -> Response:
    """Flask's and Werkzeug's own errors: unknown path, wrong method, unreadable form."""
    if error.code == 404:
        detail = f"There is nothing at {request.path}. {hint}"
    elif error.code == 405:
        allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or []))
        detail = f"{request.path} does not answer {request.method}; it answers {allowed}."
    else:
        detail = error.description or "The request could not be understood."
    code = (error.name or "error").lower().replace(" ", "-")
    response = problem_response(Problem(error.code or 500, code, detail))
    for name, value in error.get_headers(request.environ):
        if name.lower() not in ("content-type", "content-length"):
            response.headers.setdefault(name, value)
    return response


def _bug(error: Exception) -> Response:
    """An unexpected error: the traceback goes to the log, never to the caller."""
    log.exception("unexpected error, request %s", g.get("request_id"), exc_info=error)
    detail = "Something broke in this program. Please report it with the request id."
    return problem_response(Problem(500, "bug", detail))


def register(app: Flask, hint: str) -> None:
    """Answer every error of `app` as problem+json; `hint` is added to a 404."""
    app.register_error_handler(Problem, problem_response)
    app.register_error_handler(HTTPException, partial(_http_error, hint=hint))
    app.register_error_handler(Exception, _bug)

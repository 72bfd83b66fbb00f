"""GET /openapi.json: the API of a photo client (OpenAPI 3.1).

Built from the same tables that the client runs on: its options with their readers, its form fields,
the formats of its replies, the limits in its settings.
"""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, jsonify

from feedback.openapi import FEEDBACK_PATHS
from web.options import Option, yes_or_no
from web.problems import PROBLEM_SCHEMA, as_openapi
from web.settings import integer, number

from .reply_format import MEDIA_TYPES
from .settings import ClientSettings

# What POST /predict answers when it is not the picture.
PROBLEMS = {
    400: "No picture, a broken one, a form that cannot be read, an unknown option, or a value that "
    "an option cannot have.",
    408: "The upload took too long.",
    413: "Too many bytes, or too many pixels by the picture's header; the limits are named.",
    415: "Not a picture format that can be read.",
    502: "The predict URL answered an error, or no valid prediction.",
    503: "The predict URL cannot be reached, is not ready or is overloaded, or this client is.",
    504: "The model did not answer in time.",
}
_TEXT = {"schema": {"type": "string"}}
_REPLY_HEADERS = {
    "X-Request-ID": {"description": "The caller's, or a new one; it is in the logs.", **_TEXT},
    "X-Model": {"description": "The model, where it says its name.", **_TEXT},
    "X-Receipt": {"description": "For POST /feedback, where feedback is on.", **_TEXT},
    "X-Photo-Color": {
        "description": "Whether the photo had color already; only where it was colored.",
        "schema": {"enum": ["yes", "no"]},
    },
    "X-Pages": {
        "description": "How many pages a TIFF has, where there are several; the picture shows the "
        "first.",
        "schema": {"type": "integer", "minimum": 2},
    },
    "X-Truncated": {
        "description": "Only on a JPEG that lacks its last lines, which are gray here.",
        "schema": {"const": "yes"},
    },
    "Server-Timing": {"description": "Milliseconds that each stage took.", **_TEXT},
}


def openapi_routes(
    title: str,
    settings: ClientSettings,
    pictures: Sequence[str],
    options: Sequence[Option],
    headers: Sequence[dict[str, Any]] = (),
) -> Blueprint:
    """GET /openapi.json of a client. `pictures` are the form fields for files, the first of them
    required; `headers` are the request headers that matter, as OpenAPI parameters.
    """
    routes = Blueprint("openapi", __name__)
    built = document(title, settings, pictures, options, headers)

    @routes.get("/openapi.json")
    def openapi() -> Response:
        return jsonify(built)

    return routes


def document(
    title: str,
    settings: ClientSettings,
    pictures: Sequence[str],
    options: Sequence[Option],
    headers: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """The OpenAPI document; see `openapi_routes`."""
    files = {name: {"type": "string", "format": "binary"} for name in pictures}
    texts = {option.name: {**_schema(option), "description": option.meaning} for option in options}
    form = {
        "type": "object",
        "properties": {**files, **texts},
        "required": [pictures[0]],
        "additionalProperties": False,
    }
    query = [
        {"name": name, "in": "query", "description": about.pop("description"), "schema": about}
        for name, about in ((name, dict(about)) for name, about in texts.items())
    ]
    pages = {"schema": {"type": "string"}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": "1",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            "/predict": {
                "post": {
                    "operationId": "predict",
                    "summary": "A photo in, the finished picture out, at the photo's size.",
                    "description": f"A picture may have {settings.max_upload_bytes} bytes and "
                    f"{settings.max_pixels} pixels.",
                    "parameters": [*query, *headers],
                    "requestBody": {
                        "required": True,
                        "content": {
                            "multipart/form-data": {"schema": form},
                            "image/*": {"schema": {"type": "string", "format": "binary"}},
                        },
                    },
                    "responses": {
                        "200": {
                            "description": "The picture, in the format that Accept prefers.",
                            "headers": _REPLY_HEADERS,
                            "content": {kind: {} for kind in MEDIA_TYPES},
                        },
                        **{str(status): as_openapi(about) for status, about in PROBLEMS.items()},
                    },
                }
            },
            **FEEDBACK_PATHS,
            "/": _get("page", "The page for people.", {"text/html": pages}),
            "/healthz": _get("healthz", "The process is alive.", {"text/plain": pages}),
            "/readyz": _get("readyz", "The model answers.", {"text/plain": pages}, headers, 503),
            "/metrics": _get("metrics", "Prometheus.", {"text/plain": pages}),
            "/openapi.json": _get(
                "openapi", "This document.", {"application/json": {"schema": {"type": "object"}}}
            ),
        },
        "components": {"schemas": {"Problem": PROBLEM_SCHEMA}},
    }


def _schema(option: Option) -> dict[str, Any]:
    if isinstance(option.read, number | integer):
        return {**option.read.schema, "default": option.default}
    if option.read is yes_or_no:
        return {"type": "boolean", "default": option.default}
    default = {} if option.default is None else {"default": str(option.default)}
    return {"type": "string", **default}


def _get(
    name: str,
    summary: str,
    content: dict[str, Any],
    parameters: Sequence[dict[str, Any]] = (),
    *problems: int,
) -> dict[str, Any]:
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "parameters": list(parameters),
            "responses": {
                "200": {"description": summary, "content": content},
                **{str(status): as_openapi(PROBLEMS[status]) for status in problems},
            },
        }
    }

"""POST /feedback and GET /report in OpenAPI 3.1."""

from typing import Any

from web.problems import as_openapi

from .formats import FORMATS
from .vote import VOTE_SCHEMA

_RECORDED = {
    "type": "object",
    "properties": {
        "recorded": {"enum": ["choice", "rating", "download"]},
        "models": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
    },
    "required": ["recorded", "models"],
    "additionalProperties": False,
}
_RETRY_AFTER = {"Retry-After": {"description": "In seconds.", "schema": {"type": "integer"}}}

FEEDBACK_PATHS: dict[str, Any] = {
    "/feedback": {
        "post": {
            "operationId": "feedback",
            "summary": "What somebody thinks of one answer, or of two of the same photo.",
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": VOTE_SCHEMA}},
            },
            "responses": {
                "200": {
                    "description": "It is kept. The models, in the order of the receipts.",
                    "content": {"application/json": {"schema": _RECORDED}},
                },
                "400": as_openapi("No vote, a receipt of elsewhere, or two that do not compare."),
                "404": as_openapi("Feedback is off."),
                "408": as_openapi("The body took too long."),
                "409": as_openapi("A receipt was used for this kind of vote already."),
                "410": as_openapi("A receipt is too old."),
                "413": as_openapi("Too many bytes."),
                "415": as_openapi("Not JSON."),
                "429": {**as_openapi("Too many votes from one address."), "headers": _RETRY_AFTER},
                "503": {**as_openapi("Votes cannot be kept now."), "headers": _RETRY_AFTER},
            },
        }
    },
    "/report": {
        "get": {
            "operationId": "report",
            "summary": "Which model is liked better.",
            "parameters": [
                {
                    "name": "format",
                    "in": "query",
                    "schema": {"enum": list(FORMATS), "default": "html"},
                }
            ],
            "responses": {
                "200": {
                    "description": "The report.",
                    "content": {media_type: {} for media_type, _ in FORMATS.values()},
                },
                "400": as_openapi("No such format."),
                "404": as_openapi("Feedback or the report is off."),
                "503": {**as_openapi("Votes cannot be read now."), "headers": _RETRY_AFTER},
            },
        }
    },
}

"""The REST API as a Flask application: predict, status, metadata, metrics.

Paths are matched whole, as TensorFlow Serving does it, so Flask's own routing stays out of the way.
"""

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from flask import Flask, Request, Response, request

from serving import paths
from serving.errors import ServingError, error_document, invalid
from serving.json_document import parse_object, value_text
from serving.json_reply import write_reply
from serving.json_tensors import read_request
from serving.metrics import Metrics
from serving.models import Models
from serving.request_body import read_body
from web.admission import Admission
from web.observation import REQUEST_ID

if TYPE_CHECKING:
    from serving.runner import Runner

JSON = "application/json"
# TensorFlow Serving's own: a page of any origin may ask.
CORS_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Content-Type",
}

logger = logging.getLogger("serving.access")


@dataclass
class Exchange:
    """What log and metrics record of one request, filled in as it becomes known."""

    started: float
    received: int = 0
    model: str = ""
    version: str = ""
    signature: str = ""
    code: str = "OK"
    run_seconds: float | None = None


class RestApi:
    """Answers requests from the models and a runner."""

    def __init__(
        self,
        models: Models,
        runner: "Runner",
        admission: Admission,
        timeout_seconds: float,
        cors: bool = False,
    ):
        self._models = models
        self._runner = runner
        self._admission = admission
        self._timeout_seconds = timeout_seconds
        self._cors = cors
        self._metrics = Metrics(models.states, lambda: self._admission.requests)

    def answer(self) -> Response:
        """The reply to Flask's current request; never raises."""
        environ = request.environ
        # What the client sent, not decoded and with its query string.
        path = environ["RAW_URI"]
        exchange = Exchange(time.monotonic())
        predicting = False
        try:
            if path.partition("?")[0] == paths.PROMETHEUS:
                response = self._prometheus(path)
            elif self._cors and request.method == "OPTIONS":
                response = Response(content_type=JSON)
            elif path[:4].lower() != "/v1/":
                raise ServingError("NOT_FOUND", f"Not found: {request.method} {path}")
            else:
                target = paths.parse(request.method, path)
                predicting = target.verb in ("predict", "classify", "regress")
                response = Response(self._answer(target, environ, exchange), content_type=JSON)
        except ServingError as error:
            exchange.code = error.code
            response = _error_response(error)
        except Exception:
            logger.exception("%s %s failed", request.method, path)
            exchange.code = "INTERNAL"
            response = _error_response(
                ServingError("INTERNAL", "The model server failed; its log says how")
            )
        if self._cors:
            response.headers.extend(CORS_HEADERS)
        seconds = time.monotonic() - exchange.started
        if predicting:
            self._metrics.observe(
                exchange.model,
                exchange.version,
                exchange.signature,
                response.status_code,
                exchange.code,
                seconds,
                exchange.run_seconds,
            )
        _log(environ, path, response, exchange, seconds)
        return response

    def _prometheus(self, path: str) -> Response:
        if path != paths.PROMETHEUS:
            text = f"Unexpected path: {path}. Should be {paths.PROMETHEUS}"
            return Response(text, status=400, content_type="text/plain")
        return Response(self._metrics.text(), content_type="text/plain; charset=utf-8")

    def _answer(self, target: paths.Target, environ: dict[str, Any], exchange: Exchange) -> bytes:
        if target.verb == "status":
            return self._status(target)
        if target.verb in ("classify", "regress"):
            raise ServingError(
                "UNIMPLEMENTED", f"This server has no :{target.verb}; call :predict instead"
            )
        if target.verb == "metadata":
            return self._metadata(target)
        deadline = exchange.started + self._timeout_seconds
        with self._admission.request(), self._admission.receive() as on_bytes:
            body = read_body(environ, on_bytes, deadline)
            exchange.received = len(body)
            return self._predict(target, body, deadline, exchange)

    def _predict(
        self, target: paths.Target, body: bytes, deadline: float, exchange: Exchange
    ) -> bytes:
        document = parse_object(body)
        del body
        name = document.get("signature_name", "")
        if not isinstance(name, str):
            raise invalid(
                f"JSON Value: {value_text(document)} not formatted correctly. "
                "'signature_name' key must be a string value."
            )
        version = self._models.version(target.model, target.version, target.label)
        with self._models.lease(target.model, version) as servable:
            exchange.model = target.model
            exchange.version = str(servable.version)
            signature = servable.signature(name)
            exchange.signature = signature.name
            form, tensors = read_request(document, signature.inputs)
            del document
            started = time.monotonic()
            outputs = self._runner.run(signature, tensors, deadline)
            exchange.run_seconds = time.monotonic() - started
            return write_reply(outputs, form)

    def _status(self, target: paths.Target) -> bytes:
        version = self._models.version(target.model, target.version, target.label)
        report = self._models.report(target.model, version)
        if not report:
            what = "any versions" if version is None else f"version {version}"
            raise ServingError("NOT_FOUND", f"Could not find {what} of model {target.model}")
        return _pretty({"model_version_status": report})

    def _metadata(self, target: paths.Target) -> bytes:
        version = self._models.version(target.model, target.version, target.label)
        with self._models.lease(target.model, version) as servable:
            return _pretty(
                {
                    "model_spec": {
                        "name": target.model,
                        "signature_name": "",
                        "version": str(servable.version),
                    },
                    "metadata": {"signature_def": {"signature_def": servable.metadata}},
                }
            )


def _pretty(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n"


def _error_response(error: ServingError) -> Response:
    body = b"" if isinstance(error, paths.VersionTooLargeError) else error_document(error.message)
    return Response(body, status=error.http_status, content_type=JSON)


def _log(
    environ: dict[str, Any], path: str, response: Response, exchange: Exchange, seconds: float
) -> None:
    request_id = environ.get("HTTP_X_REQUEST_ID", "")
    if not REQUEST_ID.fullmatch(request_id):
        request_id = "-"
    else:
        response.headers["X-Request-ID"] = request_id
    error = ""
    if response.status_code >= 400:
        error = " " + response.get_data()[:500].decode(errors="replace").replace("\n", " ")
    logger.info(
        "%s %s %d %.1fms run=%s in=%d out=%d version=%s signature=%s id=%s%s",
        environ["REQUEST_METHOD"],
        path[:200],
        response.status_code,
        seconds * 1000,
        "-" if exchange.run_seconds is None else f"{exchange.run_seconds * 1000:.1f}ms",
        exchange.received,
        response.content_length or 0,
        exchange.version or "-",
        exchange.signature or "-",
        request_id,
        error,
    )


class _Unrouted(Flask):
    """Flask without its own routing: no path, method or slash of a request is special to it."""

    def create_url_adapter(self, request: Request | None) -> None:
        """No routes; a failed match would also keep each reply alive in a traceback."""


def create_app(api: RestApi) -> Flask:
    """The WSGI application that hands every request, whatever its method and path, to `api`."""
    app = _Unrouted("serving", static_folder=None)
    app.before_request(api.answer)
    return app

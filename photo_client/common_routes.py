"""The routes of every client beside POST /predict: the page, health, metrics."""

from collections.abc import Callable, Iterable

from flask import Blueprint, Response

from predict_url.predictor import Predictor
from web.deadline import Deadline
from web.metrics import Metrics
from web.problems import Problem

# Nothing from elsewhere, nothing inline; pictures from memory are the ones just made.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_READY_WITHIN_S = 2.0
_RETRY_AFTER_S = 2


def common_routes(
    predictor: Predictor,
    metrics: Metrics,
    page: Callable[[], str],
    readiness_headers: Callable[[], dict[str, str]] = dict,
    required_once: Iterable[dict[str, str]] = (),
) -> Blueprint:
    """GET /, /healthz, /readyz and /metrics.

    `page()` is the HTML of the page; `readiness_headers()` are the request headers that /readyz
    passes on to the predict URL. /readyz also requires that the models selected by the headers
    `required_once` have answered once; a later failure of one does not make the client unready
    for the others.
    """
    awaited = list(required_once)
    routes = Blueprint("common", __name__)

    @routes.get("/")
    def index() -> Response:
        response = Response(page(), mimetype="text/html")
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    @routes.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @routes.get("/readyz")
    def readyz() -> Response:
        deadline = Deadline(_READY_WITHIN_S)
        for headers in (*awaited, readiness_headers()):
            if reason := predictor.not_ready_because(deadline, headers):
                raise Problem(503, "not-ready", reason, _RETRY_AFTER_S)
        awaited.clear()
        return Response("ready\n", mimetype="text/plain")

    @routes.get("/metrics")
    def metrics_text() -> Response:
        return Response(metrics.text(), content_type=metrics.content_type)

    return routes

"""The predict URL: TensorFlow Serving's REST API, through any gateway.

A request uses the signature `packed` first. A model that has only `serving_default` answers with
one particular error; then the same request is sent as floats, within the same time budget, and the
fallback is remembered for a minute. Every other failure becomes the problem that our API defines:
502, 503 or 504.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from web.deadline import Deadline, DeadlineExceeded
from web.problems import Problem

from .http_exchange import ExchangeFailed, HttpPool, NotHttp, Reply, Unreachable

PACKED = "packed"
SERVING_DEFAULT = "serving_default"

# Older releases print `Invalid argument: ` in front of some messages, newer ones INVALID_ARGUMENT.
_NO_PACKED = re.compile(
    r'(?:INVALID_ARGUMENT: |Invalid argument: )?'
    r'Serving signature name: "packed" not found in signature def\s*'
)  # fmt: skip
_REMEMBER_FALLBACK_S = 60.0
_RETRY_AFTER_S = 2
# Of somebody else's error text, as much as helps.
_QUOTED = 300


class PredictUrlError(Problem):
    """The predict URL answered with an error: HTTP status `upstream`, with its text."""

    def __init__(
        self, upstream: int, status: int, code: str, detail: str, retry_after: int | None = None
    ):
        super().__init__(status, code, detail, retry_after)
        self.upstream = upstream


@dataclass(frozen=True)
class Answer:
    """The prediction for the one picture that was sent, and its signature."""

    signature: str
    prediction: Any


class Predictor:
    """Calls the model behind one predict URL. Threads may share it."""

    def __init__(self, url: str, observe: Callable[[str, str, str, float], None] | None = None):
        """`observe(route, signature, outcome, seconds)` is called after every exchange."""
        self.url = url
        self.target = urlsplit(url).path
        self.status_target = self.target.removesuffix(":predict")
        self._pool = HttpPool(url)
        self._observe = observe or (lambda route, signature, outcome, seconds: None)
        self._fallback_until: dict[str, float] = {}

    def predict(
        self,
        packed: Callable[[], bytes],
        serving_default: Callable[[], bytes],
        deadline: Deadline,
        headers: dict[str, str],
        route: str = "color",
    ) -> Answer:
        """The prediction for one row, requested with the JSON body `packed()`, or else
        `serving_default()`.

        `route` separates requests that a gateway may send to different models behind the same URL.
        Raises Problem: 502 an error or no valid prediction, 503 unreachable, not ready or
        overloaded, 504 too slow; a PredictUrlError if the URL answered with an error.
        """
        if time.monotonic() >= self._fallback_until.get(route, 0.0):
            reply = self._exchange(route, PACKED, packed(), deadline, headers)
            if not _lacks_packed(reply):
                return Answer(PACKED, self._prediction(reply))
            self._fallback_until[route] = time.monotonic() + _REMEMBER_FALLBACK_S
        reply = self._exchange(route, SERVING_DEFAULT, serving_default(), deadline, headers)
        return Answer(SERVING_DEFAULT, self._prediction(reply))

    def not_ready_because(self, deadline: Deadline, headers: dict[str, str]) -> str | None:
        """Why the model behind the URL cannot answer now; None if it can."""
        try:
            reply = self._pool.exchange(
                "GET", self.status_target, deadline, headers, max_bytes=1_000_000
            )
        except ExchangeFailed as failure:
            return f"The model server cannot be reached: {failure}."
        except DeadlineExceeded:
            return "The model server does not answer."
        if reply.status != 200:
            return f"The model server answers {reply.status}: {_quote(reply)}"
        status = _json(reply.body)
        versions = status.get("model_version_status") if isinstance(status, dict) else None
        if not isinstance(versions, list):
            return f"The status of the model cannot be read: {_quote(reply)}"
        if not any(isinstance(v, dict) and v.get("state") == "AVAILABLE" for v in versions):
            return "No version of the model is available."
        return None

    def close(self) -> None:
        """Close the kept-alive connections."""
        self._pool.close()

    def _exchange(
        self, route: str, signature: str, body: bytes, deadline: Deadline, headers: dict[str, str]
    ) -> Reply:
        started = time.monotonic()
        outcome = "error"
        try:
            headers = {"Content-Type": "application/json", **headers}
            reply = self._pool.exchange("POST", self.target, deadline, headers, body)
            outcome = str(reply.status)
            return reply
        except DeadlineExceeded:
            outcome = "timeout"
            raise Problem(
                504,
                "predict-url-slow",
                f"The model did not answer within {deadline.seconds:g} s. Try again; if it stays "
                "slow, look at the model server or raise TIMEOUT_S.",
            ) from None
        except Unreachable as failure:
            outcome = "unreachable"
            raise Problem(
                503,
                "predict-url-unreachable",
                f"The model server at {self.url} cannot be reached ({failure}). Try again soon; if "
                "it stays so, check that it runs and that URL names it.",
                _RETRY_AFTER_S,
            ) from None
        except NotHttp as failure:
            outcome = "invalid"
            raise invalid_prediction(str(failure)) from None
        finally:
            self._observe(route, signature, outcome, time.monotonic() - started)

    def _prediction(self, reply: Reply) -> Any:
        if reply.status != 200:
            raise _problem_for(reply)
        body = _json(reply.body)
        if not isinstance(body, dict):
            raise invalid_prediction(f"not a JSON object: {_quote(reply)}")
        predictions = body.get("predictions")
        if not isinstance(predictions, list) or len(predictions) != 1:
            raise invalid_prediction("no list `predictions` with one element")
        return predictions[0]


def invalid_prediction(what: str) -> Problem:
    """The problem for a reply that is no valid prediction."""
    return Problem(
        502,
        "predict-url-invalid",
        f"The predict URL answered something that is no prediction: {what}. Check that URL names "
        "the right model.",
    )


def _problem_for(reply: Reply) -> PredictUrlError:
    """The problem that an error status of the predict URL stands for."""
    quote = _quote(reply)
    if reply.status == 504:
        return PredictUrlError(
            reply.status,
            504,
            "predict-url-slow",
            f"The gateway gave up waiting for the model ({quote}). Try again; if it stays slow, "
            "raise the Application's `timeout`.",
        )
    starting = reply.status == 404 and quote.startswith("Servable not found")
    if reply.status in (429, 503) or starting:
        return PredictUrlError(
            reply.status,
            503,
            "predict-url-not-ready",
            f"The model is not ready or has too much to do ({reply.status}: {quote}). Try again "
            "soon.",
            _retry_after(reply),
        )
    hint = " Check the path in URL." if reply.status == 404 else ""
    detail = f"The predict URL answered {reply.status}: {quote}{hint}"
    return PredictUrlError(reply.status, 502, "predict-url-error", detail)


def _retry_after(reply: Reply) -> int:
    text = reply.headers.get("Retry-After", "")
    return min(int(text), 3600) if text.isascii() and text.isdigit() else _RETRY_AFTER_S


def _lacks_packed(reply: Reply) -> bool:
    return reply.status == 400 and _NO_PACKED.fullmatch(_error_text(reply)) is not None


def _json(body: bytes) -> Any:
    """The value of a JSON body, or None where it is not JSON."""
    # TensorFlow Serving 2.1.0 escapes single quotes, which JSON forbids.
    for text in (body, body.replace(b"\\'", b"'")):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            continue
    return None


def _error_text(reply: Reply) -> str:
    """What an error reply says: TensorFlow Serving's `error`, Seldon's `info`, or plain text."""
    body = _json(reply.body)
    if isinstance(body, dict):
        text = body.get("error")
        status = body.get("status")
        if text is None and isinstance(status, dict):
            text = status.get("info") or status.get("reason")
        if isinstance(text, str):
            return text
    return reply.body.decode("utf-8", "replace")


def _quote(reply: Reply) -> str:
    """An error's text on one line, short enough to pass on; of an HTML page only that it is one."""
    text = " ".join(_error_text(reply).split())
    if text[:1] == "<":
        return "an HTML page"
    if len(text) > _QUOTED:
        text = text[:_QUOTED] + "…"
    return text or "an empty reply"

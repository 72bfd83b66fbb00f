"""The numbers of GET /metrics, in Prometheus' text format."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from .admission import Admission

_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_PREFIX = "colorway_client_"


class Metrics:
    """What one client counts; each application has its own registry."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, admission: Admission) -> None:
        self.registry = CollectorRegistry()
        # (name as Prometheus has it, kind, labels, meaning) of every metric, for the docs.
        self.rows: list[tuple[str, str, list[str], str]] = []
        self.requests = self._counter(
            "requests",
            "Requests answered, by path, route (color or style) and HTTP status.",
            ["path", "route", "status"],
        )
        self.problems = self._counter(
            "problems",
            "Requests answered by a problem, by the problem's `code`.",
            ["path", "route", "code"],
        )
        self.seconds = self._histogram(
            "request_seconds",
            "Time from a request's arrival to its whole reply.",
            ["path", "route"],
        )
        self.stages = self._histogram(
            "stage_seconds",
            "Time of each stage of a photo, as Server-Timing names them.",
            ["route", "stage"],
        )
        self.exchanges = self._histogram(
            "upstream_seconds",
            "Exchanges with the predict URL; the outcome is its HTTP status, or `timeout`, "
            "`unreachable`, `nonsense`.",
            ["route", "signature", "outcome"],
        )
        self.pictures = self._counter(
            "pictures", "Pictures made, by the model that made them.", ["route", "model"]
        )
        self.picture_seconds = self._histogram(
            "picture_seconds",
            "Time of the requests that a picture came of, by the model that made it.",
            ["route", "model"],
        )
        self.feedback = self._counter(
            "feedback",
            "Choices between two answers, by the model that was liked better and the other one.",
            ["route", "winner", "loser"],
        )
        self.ties = self._counter(
            "feedback_ties", "Choices of `both` or of `neither`.", ["route", "choice"]
        )
        self.ratings = self._counter(
            "ratings", "Thumbs, `up` or `down`, by model.", ["route", "model", "rating"]
        )
        self.downloads = self._counter(
            "downloads", "Pictures that were saved, by model.", ["route", "model"]
        )
        self.in_hand = self._gauge("in_hand", "Requests being answered now, of any kind.")
        self._gauge(
            "photos_in_hand", "Photos being made into pictures now.", lambda: admission.requests
        )
        self._gauge(
            "photos_in_hand_limit",
            "MAX_IN_HAND: the next photo is refused.",
            lambda: admission.max_requests,
        )
        self._gauge("pixels_in_hand", "Decoded pixels in memory now.", lambda: admission.cost)
        self._gauge(
            "pixels_in_hand_limit",
            "MAX_PIXELS_IN_HAND: the next photo waits.",
            lambda: admission.max_cost,
        )
        self._gauge(
            "upload_bytes_in_hand",
            "Bytes of uploads in memory now.",
            lambda: admission.bytes,
        )
        self._gauge(
            "upload_bytes_in_hand_limit",
            "MAX_UPLOAD_MB_IN_HAND: an upload of more is refused.",
            lambda: admission.max_bytes,
        )

    def _counter(self, name: str, meaning: str, labels: list[str]) -> Counter:
        self.rows.append((f"{_PREFIX}{name}_total", "counter", labels, meaning))
        return Counter(_PREFIX + name, meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, labels: list[str]) -> Histogram:
        self.rows.append((_PREFIX + name, "histogram", labels, meaning))
        return Histogram(_PREFIX + name, meaning, labels, buckets=_SECONDS, registry=self.registry)

    def _gauge(self, name: str, meaning: str, value: Callable[[], float] | None = None) -> Gauge:
        gauge = Gauge(_PREFIX + name, meaning, registry=self.registry)
        if value is not None:
            gauge.set_function(value)
        self.rows.append((_PREFIX + name, "gauge", [], meaning))
        return gauge

    def observe_exchange(self, route: str, signature: str, outcome: str, seconds: float) -> None:
        """Count one exchange with the predict URL."""
        self.exchanges.labels(route, signature, outcome).observe(seconds)

    def text(self) -> bytes:
        """The exposition that Prometheus reads."""
        return generate_latest(self.registry)

    def markdown_table(self) -> str:
        """The metrics as a Markdown table, for the docs."""
        lines = ["| Metric | Kind | Labels | Meaning |", "|---|---|---|---|"]
        for name, kind, labels, meaning in self.rows:
            shown = ", ".join(f"`{label}`" for label in labels)
            lines.append(f"| `{name}` | {kind} | {shown} | {meaning} |")
        return "\n".join(lines) + "\n"

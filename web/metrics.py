"""GET /metrics, in Prometheus' text format."""

from collections.abc import Callable, Sequence

from flask import Response, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The metrics that every service has; a service with more of its own extends it. All names
    start with `prefix`. Each application has its own registry.
    """

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._registry = CollectorRegistry()
        # (name as Prometheus has it, kind, labels, meaning) of every metric, for the docs.
        self.rows: list[tuple[str, str, list[str], str]] = []
        self.requests = self.counter(
            "requests",
            "Requests answered, by path, route and HTTP status.",
            ["path", "route", "status"],
        )
        self.problems = self.counter(
            "problems",
            "Requests answered by a problem, by the problem's `code`.",
            ["path", "route", "code"],
        )
        self.seconds = self.histogram(
            "request_seconds",
            "Time from a request's arrival to its whole reply.",
            ["path", "route"],
        )
        self.stages = self.histogram(
            "stage_seconds",
            "Time of each stage of a request, as Server-Timing names them.",
            ["route", "stage"],
        )
        self.in_progress = self.gauge(
            "requests_in_progress", "Requests being answered now, of any kind."
        )

    def counter(self, name: str, meaning: str, labels: list[str]) -> Counter:
        """A new counter."""
        self.rows.append((f"{self._prefix}{name}_total", "counter", labels, meaning))
        return Counter(self._prefix + name, meaning, labels, registry=self._registry)

    def histogram(self, name: str, meaning: str, labels: list[str]) -> Histogram:
        """A new histogram of seconds."""
        self.rows.append((self._prefix + name, "histogram", labels, meaning))
        return Histogram(
            self._prefix + name, meaning, labels, buckets=_SECONDS, registry=self._registry
        )

    def gauge(
        self,
        name: str,
        meaning: str,
        value: Callable[[], float] | None = None,
        labels: Sequence[str] = (),
    ) -> Gauge:
        """A new gauge, which shows `value()` where that is given."""
        self.rows.append((self._prefix + name, "gauge", [*labels], meaning))
        gauge = Gauge(self._prefix + name, meaning, labels, registry=self._registry)
        if value is not None:
            gauge.set_function(value)
        return gauge

    def count(self, response: Response, seconds: float) -> None:
        """Count the current request, answered by `response` after `seconds`."""
        # The rule, not the path as sent: whoever probes for pages must not fill up the metrics.
        path = request.url_rule.rule if request.url_rule else "other"
        # To Prometheus an empty label is none.
        route = g.get("route", "")
        self.requests.labels(path, route, str(response.status_code)).inc()
        self.seconds.labels(path, route).observe(seconds)
        for name, taken in g.stages.items():
            self.stages.labels(route, name).observe(taken)
        if "problem" in g:
            self.problems.labels(path, route, g.problem).inc()

    def text(self) -> bytes:
        """The exposition that Prometheus reads."""
        return generate_latest(self._registry)

    def markdown_table(self) -> str:
        """The metrics as a Markdown table, for the docs."""
        lines = ["| Metric | Kind | Labels | Meaning |", "|---|---|---|---|"]
        for name, kind, labels, meaning in self.rows:
            shown = ", ".join(f"`{label}`" for label in labels)
            lines.append(f"| `{name}` | {kind} | {shown} | {meaning} |")
        return "\n".join(lines) + "\n"

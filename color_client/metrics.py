"""The numbers of GET /metrics, in Prometheus' text format."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """What one client counts; each application has its own registry."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "colorway_client_requests",
            "Requests answered, by path, route (color or style) and status.",
            ["path", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "colorway_client_request_seconds",
            "Time from the first line of a request to its whole reply.",
            ["path", "route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.stages = Histogram(
            "colorway_client_stage_seconds",
            "Time of each stage of a photo.",
            ["stage"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.exchanges = Histogram(
            "colorway_client_upstream_seconds",
            "Exchanges with the predict URL, by route, signature and outcome.",
            ["route", "signature", "outcome"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.models = Counter(
            "colorway_client_pictures",
            "Pictures made, by route and by the model that made them.",
            ["route", "model"],
            registry=self.registry,
        )
        self.in_hand = Gauge(
            "colorway_client_in_hand", "Requests being answered now.", registry=self.registry
        )

    def observe_exchange(self, route: str, signature: str, outcome: str, seconds: float) -> None:
        """Count one exchange with the predict URL."""
        self.exchanges.labels(route, signature, outcome).observe(seconds)

    def text(self) -> bytes:
        """The exposition that Prometheus reads."""
        return generate_latest(self.registry)

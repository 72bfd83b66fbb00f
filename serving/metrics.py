"""What the server counts, in Prometheus' text format."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from serving.versions import VersionStates

# From a fast model's few milliseconds to the default timeout of 30 s.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
# TensorFlow Serving's own: powers of 1.8 from 10 microseconds.
MICROSECONDS = tuple(10 * 1.8**power for power in range(33))

_COUNT = ":tensorflow:serving:request_count"
_LATENCY = ":tensorflow:serving:request_latency"


class _Gauges(Collector):
    """States of versions and requests in progress, read when they are asked for."""

    def __init__(
        self, states: Callable[[], Mapping[tuple[str, int], str]], in_progress: Callable[[], int]
    ):
        self._states = states
        self._in_progress = in_progress

    def collect(self) -> Iterable[Metric]:
        gauge = GaugeMetricFamily(
            "serving_version_state",
            "1 for the state that a version is in, 0 for the others",
            labels=["model", "version", "state"],
        )
        for (model, version), current in self._states().items():
            for state in VersionStates.STATES:
                gauge.add_metric([model, str(version), state], float(state == current))
        yield gauge
        yield GaugeMetricFamily(
            "serving_requests_in_progress", "Predict requests being answered", self._in_progress()
        )


class Metrics:
    """Counters and latency histograms of one server."""

    def __init__(
        self, states: Callable[[], Mapping[tuple[str, int], str]], in_progress: Callable[[], int]
    ):
        disable_created_metrics()
        self._registry = CollectorRegistry()
        labels = ["model", "version", "signature", "status"]
        self._requests = Counter(
            "serving_requests", "Predict requests by HTTP status", labels, registry=self._registry
        )
        self._seconds = Histogram(
            "serving_request_seconds",
            "Time from a request's arrival to its reply",
            labels,
            buckets=SECONDS,
            registry=self._registry,
        )
        self._run_seconds = Histogram(
            "serving_run_seconds",
            "Time in the signature, waiting for a turn included",
            labels[:-1],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._tf_count = Counter(
            _COUNT,
            "Predict requests, by TensorFlow Serving's name",
            ["model_name", "status"],
            registry=self._registry,
        )
        self._tf_latency = Histogram(
            _LATENCY,
            "Latency in microseconds, by TensorFlow Serving's name",
            ["model_name", "API", "entrypoint"],
            buckets=MICROSECONDS,
            registry=self._registry,
        )
        self._registry.register(_Gauges(states, in_progress))

    def observe(
        self,
        model: str,
        version: str,
        signature: str,
        http_status: int,
        code: str,
        seconds: float,
        run_seconds: float | None,
    ) -> None:
        """Count a predict request; names that the server does not know must come as ""."""
        labels = (model, version, signature, str(http_status))
        self._requests.labels(*labels).inc()
        self._seconds.labels(*labels).observe(seconds)
        if run_seconds is not None:
            self._run_seconds.labels(*labels[:-1]).observe(run_seconds)
        self._tf_count.labels(model, code).inc()
        self._tf_latency.labels(model, "predict", "REST").observe(seconds * 1e6)

    def text(self) -> bytes:
        """All metrics, as Prometheus reads them."""
        # TensorFlow Serving's counter has no `_total`, which the client library insists on.
        return generate_latest(self._registry).replace(f"{_COUNT}_total".encode(), _COUNT.encode())

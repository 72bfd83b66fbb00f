"""The clients' metrics beside those of requests: pictures, exchanges, votes, admission."""

import re
from functools import partial

from flask import Response, g

from feedback.metrics import VoteMetrics
from web.admission import Admission
from web.metrics import Metrics

_VERSION = re.compile(r"/v(\d{1,9})$")


class PhotoMetrics(Metrics):
    """The metrics of one client."""

    def __init__(self, admission: Admission) -> None:
        super().__init__("colorway_client_")
        self.exchanges = self.histogram(
            "upstream_seconds",
            "Exchanges with the predict URL; the outcome is its HTTP status, or `timeout`, "
            "`unreachable`, `invalid`.",
            ["route", "signature", "outcome"],
        )
        self.pictures = self.counter(
            "pictures", "Pictures made, by the model that made them.", ["route", "model"]
        )
        self.picture_seconds = self.histogram(
            "picture_seconds",
            "Time of the requests that returned a picture, by the model that made it.",
            ["route", "model"],
        )
        self.versions = self.gauge(
            "model_version",
            "The version number of a model that made pictures and whose name ends in /vN.",
            labels=["route", "model"],
        )
        self.votes = VoteMetrics(self)
        for name, meaning, value in (
            ("photos_in_progress", "Photos being made into pictures now.", "requests"),
            (
                "photos_in_progress_limit",
                "MAX_IN_PROGRESS: the next photo is refused.",
                "max_requests",
            ),
            ("pixels_in_memory", "Decoded pixels in memory now.", "cost"),
            ("pixels_in_memory_limit", "MAX_PIXELS_IN_MEMORY: the next photo waits.", "max_cost"),
            ("upload_bytes_in_memory", "Bytes of uploads in memory now.", "bytes"),
            (
                "upload_bytes_in_memory_limit",
                "MAX_UPLOAD_MB_IN_MEMORY: an upload of more is refused.",
                "max_bytes",
            ),
        ):
            self.gauge(name, meaning, partial(getattr, admission, value))

    def count(self, response: Response, seconds: float) -> None:
        """Count the current request, and the picture that it is answered with."""
        super().count(response, seconds)
        if "model" in g:
            route = g.get("route", "")
            self.pictures.labels(route, g.model).inc()
            self.picture_seconds.labels(route, g.model).observe(seconds)
            if version := _VERSION.search(g.model):
                self.versions.labels(route, g.model).set(int(version[1]))

    def observe_exchange(self, route: str, signature: str, outcome: str, seconds: float) -> None:
        """Count one exchange with the predict URL."""
        self.exchanges.labels(route, signature, outcome).observe(seconds)

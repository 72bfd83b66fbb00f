"""The metrics of votes."""

from web.metrics import Metrics

from .vote import Vote


class VoteMetrics:
    """Counts the votes, among the metrics of a service."""

    def __init__(self, metrics: Metrics) -> None:
        self._choices = metrics.counter(
            "feedback",
            "Choices between two answers, by the model that was preferred and the other one.",
            ["route", "winner", "loser"],
        )
        self._ties = metrics.counter(
            "feedback_ties", "Choices of `both` or of `neither`.", ["route", "choice"]
        )
        self._ratings = metrics.counter(
            "ratings", "Thumbs, `up` or `down`, by model.", ["route", "model", "rating"]
        )
        self._downloads = metrics.counter(
            "downloads", "Pictures that were saved, by model.", ["route", "model"]
        )

    def count(self, given: Vote) -> None:
        """Count one vote."""
        if given.kind == "rating":
            ((receipt, rating),) = given.results
            self._ratings.labels(receipt.route, receipt.model, rating).inc()
        elif given.kind == "download":
            ((receipt, _),) = given.results
            self._downloads.labels(receipt.route, receipt.model).inc()
        else:
            by_result = {result: receipt.model for receipt, result in given.results}
            if "won" in by_result:
                winner, loser = by_result["won"], by_result["lost"]
                self._choices.labels(given.route, winner, loser).inc()
            else:
                self._ties.labels(given.route, given.results[0][1]).inc()

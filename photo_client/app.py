"""The application of every photo client, before it has routes."""

from flask import Flask

from feedback import feedback
from feedback.receipts import Receipts
from feedback.routes import feedback_routes
from predict_url.predictor import Predictor
from web import observation, problems

from .admission import photo_admission
from .metrics import PhotoMetrics
from .settings import ClientSettings
from .upload import InMemoryRequest


class ClientApp(Flask):
    """A Flask application with what all clients have, and no routes yet.

    Uploads never touch the disk. The `close()` of each of its `extensions` ends it.
    """

    request_class = InMemoryRequest

    def __init__(self, import_name: str, settings: ClientSettings):
        super().__init__(import_name, static_folder="page", static_url_path="/page")
        self.admission = photo_admission(
            settings.max_in_progress,
            settings.max_pixels_in_memory,
            settings.max_upload_bytes_in_memory,
        )
        self.metrics = PhotoMetrics(self.admission)
        self.predictor = Predictor(settings.url, self.metrics.observe_exchange)
        self.extensions["predictor"] = self.predictor
        self.feedback = feedback.start(settings)
        if self.feedback:
            self.extensions["feedback"] = self.feedback
        problems.register(self, "Photos go to POST /predict.")
        observation.observe(self, self.metrics)
        self.register_blueprint(
            feedback_routes(
                self.feedback, settings.feedback_per_minute, settings.report, self.metrics.votes
            )
        )

    @property
    def receipts(self) -> Receipts | None:
        """What gives receipts for pictures, where feedback is on."""
        return self.feedback.receipts if self.feedback else None

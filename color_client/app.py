"""The application: POST /predict and what goes with it."""

from flask import Flask, render_template

from . import observation, problems
from .admission import Admission
from .common_routes import common_routes
from .metrics import Metrics
from .predictor import Predictor
from .routes import predict_routes
from .settings import Settings
from .upload import InMemoryRequest


class ClientApp(Flask):
    """A Flask application with what all clients have, and no routes yet.

    Uploads never touch the disk. `extensions["predictor"].close()` ends it.
    """

    request_class = InMemoryRequest

    def __init__(self, import_name: str, settings: Settings):
        super().__init__(import_name, static_folder="page", static_url_path="/page")
        self.admission = Admission(
            settings.max_in_hand, settings.max_pixels_in_hand, settings.max_upload_bytes_in_hand
        )
        self.metrics = Metrics(self.admission)
        self.predictor = Predictor(settings.url, self.metrics.observe_exchange)
        self.extensions["predictor"] = self.predictor
        problems.register(self)
        observation.observe(self, self.metrics)


def create_app(settings: Settings) -> Flask:
    """The color client as a WSGI application. `app.extensions["predictor"].close()` ends it."""
    app = ClientApp(__name__, settings)

    def page() -> str:
        return render_template("color.html", assets="page", max_bytes=settings.max_upload_bytes)

    app.register_blueprint(common_routes(app.predictor, app.metrics, page))
    app.register_blueprint(predict_routes(settings, app.predictor, app.admission))
    return app

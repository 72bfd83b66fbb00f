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
    """A Flask application whose uploads never touch the disk."""

    request_class = InMemoryRequest


def create_app(settings: Settings) -> Flask:
    """The color client as a WSGI application. `app.extensions["predictor"].close()` ends it."""
    app = ClientApp(__name__, static_folder="page", static_url_path="/page")
    admission = Admission(
        settings.max_in_hand, settings.max_pixels_in_hand, settings.max_upload_bytes_in_hand
    )
    metrics = Metrics(admission)
    predictor = Predictor(settings.url, metrics.observe_exchange)
    app.extensions["predictor"] = predictor
    problems.register(app)
    observation.observe(app, metrics)

    def page() -> str:
        return render_template("color.html", assets="page", max_bytes=settings.max_upload_bytes)

    app.register_blueprint(common_routes(predictor, metrics, page))
    app.register_blueprint(predict_routes(settings, predictor, admission))
    return app

"""The application: the color client's, with a POST /predict that can stylize."""

from flask import Blueprint, Flask, render_template

from color_client import observation, problems
from color_client.admission import Admission
from color_client.app import ClientApp
from color_client.common_routes import common_routes
from color_client.metrics import Metrics
from color_client.predictor import Predictor

from .routes import predict_routes, style_header
from .settings import StyleSettings


def create_app(settings: StyleSettings) -> Flask:
    """The style client as a WSGI application. `app.extensions["predictor"].close()` ends it."""
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
        return render_template(
            "style.html", assets="color-page", max_bytes=settings.max_upload_bytes
        )

    app.register_blueprint(common_routes(predictor, metrics, page, style_header))
    app.register_blueprint(predict_routes(settings, predictor, admission))
    # The color client's page, which ours extends, with its scripts, style sheet and samples.
    app.register_blueprint(
        Blueprint(
            "color_page",
            "color_client",
            template_folder="templates",
            static_folder="page",
            static_url_path="/color-page",
        )
    )
    return app

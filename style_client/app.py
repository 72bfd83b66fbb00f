"""The application: the color client's, with a POST /predict that can stylize."""

from flask import Blueprint, Flask

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
    metrics = Metrics()
    predictor = Predictor(settings.url, metrics.observe_exchange)
    app.extensions["predictor"] = predictor
    admission = Admission(settings.max_in_hand, settings.max_pixels_in_hand)
    problems.register(app)
    observation.observe(app, metrics)
    app.register_blueprint(common_routes(predictor, metrics, style_header))
    app.register_blueprint(predict_routes(settings, predictor, admission, metrics))
    # The color client's script and style sheet, which our page uses as they are.
    app.register_blueprint(
        Blueprint("color_page", "color_client", static_folder="page", static_url_path="/color-page")
    )
    return app

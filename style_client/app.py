"""The application: the color client's, with a POST /predict that can stylize."""

from flask import Blueprint, Flask, render_template

from color_client.routes import OPTIONS as COLOR_OPTIONS
from color_client.routes import PICTURES
from photo_client.app import ClientApp
from photo_client.common_routes import common_routes
from photo_client.openapi import openapi_routes

from .routes import STYLE, STYLE_PARAMETER, predict_routes, style_header, style_options
from .settings import StyleSettings


def create_app(settings: StyleSettings) -> Flask:
    """The style client as a WSGI application; see photo_client.app."""
    app = ClientApp(__name__, settings)

    def page() -> str:
        return render_template(
            "style.html",
            assets="color-page",
            max_bytes=settings.max_upload_bytes,
            max_pixels=settings.max_pixels,
        )

    app.register_blueprint(
        common_routes(app.predictor, app.metrics, page, style_header, required_once=[STYLE])
    )
    app.register_blueprint(predict_routes(settings, app.predictor, app.admission, app.receipts))
    options = (*style_options(settings.max_side), *COLOR_OPTIONS)
    title = "Colorway: color and style"
    app.register_blueprint(openapi_routes(title, settings, PICTURES, options, [STYLE_PARAMETER]))
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

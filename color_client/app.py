"""The application: POST /predict and what goes with it."""

from flask import Flask, render_template

from photo_client.app import ClientApp
from photo_client.common_routes import common_routes
from photo_client.openapi import openapi_routes

from .routes import OPTIONS, PICTURES, predict_routes
from .settings import Settings


def create_app(settings: Settings) -> Flask:
    """The color client as a WSGI application; see photo_client.app."""
    app = ClientApp(__name__, settings)

    def page() -> str:
        return render_template(
            "color.html",
            assets="page",
            max_bytes=settings.max_upload_bytes,
            max_pixels=settings.max_pixels,
        )

    app.register_blueprint(common_routes(app.predictor, app.metrics, page))
    app.register_blueprint(predict_routes(settings, app.predictor, app.admission, app.receipts))
    app.register_blueprint(openapi_routes("Colorway: color", settings, PICTURES, OPTIONS))
    return app

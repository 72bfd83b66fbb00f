"""Servers that these tests share with those of the color client."""

from tests.color_client.conftest import predictor  # noqa: F401

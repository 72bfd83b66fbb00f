"""The client of the predict URL, TensorFlow Serving's REST API: signatures, fallback, time budget.

Imports `web` and `pictures`.
"""

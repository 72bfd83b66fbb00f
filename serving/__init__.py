"""A model server that answers as TensorFlow Serving's REST API does."""

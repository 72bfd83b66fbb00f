"""A model server with TensorFlow Serving's REST API, for any SavedModel.

- `cli`, `flags`, `model_config`: what is served; `models`, `manager`, `versions`: which versions
- `loading`, `servable`, `warmup`, `mixed_precision`, `runner`: a version in TensorFlow
- `light_tensorflow`, `quiet_start`, `garbage`, `processor`: how TensorFlow starts and what it keeps
- `server`, `app`, `paths`, `request_body`, `errors`, `metrics`: HTTP
- `json_*`, `tensor_spec`: JSON to tensors and back, as TensorFlow Serving reads and writes it

Knows tensors and JSON, and nothing of color or style. Imports `web`.
"""

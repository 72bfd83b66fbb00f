"""`python -m local up` as a child of the tests: the whole service on free ports."""

import shutil
import tempfile
from pathlib import Path

import requests

from local.ports import free_port
from tests.running import Running


class RunningService(Running):
    """The service, ready."""

    def __init__(self, model: Path | None = None):
        self.state = tempfile.mkdtemp(prefix="colorway-test-")
        self.port, self.model_port = free_port(), free_port()
        self.url = f"http://localhost:{self.port}"
        self.predict_url = f"http://localhost:{self.model_port}/v1/models/my-model:predict"
        ports = ("--port", self.port, "--model-port", self.model_port)
        options = (*ports, "--gateway-port", free_port(), "--state", self.state)
        super().__init__(*options, *(("--model", model) if model else ()))
        self.wait_for("Ready.", 90)

    def predict(self, data: bytes, **headers: str) -> requests.Response:
        """What `curl -F content_image=@FILE` gets."""
        files = {"content_image": data}
        return requests.post(f"{self.url}/predict", files=files, headers=headers, timeout=60)

    def end(self) -> None:
        super().end()
        shutil.rmtree(self.state)

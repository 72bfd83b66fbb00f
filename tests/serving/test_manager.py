"""What is kept of versions that do not load."""

import weakref

from serving.errors import ServingError
from serving.manager import ModelManager
from serving.model_config import ModelConfig


class Model:
    """What a load has made before it fails; like a graph of TensorFlow, it refers to itself."""

    def __init__(self):
        self.itself = self


def test_a_version_that_fails_to_load_leaves_nothing_but_its_reason(tmp_path):
    (tmp_path / "1").mkdir()
    made = []

    def load(folder, version):
        model = Model()
        made.append(weakref.ref(model))
        try:
            raise OSError("its warm-up record is cut off")
        except OSError as error:
            raise ServingError("DATA_LOSS", str(error)) from error

    manager = ModelManager(
        ModelConfig("m", tmp_path), load, poll_seconds=1, max_load_retries=1, retry_seconds=0
    )
    for _ in range(3):
        manager._poll()
    assert [model() for model in made] == [None, None]
    assert manager.states.report()[0]["status"] == {
        "error_code": "DATA_LOSS",
        "error_message": "its warm-up record is cut off",
    }
    assert manager.gave_up
